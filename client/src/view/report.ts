import type { Format } from "../core/format.js";
import type { Conclusion, ShownReport } from "../core/run.js";
import type { WarmUp } from "../core/warm-up.js";
import { messageOf } from "../text/language.js";
import type { Text } from "../text/text.js";
import { find, setItems, setText } from "./dom.js";

/** Below this score somebody's rate is worth advice. */
const goodScore = 70;

/** From this share of lost packets on games and calls suffer, whatever the delay: the worst bound of the requirements. */
const noticedLoss = 0.01;

/** The household's grade with what it means and what to do about it; of an invalid run, why there is none. */
export class ReportView {
  readonly #root: HTMLElement;
  readonly #advice: HTMLElement;
  readonly #text: Text;
  readonly #format: Format;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#report", HTMLElement);
    this.#advice = find(root, "#advice", HTMLElement);
    this.#text = text;
    this.#format = format;
  }

  hide(): void {
    this.#root.hidden = true;
    this.#advice.hidden = true;
    delete this.#root.dataset.grade;
    delete this.#root.dataset.valid;
    delete this.#root.dataset.invalid;
  }

  show({ report, warmUp }: Conclusion): void {
    const grade = report.valid ? report.grade : null;
    this.#root.hidden = false;
    this.#root.dataset.valid = String(report.valid);
    this.#root.dataset.invalid = report.invalid.join(" ");
    this.#root.dataset.grade = grade ?? "none";
    setText(find(this.#root, ".grade", HTMLElement), grade ?? "?");
    const words = grade === null ? undefined : this.#text.grades[grade];
    const heading = grade === null ? this.#text.report.noGrade : this.#text.report.grade(grade);
    setText(find(this.#root, "h2", HTMLElement), words === undefined ? heading : `${heading} – ${words.title}`);
    setText(find(this.#root, "#meaning", HTMLElement), words?.meaning ?? this.#text.report.invalid);
    setText(find(this.#root, "#increase", HTMLElement), grade === null ? "" : this.#increase(report));
    setText(find(this.#root, "#line", HTMLElement), warmUp === null ? "" : this.#line(warmUp));
    const reasons = report.invalid.map((reason) => messageOf(this.#text, `invalid.${reason}`));
    setItems(find(this.#root, "#invalid", HTMLElement), reasons);
    this.#advice.hidden = words === undefined;
    setItems(find(this.#advice, "ul", HTMLElement), [...(words?.advice ?? []), ...this.#rateAdvice(report)]);
  }

  #increase({ baselineMs, latency, lossShare }: ShownReport): string {
    const ms = (value: number | null): string => this.#format.milliseconds(value ?? undefined);
    const words = this.#text.report;
    const increase = words.increase(ms(baselineMs), ms(latency.p95Ms), ms(latency.increaseP95Ms));
    if (lossShare === null || lossShare < noticedLoss) return increase;
    return `${increase} ${words.loss(this.#format.decimal(lossShare * 100, 1))}`;
  }

  #line({ lineBps, computerMbps }: WarmUp): string {
    return this.#text.report.warmUp(this.#format.mbps(lineBps), this.#format.decimal(computerMbps, 0));
  }

  #rateAdvice({ people }: ShownReport): string[] {
    const short = people.some(({ outcome }) => outcome.limitedBy === "throughput" && (outcome.score ?? 100) < goodScore);
    return short ? [this.#text.adviceRate] : [];
  }
}
