import type { Person } from "../core/people.js";
import { interruptionBy } from "../core/run/interruption.js";
import { qualityOf } from "../core/run/quality.js";
import type { ShownPerson, ShownReport } from "../core/run/run.js";
import { isOver } from "../core/session/phase.js";
import type { Snapshot } from "../core/session/snapshot.js";
import { messageOf } from "../text/language.js";
import type { Text } from "../text/text.js";
import { activityDetailOf } from "./activity-detail.js";
import { find, setText } from "./dom.js";
import type { Format } from "./format.js";
import { Sparkline } from "./sparkline.js";

/** Silence worth showing; less is a slow line. */
const minShownSilenceMs = 1500;

/** Live figures, then the result. */
export class Card {
  readonly root: HTMLElement;
  readonly #person: Person;
  readonly #text: Text;
  readonly #format: Format;
  readonly #figures: Record<"down" | "up" | "p50" | "p95", HTMLElement>;
  readonly #quality: HTMLElement;
  readonly #state: HTMLElement;
  readonly #score: HTMLElement;
  readonly #verdict: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #sparkline: Sparkline;

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
    this.#quality = find(this.root, ".quality", HTMLElement);
    this.#state = find(this.root, ".state", HTMLElement);
    this.#score = find(this.root, ".score", HTMLElement);
    this.#verdict = find(this.root, ".verdict", HTMLElement);
    this.#detail = find(this.root, ".detail", HTMLElement);
    this.#sparkline = new Sparkline(this.root, text);
    this.#name();
  }

  reset(): void {
    this.#sparkline.clear();
    this.#score.hidden = true;
    this.#quality.hidden = false;
    delete this.root.dataset.band;
    setText(this.#verdict, "");
    setText(this.#detail, "");
  }

  /** `waiting` is true before the household starts. */
  show(snapshot: Snapshot, waiting: boolean): void {
    const { dataset } = this.root;
    dataset.state = snapshot.phase;
    dataset.quality = qualityOf(this.#person, snapshot);
    dataset.silent = String(!isOver(snapshot.phase) && snapshot.silentMs > minShownSilenceMs);
    dataset.receivedBytes = String(snapshot.receivedBytes);
    dataset.sentBytes = String(snapshot.sentBytes);
    setText(this.#figures.down, this.#format.mbps(hasStarted(snapshot) ? snapshot.downloadBps : undefined));
    setText(this.#figures.up, this.#format.mbps(hasStarted(snapshot) ? snapshot.uploadBps : undefined));
    setText(this.#figures.p50, this.#format.milliseconds(snapshot.latency.p50Ms));
    setText(this.#figures.p95, this.#format.milliseconds(snapshot.latency.p95Ms));
    setText(this.#quality, waiting && snapshot.phase === "idle" ? this.#text.waiting : this.#qualityWords(snapshot));
    setText(this.#state, this.#stateWords(snapshot));
    if (snapshot.phase === "running") {
      this.#sparkline.add(snapshot.waitingMs > (snapshot.latestMs ?? 1000) ? snapshot.waitingMs : snapshot.latestMs);
    }
  }

  /** Show a person's result; that of a valid run has verdict and score. */
  conclude(person: ShownPerson, { valid, attribution }: ShownReport): void {
    const { download, upload, ownLatency } = person;
    // A delay of the device is not what the line does to this person.
    const { p50Ms, p95Ms } = attribution?.cause === "device" ? { p50Ms: null, p95Ms: null } : ownLatency;
    this.root.dataset.state = "done";
    this.#sparkline.clear();
    setText(this.#state, "");
    setText(this.#figures.down, this.#format.mbps(download.gotBps));
    setText(this.#figures.up, this.#format.mbps(upload.gotBps));
    setText(this.#figures.p50, this.#format.milliseconds(p50Ms ?? undefined));
    setText(this.#figures.p95, this.#format.milliseconds(p95Ms ?? undefined));
    this.#quality.hidden = true;
    setText(this.#quality, "");
    if (valid) this.#judge(person);
    else this.root.dataset.quality = "unknown";
  }

  #judge(report: ShownPerson): void {
    const { score } = report.outcome;
    this.root.dataset.band = report.band ?? "unknown";
    this.#score.hidden = score === null;
    const rounded = Math.round(score ?? 0);
    this.#score.style.setProperty("--share", String(rounded));
    setText(find(this.#score, "span", HTMLElement), String(rounded));
    setText(find(this.#score, ".unseen", HTMLElement), this.#text.report.score(rounded));
    setText(this.#verdict, messageOf(this.#text, report.verdict));
    setText(this.#detail, activityDetailOf(report, this.#text, this.#format));
  }

  #name(): void {
    const { name, activity, need, note } = this.#text.people[this.#person];
    const id = `name-${this.#person}`;
    this.root.dataset.user = this.#person;
    this.root.dataset.quality = "unknown";
    this.root.setAttribute("aria-labelledby", id);
    const heading = find(this.root, "h3", HTMLElement);
    heading.id = id;
    setText(heading, name);
    setText(find(this.root, ".activity", HTMLElement), activity);
    setText(find(this.root, ".need", HTMLElement), need);
    setText(find(this.root, ".note", HTMLElement), note);
    find(this.root, "use", SVGUseElement).setAttribute("href", `#icon-${this.#person}`);
  }

  #qualityWords(snapshot: Snapshot): string {
    if (snapshot.phase !== "running" && snapshot.phase !== "done") return this.#text.phases[snapshot.phase];
    return this.#text.people[this.#person].quality[qualityOf(this.#person, snapshot)];
  }

  #stateWords(snapshot: Snapshot): string {
    const { receivedBytes, sentBytes } = snapshot;
    const interruption = snapshot.ending && interruptionBy(snapshot.ending);
    if (interruption !== undefined) return this.#text.interruptions[interruption.cause].title;
    if (!hasStarted(snapshot)) return "";
    if (!isOver(snapshot.phase) && snapshot.silentMs > minShownSilenceMs) {
      return this.#text.silent(Math.round(snapshot.silentMs / 1000));
    }
    return this.#text.totals(this.#format.bytes(receivedBytes), this.#format.bytes(sentBytes));
  }
}

function hasStarted(snapshot: Snapshot): boolean {
  return snapshot.elapsedMs > 0;
}
