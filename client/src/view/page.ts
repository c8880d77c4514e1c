import { people, type Person } from "../core/people.js";
import type { Cause } from "../core/run/interruption.js";
import type { QueryOptions } from "../core/run/query-options.js";
import { gradedDelayOf, type Result, type RunState, type RunTrace } from "../core/run/run.js";
import type { ShownRun } from "../core/run/stored-run.js";
import { isOver, type Phase } from "../core/session/phase.js";
import type { Snapshot } from "../core/session/snapshot.js";
import type { Text } from "../text/text.js";
import { Card } from "./card.js";
import { Details } from "./details.js";
import { find, label, setItems, setText } from "./dom.js";
import type { Format } from "./format.js";
import { notesOf } from "./notes.js";
import { ReportView } from "./report-view.js";
import { Share } from "./share.js";
import { headlineOf, troubleOf } from "./status.js";
import { TimelineView } from "./timeline-view.js";

/** Reason that there is no run, and the seconds until another attempt. */
export interface ShownInterruption {
  cause: Cause;
  seconds: number;
}

/** Status, button, progress, live figures, cards, and the result. */
export class Page {
  readonly #document: Document;
  readonly #text: Text;
  readonly #format: Format;
  readonly #cards = new Map<Person, Card>();
  readonly #button: HTMLButtonElement;
  readonly #progress: HTMLProgressElement;
  readonly #words: Record<"headline" | "trouble" | "left" | "announcement", HTMLElement>;
  readonly #live: Record<"baseline" | "delay" | "delayName" | "unit" | "down" | "up", HTMLElement>;
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
    this.#words = {
      headline: byId("headline"),
      trouble: byId("trouble"),
      left: byId("left"),
      announcement: byId("announcement"),
    };
    this.#live = {
      baseline: byId("live-baseline"),
      delay: byId("live-delay"),
      delayName: byId("live-delay-name"),
      unit: byId("live-unit"),
      down: byId("sum-down"),
      up: byId("sum-up"),
    };
    this.#addCards();
    preparePrint(document);
    label(document, text);
    setText(byId("method"), text.method(location.protocol === "https:"));
    this.#report = new ReportView(document, text, format);
    this.#timeline = new TimelineView(document, text, format);
    this.#details = new Details(document, text, format);
    this.#share = new Share(document, text, format);
  }

  /** Enable the button, which the HTML has disabled because it needs the script. */
  onButton(pressed: () => void): void {
    this.#button.addEventListener("click", pressed);
    this.#button.disabled = false;
  }

  introduce(options: QueryOptions, lacking: readonly string[]): void {
    setItems(find(this.#document, "#notes", HTMLElement), notesOf(options, lacking, this.#text, this.#format));
  }

  reset(): void {
    this.#baselineMs = undefined;
    delete this.#document.documentElement.dataset.outcome;
    setText(this.#words.announcement, "");
    setText(this.#live.delayName, this.#text.labels.delay);
    for (const card of this.#cards.values()) card.reset();
    for (const part of [this.#report, this.#details, this.#share]) part.hide();
  }

  show(state: RunState, refusal: ShownInterruption | undefined): void {
    const { dataset } = this.#document.documentElement;
    dataset.state = state.phase;
    if (state.runPhase === undefined) delete dataset.phase;
    else dataset.phase = state.runPhase;
    if (state.stretch === undefined) delete dataset.stretch;
    else dataset.stretch = state.stretch;
    if (refusal === undefined) delete dataset.refused;
    else dataset.refused = refusal.cause;
    const words = refusal && this.#text.interruptions[refusal.cause];
    setText(this.#words.headline, words?.title ?? headlineOf(state, this.#text));
    setText(this.#words.trouble, words?.todo ?? troubleOf(state, this.#text));
    this.#showButton(state.phase, refusal?.seconds ?? 0);
    this.#showTime(state);
    // Keep the result of a run.
    if (dataset.outcome !== undefined) return;
    if (refusal !== undefined && isOver(state.phase)) dataset.outcome = "interrupted";
    this.#showLive(state);
    const waiting = state.runPhase === "idle-baseline" || state.runPhase === "warm-up";
    for (const [person, snapshot] of state.people) this.#cards.get(person)?.show(snapshot, waiting);
  }

  draw(trace: RunTrace, state: RunState): void {
    this.#timeline.show(trace, state);
  }

  /** Show a message before, or instead of, a stored run. */
  announce(headline: string, trouble: string): void {
    this.#document.documentElement.dataset.state = "idle";
    setText(this.#button, this.#text.button.own);
    setText(this.#words.headline, headline);
    setText(this.#words.trouble, trouble);
  }

  showStored(run: ShownRun, permalink: string): void {
    const when = this.#format.date(run.endedAt, "short");
    this.#document.documentElement.dataset.state = "done";
    setText(this.#words.headline, this.#text.stored.headline(when));
    setText(this.#words.trouble, this.#text.stored.about);
    setText(this.#button, this.#text.button.own);
    this.conclude(run, permalink, undefined);
  }

  /** Show the result of a run, just ended or stored; `result` has all measurements. */
  conclude(run: ShownRun, permalink: string | undefined, result: Result | undefined): void {
    const { report } = run;
    this.#document.documentElement.dataset.outcome = report.valid ? "graded" : "invalid";
    this.#report.show(run);
    this.#details.show(run, result);
    this.#share.show(run, permalink);
    for (const person of report.people) this.#cards.get(person.who as Person)?.conclude(person, report);
    const sum = (pick: "download" | "upload"): string =>
      this.#format.mbps(report.people.reduce((total, person) => total + person[pick].gotBps, 0));
    setText(this.#live.down, sum("download"));
    setText(this.#live.up, sum("upload"));
    const { idleMs, loadedMs } = gradedDelayOf(report);
    setText(this.#live.baseline, this.#format.milliseconds(idleMs ?? undefined));
    setText(this.#live.delay, this.#format.milliseconds(loadedMs ?? undefined));
    setText(this.#live.delayName, this.#text.labels.delayLoaded);
    setText(this.#live.unit, this.#text.labels.p95);
    // Last, because a chart in a hidden section has no size.
    this.#timeline.showStored(run);
    setText(this.#words.announcement, this.#report.words);
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

  /** Sum the people on the line. */
  #showLive({ runPhase, people, probe }: RunState): void {
    const all: Snapshot[] = [...people.values()];
    const counted = all.filter((one) => one.elapsedMs > 0 && !isOver(one.phase));
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

  #showButton(phase: Phase, waitS: number): void {
    const { button } = this.#text;
    const words = {
      idle: button.start,
      connecting: button.stop,
      running: button.stop,
      stopping: button.stopping,
      done: button.again,
      failed: button.again,
    };
    setText(this.#button, waitS > 0 ? button.wait(waitS) : words[phase]);
    // `disabled` would take the keyboard's focus away.
    this.#button.setAttribute("aria-disabled", String(phase === "stopping" || waitS > 0));
  }
}

function preparePrint(root: Document): void {
  const details = find(root, "#details", HTMLDetailsElement);
  let wasOpen = details.open;
  addEventListener("beforeprint", () => {
    wasOpen = details.open;
    details.open = true;
    root.documentElement.dataset.print = "";
  });
  addEventListener("afterprint", () => {
    details.open = wasOpen;
    delete root.documentElement.dataset.print;
  });
}
