import { find, setText } from "../../view/dom.js";
import type { Format } from "../../view/format.js";
import { bars, grades, type GradeKey } from "../grades.js";
import { isProblem, type Run, type Runs } from "../live-messages.js";
import type { Text } from "../text/text.js";
import { legend } from "./figures-view.js";
import { Table } from "./table.js";

const numeric = true;
const colours: Record<GradeKey, string> = {
  "A+": "--grade-a-plus",
  A: "--grade-a",
  B: "--grade-b",
  C: "--grade-c",
  D: "--grade-d",
  F: "--grade-f",
  invalid: "--grade-invalid",
};

export class RunsView {
  readonly #root: ParentNode;
  readonly #text: Text;
  readonly #runs: Table<Run>;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = root;
    this.#text = text;
    const ms = (seconds: number | null) => format.milliseconds(seconds === null ? undefined : seconds * 1000);
    const r = text.columns.runs;
    const when = new Intl.DateTimeFormat(text.lang, { dateStyle: "short", timeStyle: "medium" });
    this.#runs = new Table<Run>(
      root,
      "#run-table",
      [
        { heading: r.at, text: ({ at }) => when.format(at * 1000) },
        {
          heading: r.grade,
          text: ({ grade }) => grade ?? text.invalid,
          tone: ({ grade }) => (grade === null ? undefined : grade < "B" ? "good" : grade < "D" ? "fair" : "poor"),
        },
        { heading: r.cause, text: ({ cause }) => (cause === null ? "–" : (text.words[cause] ?? cause)) },
        { heading: r.increase, numeric, text: ({ increase }) => ms(increase) },
        { heading: r.baseline, numeric, text: ({ baseline }) => ms(baseline) },
        { heading: r.network, text: ({ network }) => network || "–" },
        { heading: r.client, text: ({ client }) => client },
        { heading: r.link, text: ({ link }) => (link === null ? "–" : text.show) },
      ],
      ({ id }) => id,
      (element, run) => {
        this.#addLink(element, run);
      },
    );
    legend(
      find(root, "#legend-grades", HTMLElement),
      grades.map((grade) => [colours[grade], grade === "invalid" ? text.invalid : grade] as const),
    );
  }

  show(runs: Runs): void {
    const problem = find(this.#root, "#history-problem", HTMLElement);
    const picture = find(this.#root, "#grades", HTMLElement);
    const failed = isProblem(runs);
    setText(problem, failed ? this.#text.history.unreadable(runs.problem) : "");
    for (const selector of ["#grades", "#legend-grades", "#run-table"]) {
      find(this.#root, selector, HTMLElement).hidden = failed;
    }
    find(this.#root, "#no-runs", HTMLElement).hidden = failed || runs.runs.length > 0;
    if (failed) return;
    this.#runs.show(runs.runs);
    find(this.#root, "#run-table", HTMLElement).hidden = runs.runs.length === 0;
    const days = bars(runs.days);
    const day = new Intl.DateTimeFormat(this.#text.lang, { day: "numeric", month: "numeric", timeZone: "UTC" });
    picture.replaceChildren(
      ...days.map(({ at, total, parts }) => {
        const column = picture.ownerDocument.createElement("div");
        const count = picture.ownerDocument.createElement("span");
        count.textContent = total === 0 ? "" : String(total);
        const stack = picture.ownerDocument.createElement("div");
        stack.className = "stack";
        for (const { grade, share, count: number } of parts) {
          const part = picture.ownerDocument.createElement("i");
          part.style.setProperty("--own", `var(${colours[grade]})`);
          part.style.height = `${share * 100}%`;
          part.title = `${grade === "invalid" ? this.#text.invalid : grade}: ${number}`;
          stack.append(part);
        }
        const label = picture.ownerDocument.createElement("small");
        label.textContent = day.format(at * 1000);
        column.append(count, stack, label);
        return column;
      }),
    );
    const sums = grades
      .map((grade) => {
        const parts = days.flatMap((each) => each.parts.filter((part) => part.grade === grade));
        return [grade, parts.reduce((sum, { count }) => sum + count, 0)] as const;
      })
      .filter(([, count]) => count > 0);
    picture.setAttribute("aria-label", this.#text.grades(days.length, sums));
  }

  #addLink(element: HTMLTableRowElement, { id, link }: Run): void {
    const cell = element.cells[element.cells.length - 1];
    if (link === null || cell === undefined) return;
    const anchor = element.ownerDocument.createElement("a");
    anchor.href = link;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    anchor.textContent = this.#text.show;
    anchor.setAttribute("aria-label", this.#text.showRun(id));
    cell.append(anchor);
  }
}
