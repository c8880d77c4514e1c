import type { Format } from "../core/format.js";
import { moodOf } from "../core/mood.js";
import type { Person } from "../core/people.js";
import { isOver, type Snapshot } from "../core/snapshot.js";
import type { Text } from "../text/en.js";
import { find, setText } from "./dom.js";
import { Trace } from "./trace.js";

/** Silence shorter than this is a slow line, and not worth a word. */
const silenceWorthSayingMs = 1500;

/** One person's card. */
export class Card {
  readonly root: HTMLElement;
  readonly #person: Person;
  readonly #text: Text;
  readonly #format: Format;
  readonly #figures: Record<"down" | "up" | "p50" | "p95", HTMLElement>;
  readonly #mood: HTMLElement;
  readonly #state: HTMLElement;
  readonly #trace: Trace;

  constructor(template: HTMLTemplateElement, person: Person, text: Text, format: Format) {
    const fragment = template.content.cloneNode(true) as DocumentFragment;
    this.root = find(fragment, ".person", HTMLElement);
    this.#person = person;
    this.#text = text;
    this.#format = format;
    this.#figures = {
      down: find(this.root, "[data-figure=down]", HTMLElement),
      up: find(this.root, "[data-figure=up]", HTMLElement),
      p50: find(this.root, "[data-figure=p50]", HTMLElement),
      p95: find(this.root, "[data-figure=p95]", HTMLElement),
    };
    this.#mood = find(this.root, ".mood", HTMLElement);
    this.#state = find(this.root, ".state", HTMLElement);
    this.#trace = new Trace(this.root, text);
    this.#name();
  }

  /** Forgets the run before. */
  reset(): void {
    this.#trace.clear();
  }

  show(snapshot: Snapshot): void {
    const { dataset } = this.root;
    const mood = moodOf(this.#person, snapshot);
    dataset.state = snapshot.phase;
    dataset.mood = mood;
    dataset.receivedBytes = String(snapshot.receivedBytes);
    dataset.sentBytes = String(snapshot.sentBytes);
    setText(this.#figures.down, this.#format.mbps(begun(snapshot) ? snapshot.downloadBps : undefined));
    setText(this.#figures.up, this.#format.mbps(begun(snapshot) ? snapshot.uploadBps : undefined));
    setText(this.#figures.p50, this.#format.milliseconds(snapshot.latency.p50Ms));
    setText(this.#figures.p95, this.#format.milliseconds(snapshot.latency.p95Ms));
    setText(this.#mood, this.#moodWords(snapshot));
    setText(this.#state, this.#stateWords(snapshot));
    if (snapshot.phase === "running") {
      this.#trace.add(snapshot.waitingMs > (snapshot.latestMs ?? 1000) ? snapshot.waitingMs : snapshot.latestMs);
    }
  }

  #name(): void {
    const { name, activity, note } = this.#text.people[this.#person];
    const id = `name-${this.#person}`;
    this.root.dataset.user = this.#person;
    this.root.setAttribute("aria-labelledby", id);
    const heading = find(this.root, "h2", HTMLElement);
    heading.id = id;
    setText(heading, name);
    setText(find(this.root, ".activity", HTMLElement), activity);
    setText(find(this.root, ".note", HTMLElement), note);
    find(this.root, "use", SVGUseElement).setAttribute("href", `#icon-${this.#person}`);
  }

  #moodWords(snapshot: Snapshot): string {
    if (snapshot.phase !== "running" && snapshot.phase !== "done") return this.#text.phases[snapshot.phase];
    return this.#text.people[this.#person].moods[moodOf(this.#person, snapshot)];
  }

  #stateWords(snapshot: Snapshot): string {
    const { receivedBytes, sentBytes } = snapshot;
    const totals = this.#text.totals(this.#format.bytes(receivedBytes), this.#format.bytes(sentBytes));
    if (snapshot.phase === "idle") return "";
    if (snapshot.ending !== undefined && snapshot.ending.kind !== "stopped") return this.#text.ending(snapshot.ending);
    if (!isOver(snapshot.phase) && snapshot.silentMs > silenceWorthSayingMs) {
      return this.#text.silent(Math.round(snapshot.silentMs / 1000));
    }
    return totals;
  }
}

/** Whether there was a connection, and so figures. */
function begun(snapshot: Snapshot): boolean {
  return snapshot.elapsedMs > 0;
}
