import type { Format } from "../core/format.js";
import { people, type Person } from "../core/people.js";
import { isOver, type Phase, type Snapshot } from "../core/snapshot.js";
import type { Text } from "../text/en.js";
import { Card } from "./card.js";
import { find, setText } from "./dom.js";
import { headlineOf, troubleOf } from "./status.js";

/** The page as a whole: status, button, progress, sums, and a card per person. */
export class Page {
  readonly #document: Document;
  readonly #text: Text;
  readonly #format: Format;
  readonly #durationMs: number;
  readonly #cards = new Map<Person, Card>();
  readonly #button: HTMLButtonElement;
  readonly #headline: HTMLElement;
  readonly #trouble: HTMLElement;
  readonly #progress: HTMLProgressElement;
  readonly #left: HTMLElement;
  readonly #sums: Record<"down" | "up", HTMLElement>;

  constructor(document: Document, text: Text, format: Format, durationMs: number) {
    this.#document = document;
    this.#text = text;
    this.#format = format;
    this.#durationMs = durationMs;
    this.#button = find(document, "#run", HTMLButtonElement);
    this.#headline = find(document, "#headline", HTMLElement);
    this.#trouble = find(document, "#trouble", HTMLElement);
    this.#progress = find(document, "#progress", HTMLProgressElement);
    this.#left = find(document, "#left", HTMLElement);
    this.#sums = { down: find(document, "#sum-down", HTMLElement), up: find(document, "#sum-up", HTMLElement) };
    const list = find(document, "#people", HTMLElement);
    const template = find(document, "#person", HTMLTemplateElement);
    for (const person of people) {
      const card = new Card(template, person, text, format);
      this.#cards.set(person, card);
      const item = document.createElement("li");
      item.append(card.root);
      list.append(item);
    }
  }

  onButton(pressed: () => void): void {
    this.#button.addEventListener("click", pressed);
  }

  /** Forgets the run before. */
  reset(): void {
    for (const card of this.#cards.values()) card.reset();
  }

  show(phase: Phase, snapshots: ReadonlyMap<Person, Snapshot>): void {
    this.#document.documentElement.dataset.state = phase;
    setText(this.#headline, headlineOf(phase, snapshots, this.#durationMs, this.#text));
    setText(this.#trouble, troubleOf(snapshots, this.#text));
    this.#showButton(phase);
    const all = [...snapshots.values()];
    this.#showTime(phase, all);
    this.#showSums(phase, all);
    for (const [person, snapshot] of snapshots) this.#cards.get(person)?.show(snapshot);
  }

  #showTime(phase: Phase, all: readonly Snapshot[]): void {
    const elapsedMs = Math.min(this.#durationMs, Math.max(...all.map((one) => one.elapsedMs)));
    this.#progress.value = elapsedMs / this.#durationMs;
    const left = Math.ceil((this.#durationMs - elapsedMs) / 1000);
    setText(this.#left, isOver(phase) || phase === "idle" ? "" : this.#text.secondsLeft(left));
  }

  /** During a run the sums are of those who are on the line; after it, of the means of all. */
  #showSums(phase: Phase, all: readonly Snapshot[]): void {
    const counted = all.filter((one) => one.elapsedMs > 0 && (isOver(phase) || !isOver(one.phase)));
    const none = counted.length === 0;
    const down = counted.reduce((sum, one) => sum + one.downloadBps, 0);
    const up = counted.reduce((sum, one) => sum + one.uploadBps, 0);
    setText(this.#sums.down, this.#format.mbps(none ? undefined : down));
    setText(this.#sums.up, this.#format.mbps(none ? undefined : up));
  }

  #showButton(phase: Phase): void {
    const { button } = this.#text;
    const words = {
      idle: button.start,
      connecting: button.stop,
      running: button.stop,
      stopping: button.stopping,
      done: button.again,
      failed: button.again,
    };
    setText(this.#button, words[phase]);
    // Not `disabled`: that would take the keyboard's focus away.
    this.#button.setAttribute("aria-disabled", String(phase === "stopping"));
  }
}
