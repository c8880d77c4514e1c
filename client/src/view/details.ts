import type { Party, Person } from "../core/people.js";
import { csvOf, fileNameOf, jsonOf } from "../core/run/export.js";
import type { Conclusion, Result, ShownPerson } from "../core/run/run.js";
import type { LatencyFigures } from "../core/scoring/latency.js";
import type { ServerTcp } from "../core/session/wire.js";
import { messageOf } from "../text/language.js";
import type { Column, Text } from "../text/text.js";
import { copyText, saveFile } from "./copy-and-save.js";
import { fillTable, find, setText } from "./dom.js";
import type { Format } from "./format.js";

const delayColumns = ["who", "samples", "p50", "p95", "p99", "increase", "jitter", "lost"] as const;
const tcpColumns = ["who", "rtt", "minRtt", "retransmits", "delivery", "congestionControl"] as const;
const rateColumns = ["who", "downWanted", "downGot", "upWanted", "upGot", "share"] as const;

export class Details {
  readonly #root: HTMLDetailsElement;
  readonly #text: Text;
  readonly #format: Format;
  /** Undefined for a stored run, which lacks single round trips. */
  #result: Result | undefined;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#details", HTMLDetailsElement);
    this.#text = text;
    this.#format = format;
    const copied = find(root, "#copied", HTMLElement);
    this.#onButton("#save-json", (result) => {
      saveFile(new Blob([jsonOf(result)], { type: "application/json" }), fileNameOf(result.at, "json"));
    });
    this.#onButton("#save-csv", (result) => {
      saveFile(new Blob([csvOf(result)], { type: "text/csv" }), fileNameOf(result.at, "csv"));
    });
    this.#onButton("#copy-json", async (result) => {
      setText(copied, (await copyText(jsonOf(result))) ? text.share.copied : text.share.notCopied);
    });
  }

  hide(): void {
    this.#root.hidden = true;
    setText(find(this.#root, "#copied", HTMLElement), "");
  }

  show({ report, serverTcp }: Conclusion, result: Result | undefined): void {
    this.#result = result;
    this.#root.hidden = false;
    find(this.#root, ".buttons", HTMLElement).hidden = result === undefined;
    this.#fill("#delay-table", delayColumns, [
      this.#delayRow(this.#text.table.idle, report.idle, null),
      this.#delayRow(this.#text.table.loaded, report.latency, report.lossShare),
      ...report.people.map((person) => this.#delayRow(this.#nameOf(person), person.ownLatency, person.lossShare)),
    ]);
    this.#fill("#rate-table", rateColumns, report.people.map((person) => this.#rateRow(person)));
    this.#fill("#tcp-table", tcpColumns, serverTcp.map(({ who, tcp }) => this.#tcpRow(who, tcp)));
    const notes = new Set(report.people.flatMap(({ lossNote }) => (lossNote === null ? [] : [lossNote])));
    setText(
      find(this.#root, "#loss-note", HTMLElement),
      [...notes].map((note) => messageOf(this.#text, note)).join(" "),
    );
  }

  #onButton(selector: string, pressed: (result: Result) => void | Promise<void>): void {
    find(this.#root, selector, HTMLButtonElement).addEventListener("click", () => {
      if (this.#result !== undefined) void pressed(this.#result);
    });
  }

  /** A bulk transfer's round trips include the queue of its own bytes, so its name says so. */
  #nameOf({ who, activity }: ShownPerson): string {
    const { name } = this.#text.people[who as Person];
    return activity === "bulk_transfer" ? this.#text.table.ownQueue(name) : this.#text.table.own(name);
  }

  #delayRow(name: string, figures: LatencyFigures, lossShare: number | null): string[] {
    const { count, p50Ms, p95Ms, p99Ms, increaseP95Ms, jitterMs } = figures;
    const all = [p50Ms, p95Ms, p99Ms, increaseP95Ms, jitterMs];
    const lost = lossShare === null ? "–" : `${this.#format.decimal(lossShare * 100, 1)} %`;
    return [name, String(count), ...all.map((ms) => this.#format.milliseconds(ms ?? undefined)), lost];
  }

  #rateRow({ who, download, upload, delivery }: ShownPerson): string[] {
    const rates = [download.wantedBps, download.gotBps, upload.wantedBps, upload.gotBps];
    const share = delivery === null ? "–" : `${this.#format.decimal(delivery * 100, 0)} %`;
    return [this.#text.people[who as Person].name, ...rates.map((bps) => this.#format.mbps(bps)), share];
  }

  #tcpRow(who: Party, { rttMs, minRttMs, retransmits, deliveryBps, congestionControl }: ServerTcp): string[] {
    const name = who === "probe" ? this.#text.probe : this.#text.people[who].name;
    const times = [rttMs, minRttMs ?? undefined].map((ms) => this.#format.milliseconds(ms));
    return [name, ...times, String(retransmits), this.#format.mbps(deliveryBps), congestionControl];
  }

  #fill(selector: string, columns: readonly Column[], rows: readonly string[][]): void {
    fillTable(find(this.#root, selector, HTMLTableElement), columns.map((column) => this.#text.table.columns[column]), rows);
  }
}
