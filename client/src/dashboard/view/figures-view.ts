import { Chart } from "../../view/chart.js";
import { find, setText } from "../../view/dom.js";
import type { Format } from "../../view/format.js";
import type { Line } from "../../view/plot.js";
import type { Server } from "../live-messages.js";
import type { Text } from "../text/text.js";
import { span, type Trend } from "../trend.js";

/** Span of the charts; minutes make whole ticks. */
const minutes = span / 60;
// Lines have a point each second; gaps are seconds without a measurement.
const strong = { width: 2, filled: true, broken: true };
const accent: Line = { colour: "--accent", ...strong };
const down: Line = { colour: "--computer", ...strong };
const up: Line = { colour: "--sarah", width: 2, filled: false };
const upper: Line = { colour: "--jake", width: 1.5, filled: false, broken: true };

/** Current figures, and charts of the last minutes. */
export class FiguresView {
  readonly #root: ParentNode;
  readonly #text: Text;
  readonly #format: Format;
  readonly #charts: { sessions: Chart; rates: Chart; latency: Chart; lag: Chart };

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = root;
    this.#text = text;
    this.#format = format;
    const tick = (at: number) => (at === minutes ? text.now : text.minutesAgo(minutes - at));
    const chart = (selector: string, lines: readonly Line[], minTop: number) =>
      new Chart(root, selector, lines, minTop, format, tick);
    this.#charts = {
      sessions: chart("#chart-sessions", [accent], 4),
      rates: chart("#chart-rates", [down, up], 1),
      latency: chart("#chart-latency", [accent, upper], 5),
      lag: chart("#chart-lag", [accent], 5),
    };
    legend(find(root, "#legend-rates", HTMLElement), [
      [down.colour, text.labels.down],
      [up.colour, text.labels.up],
    ]);
    legend(find(root, "#legend-latency", HTMLElement), [
      [accent.colour, "p50"],
      [upper.colour, "p95"],
    ]);
  }

  show(server: Server, trend: Trend): void {
    const [, sessions, downBps, upBps, p50, , lag] = trend.latest ?? [0, 0, 0, 0, null, null, null];
    this.#set("sessions", this.#format.decimal(sessions, 0));
    this.#set("down", this.#format.mbps(downBps));
    this.#set("up", this.#format.mbps(upBps));
    this.#set("p50", this.#ms(p50));
    this.#set("lag", this.#ms(lag));
    this.#set("opened", this.#format.decimal(server.opened, 0));
  }

  draw(trend: Trend): void {
    const { latest } = trend;
    if (latest === undefined) return;
    const xs = trend.xs.map((seconds) => seconds / 60);
    const words = this.#text.chart;
    const sessions = trend.column(1);
    this.#charts.sessions.draw(xs, [sessions], [], minutes, words.sessions(String(latest[1]), String(top(sessions))));
    const rates = [trend.column(2, 1e-6), trend.column(3, 1e-6)];
    this.#charts.rates.draw(xs, rates, [], minutes, words.rates(this.#format.mbps(latest[2]), this.#format.mbps(latest[3])));
    const latency = latest[4] === null ? words.empty : words.latency(this.#ms(latest[4]), this.#ms(latest[5]));
    this.#charts.latency.draw(xs, [trend.column(4, 1000), trend.column(5, 1000)], [], minutes, latency);
    const lag = trend.column(6, 1000);
    this.#charts.lag.draw(xs, [lag], [], minutes, words.lag(this.#ms(latest[6]), this.#format.milliseconds(top(lag))));
  }

  #set(name: string, value: string): void {
    setText(find(this.#root, `#now-${name}`, HTMLElement), value);
  }

  #ms(seconds: number | null): string {
    return this.#format.milliseconds(seconds === null ? undefined : seconds * 1000);
  }
}

function top(values: readonly (number | null)[]): number {
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

export function legend(list: HTMLElement, entries: readonly (readonly [colour: string, name: string])[]): void {
  list.replaceChildren(
    ...entries.map(([colour, name]) => {
      const item = list.ownerDocument.createElement("li");
      item.style.setProperty("--own", `var(${colour})`);
      item.textContent = name;
      return item;
    }),
  );
}
