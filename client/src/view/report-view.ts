import type { Person } from "../core/people.js";
import { gradedDelayOf, type ShownReport } from "../core/run/run.js";
import { shownRemedyOf } from "../core/run/shown-remedy.js";
import type { ShownStretch } from "../core/run/shown-stretch.js";
import type { ShownRun } from "../core/run/stored-run.js";
import { movedBytes } from "../core/run/timeline.js";
import { hurting } from "../core/scoring/directions.js";
import type { Grade } from "../core/scoring/grade.js";
import { shortfalls, type Lack, type Shortfall } from "../core/scoring/shortfall.js";
import type { Invalid } from "../core/scoring/validity.js";
import { messageOf } from "../text/language.js";
import type { Text } from "../text/text.js";
import { isTooSlow, lackedSpeed } from "./activity-detail.js";
import { fillTable, find, setItems, setText } from "./dom.js";
import type { Format } from "./format.js";
import { lineWordsOf } from "./line-words.js";
import { RemedyView } from "./remedy-view.js";

/** Loss at which games and calls suffer, whatever the delay: the highest CPUP of the requirements. */
const noticedLoss = 0.01;

/** The household's grade, its meaning and advice; for an invalid run, the reasons. */
export class ReportView {
  readonly #root: HTMLElement;
  readonly #advice: HTMLElement;
  readonly #text: Text;
  readonly #format: Format;
  readonly #remedy: RemedyView;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#report", HTMLElement);
    this.#advice = find(root, "#advice", HTMLElement);
    this.#text = text;
    this.#format = format;
    this.#remedy = new RemedyView(root, text, format);
  }

  hide(): void {
    this.#root.hidden = true;
    this.#advice.hidden = true;
    delete this.#root.dataset.grade;
    delete this.#root.dataset.valid;
    delete this.#root.dataset.invalid;
  }

  /** The grade, or the reasons against one, in words. */
  get words(): string {
    const reasons = [...this.#part("#invalid").children].map((item) => item.textContent);
    const words = ["#direction", "#meaning"].map((part) => this.#part(part).textContent).filter((each) => each !== "");
    return [`${this.#part("h2").textContent}.`, ...words, ...reasons].join(" ");
  }

  show(run: ShownRun): void {
    const { report, timeline, stretches } = run;
    const grade = report.valid ? report.grade : null;
    this.#root.hidden = false;
    this.#root.dataset.valid = String(report.valid);
    this.#root.dataset.invalid = report.invalid.join(" ");
    this.#root.dataset.grade = grade ?? "none";
    setText(this.#part(".grade"), grade ?? "?");
    const words = grade === null ? undefined : this.#text.grades[grade];
    const heading = grade === null ? this.#text.report.noGrade : this.#text.report.grade(grade);
    setText(this.#part("h2"), words === undefined ? heading : `${heading} – ${words.title}`);
    const lacking = shortfallsOf(run, grade);
    const lacks = lacking.map(({ lack, who }) => this.#lack(lack, who, run)).join(" ");
    setText(this.#part("#meaning"), lacks || (words?.meaning ?? this.#text.report.invalid));
    setText(this.#part("#direction"), grade === null ? "" : this.#direction(stretches));
    setText(this.#part("#increase"), grade === null ? "" : this.#increase(report, lacking));
    setText(this.#part("#line"), grade === null ? "" : lineWordsOf(run, this.#text, this.#format));
    this.#showStretches(grade === null ? [] : stretches);
    const moved = movedBytes(timeline);
    setText(this.#part("#moved"), moved === 0 ? "" : this.#text.report.moved(this.#format.bytes(moved)));
    setItems(this.#part("#invalid"), shownReasons(report.invalid).map((reason) => messageOf(this.#text, `invalid.${reason}`)));
    this.#advice.hidden = words === undefined;
    setItems(find(this.#advice, "ul", HTMLElement), this.#adviceFor(report, words?.advice ?? [], lacking));
    this.#remedy.show(shownRemedyOf(run, lacking.some(({ lack }) => lack === "loss")));
  }

  #part(selector: string): HTMLElement {
    return find(this.#root, selector, HTMLElement);
  }

  #increase(report: ShownReport, lacking: readonly Shortfall[]): string {
    const { lossShare, attribution } = report;
    const ms = (value: number | null): string => this.#format.milliseconds(value ?? undefined);
    const words = this.#text.report;
    const { idleMs, loadedMs, addedMs } = gradedDelayOf(report);
    if (attribution?.cause === "device") return words.device(ms(addedMs));
    const graded = words.increase(ms(idleMs), ms(loadedMs), ms(addedMs));
    const increase = attribution?.cause === "unknown" ? `${graded} ${words.unchecked}` : graded;
    const isTold = lacking.some(({ lack }) => lack === "loss");
    if (lossShare === null || lossShare < noticedLoss || isTold) return increase;
    return `${increase} ${words.loss(this.#format.decimal(lossShare * 100, 1))}`;
  }

  /** Name the direction that hurts, with what it adds. */
  #direction(stretches: readonly ShownStretch[]): string {
    const stretch = hurting(stretches);
    const addedMs = stretches.find((each) => each.stretch === stretch)?.increaseMs;
    return stretch === null ? "" : this.#text.report.hurts[stretch](this.#format.milliseconds(addedMs ?? undefined));
  }

  #showStretches(stretches: readonly ShownStretch[]): void {
    this.#part(".table").hidden = stretches.length === 0;
    fillTable(
      find(this.#root, "#stretches", HTMLTableElement),
      (["stretch", "added", "down", "up", "grade"] as const).map((column) => this.#text.report.stretches[column]),
      stretches.map(({ stretch, increaseMs, downBps, upBps, grade }) => [
        this.#text.stretches[stretch],
        increaseMs === null ? "–" : `+${this.#format.milliseconds(increaseMs)}`,
        this.#format.mbps(downBps),
        this.#format.mbps(upBps),
        grade ?? "–",
      ]),
    );
  }

  #lack(lack: Lack, who: readonly Person[], { report, lineLoss }: ShownRun): string {
    const names = this.#text.listOf(who.map((each) => this.#text.people[each].name));
    const idle = this.#format.milliseconds(gradedDelayOf(report).idleMs ?? undefined);
    return this.#text.shortfalls[lack](names, idle, this.#format.decimal((lineLoss ?? 0) * 100, 1));
  }

  #adviceFor({ grade, people }: ShownReport, advice: readonly string[], lacking: readonly Shortfall[]): readonly string[] {
    const lacks = (lack: Lack): boolean => lacking.some((each) => each.lack === lack);
    // A grade without bufferbloat says that there is nothing to do.
    const isFine = grade === "A+" || grade === "A";
    if (lacks("loss")) return [this.#text.adviceLoss, ...(lacks("distance") ? [this.#text.adviceDistance] : [])];
    return [
      ...(isFine && (lacks("rate") || lacks("distance")) ? [] : advice),
      ...(lacks("rate") || people.some(isTooSlow) ? [this.#text.adviceRate] : []),
      ...(lacks("distance") ? [this.#text.adviceDistance] : []),
    ];
  }
}

/** A bulk transfer has time, whatever the delay. */
function shortfallsOf({ report, lineLoss }: ShownRun, grade: Grade | null): readonly Shortfall<Person>[] {
  const people = report.people
    .filter(({ activity }) => activity !== "bulk_transfer")
    .map((person) => ({ who: person.who as Person, band: person.band, tooSlow: lackedSpeed(person) }));
  return shortfalls(grade, gradedDelayOf(report).idleMs, people, lineLoss !== null);
}

/** Leave out too few samples of a run that was cut short. */
function shownReasons(reasons: readonly Invalid[]): readonly Invalid[] {
  const isCut = reasons.includes("stopped_early") || reasons.includes("connection_lost");
  return isCut ? reasons.filter((reason) => reason !== "too_few_samples") : reasons;
}
