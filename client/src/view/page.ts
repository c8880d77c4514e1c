import type { Format } from "../core/format.js";
import { people, type Person } from "../core/people.js";
import type { Conclusion, Result, RunState, RunTrace } from "../core/run.js";
import type { StoredRun } from "../core/stored-run.js";
import { isOver, type Phase, type Snapshot } from "../core/snapshot.js";
import type { Text } from "../text/text.js";
import { Card } from "./card.js";
import { Details } from "./details.js";
import { find, label, setText } from "./dom.js";
import { ReportView } from "./report.js";
import { Share } from "./share.js";
import { headlineOf, troubleOf } from "./status.js";
import { TimelineView } from "./timeline.js";

/** The page as a whole: status, button, progress, live figures, a card per person, and what came of the run. */
export class Page {
  readonly #document: Document;
  readonly #text: Text;
  readonly #format: Format;
  readonly #cards = new Map<Person, Card>();
  readonly #button: HTMLButtonElement;
  readonly #progress: HTMLProgressElement;
  readonly #words: Record<"headline" | "trouble" | "left", HTMLElement>;
  readonly #live: Record<"baseline" | "delay" | "unit" | "down" | "up", HTMLElement>;
  readonly #report: ReportView;
  readonly #timeline: TimelineView;
  readonly #details: Details;
  readonly #share: Share;
  #baselineMs: number | undefined;

  constructor(document: Document, text: Text, format: Format) {
    this.#document = document;
    this.#text = text;
    this.#format = format;
    const byId = (id: string): HTMLElement => find(document, `#${id}`, HTMLElement);
    this.#button = find(document, "#run", HTMLButtonElement);
    this.#progress = find(document, "#progress", HTMLProgressElement);
    this.#progress.setAttribute("aria-label", text.progress);
    this.#words = { headline: byId("headline"), trouble: byId("trouble"), left: byId("left") };
    this.#live = {
      baseline: byId("live-baseline"),
      delay: byId("live-delay"),
      unit: byId("live-unit"),
      down: byId("sum-down"),
      up: byId("sum-up"),
    };
    this.#addCards();
    label(document, text);
    this.#report = new ReportView(document, text, format);
    this.#timeline = new TimelineView(document, text, format);
    this.#details = new Details(document, text, format);
    this.#share = new Share(document, text, format);
  }

  onButton(pressed: () => void): void {
    this.#button.addEventListener("click", pressed);
  }

  /** Forgets the run before. */
  reset(): void {
    this.#baselineMs = undefined;
    for (const card of this.#cards.values()) card.reset();
    for (const part of [this.#report, this.#details, this.#share]) part.hide();
  }

  show(state: RunState): void {
    const { dataset } = this.#document.documentElement;
    dataset.state = state.phase;
    if (state.runPhase === undefined) delete dataset.phase;
    else dataset.phase = state.runPhase;
    setText(this.#words.headline, headlineOf(state, this.#text));
    setText(this.#words.trouble, troubleOf(state, this.#text));
    this.#showButton(state.phase);
    this.#showTime(state);
    this.#showLive(state);
    const waiting = state.runPhase === "idle-baseline" || state.runPhase === "warm-up";
    for (const [person, snapshot] of state.people) this.#cards.get(person)?.show(snapshot, waiting);
  }

  /** Draws the run so far. */
  draw(trace: RunTrace, state: RunState): void {
    this.#timeline.show(trace, state, undefined);
  }

  /** Shows what came of a run. */
  conclude(result: Result, permalink: string | undefined, trace: RunTrace, state: RunState): void {
    this.#share.show(result, result, permalink);
    this.#timeline.show(trace, state, result.report);
    this.#tell(result);
  }

  /** Says something before, or in place of, a stored run. */
  announce(headline: string, trouble: string): void {
    this.#document.documentElement.dataset.state = "idle";
    setText(this.#button, this.#text.button.own);
    setText(this.#words.headline, headline);
    setText(this.#words.trouble, trouble);
  }

  /** Shows a run that was stored. */
  recall(run: StoredRun, permalink: string): void {
    const { at, report } = run;
    this.#document.documentElement.dataset.state = "done";
    const when = new Date(at).toLocaleString(this.#text.lang, { dateStyle: "long", timeStyle: "short" });
    setText(this.#words.headline, this.#text.stored.headline(when));
    setText(this.#words.trouble, this.#text.stored.about);
    setText(this.#button, this.#text.button.own);
    for (const person of report.people) this.#cards.get(person.who as Person)?.recall(person);
    const sum = (pick: "download" | "upload"): number =>
      report.people.reduce((total, person) => total + person[pick].gotBps, 0);
    setText(this.#live.down, this.#format.mbps(sum("download")));
    setText(this.#live.up, this.#format.mbps(sum("upload")));
    this.#share.show(run, undefined, permalink);
    this.#timeline.recall(run);
    this.#tell(run);
  }

  #tell(conclusion: Conclusion): void {
    const { report } = conclusion;
    this.#report.show(conclusion);
    this.#details.show(conclusion);
    // The cards' bytes and delays are there in any case; a score would be believed.
    if (report.valid) for (const person of report.people) this.#cards.get(person.who as Person)?.judge(person);
    setText(this.#live.baseline, this.#format.milliseconds(report.baselineMs ?? undefined));
    setText(this.#live.delay, this.#format.milliseconds(report.latency.p95Ms ?? undefined));
    setText(this.#live.unit, this.#text.labels.p95);
  }

  #addCards(): void {
    const list = find(this.#document, "#people", HTMLElement);
    const template = find(this.#document, "#person", HTMLTemplateElement);
    for (const person of people) {
      const card = new Card(template, person, this.#text, this.#format);
      this.#cards.set(person, card);
      const item = this.#document.createElement("li");
      item.append(card.root);
      list.append(item);
    }
  }

  #showTime({ phase, elapsedMs, totalMs }: RunState): void {
    this.#progress.value = Math.min(1, elapsedMs / totalMs);
    const left = Math.max(0, Math.ceil((totalMs - elapsedMs) / 1000));
    setText(this.#words.left, isOver(phase) || phase === "idle" ? "" : this.#text.secondsLeft(left));
  }

  /** During a run the sums are of those who are on the line; after it, of the means of all. */
  #showLive({ phase, runPhase, people, probe }: RunState): void {
    const all: Snapshot[] = [...people.values()];
    const counted = all.filter((one) => one.elapsedMs > 0 && (isOver(phase) || !isOver(one.phase)));
    const sum = (pick: "downloadBps" | "uploadBps"): number | undefined =>
      counted.length === 0 ? undefined : counted.reduce((total, one) => total + one[pick], 0);
    setText(this.#live.down, this.#format.mbps(sum("downloadBps")));
    setText(this.#live.up, this.#format.mbps(sum("uploadBps")));
    if (runPhase === "idle-baseline") this.#baselineMs = probe.latency.p50Ms;
    if (runPhase === undefined) return;
    setText(this.#live.baseline, this.#format.milliseconds(this.#baselineMs));
    const waitingMs = probe.waitingMs > (probe.latestMs ?? 1000) ? probe.waitingMs : probe.latestMs;
    setText(this.#live.delay, this.#format.milliseconds(waitingMs));
    setText(this.#live.unit, "ms");
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
