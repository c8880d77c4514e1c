import { loadSpanOf, type RunState, type RunTrace, type ShownReport } from "../core/run/run.js";
import type { ShownRun } from "../core/run/stored-run.js";
import { chartParties, timelineOf, type ChartParty, type Timeline } from "../core/run/timeline.js";
import type { Stretch } from "../core/scoring/directions.js";
import type { Text } from "../text/text.js";
import { Chart } from "./chart.js";
import { find } from "./dom.js";
import type { Format } from "./format.js";
import type { Line, TimeBand } from "./plot.js";

const delayLines: Record<ChartParty, Line> = {
  probe: { colour: "--accent", width: 2, filled: true },
  alex: { colour: "--alex", width: 1.5, filled: false, dash: [8, 4] },
  sarah: { colour: "--sarah", width: 1.5, filled: false, dash: [2, 3] },
  jake: { colour: "--jake", width: 1.5, filled: false, dash: [10, 3, 2, 3] },
};
/** Colours of no person. */
const rateLines: Record<"down" | "up", Line> = {
  down: { colour: "--down", width: 2, filled: true },
  up: { colour: "--up", width: 2, filled: false, dash: [6, 4] },
};
/** Minimum tops of the scales, below which lines look flat. */
const minTopMs = 20;
const minTopMbps = 1;

/** Charts of delay and rates over time, with the phases. */
export class TimelineView {
  readonly #root: HTMLElement;
  readonly #text: Text;
  readonly #format: Format;
  readonly #delay: Chart;
  readonly #rate: Chart;
  readonly #legend: HTMLElement;

  constructor(root: ParentNode, text: Text, format: Format) {
    this.#root = find(root, "#timeline", HTMLElement);
    this.#text = text;
    this.#format = format;
    const delays = chartParties.map((party) => ({ ...delayLines[party], name: this.#name(party) }));
    const rates = (["down", "up"] as const).map((way) => ({ ...rateLines[way], name: text.labels[way] }));
    this.#delay = new Chart(root, "#chart-delay", delays, minTopMs, format);
    this.#rate = new Chart(root, "#chart-rate", rates, minTopMbps, format);
    this.#legend = find(root, "#legend", HTMLElement);
    legend(this.#legend, delays);
    legend(find(root, "#legend-rate", HTMLElement), rates);
  }

  show(trace: RunTrace, state: RunState): void {
    this.#legend.hidden = false;
    const length = Math.max((trace.now - trace.beganAt) / 1000, state.totalMs / 1000);
    this.#draw(timelineOf(trace.journals, trace.beganAt, trace.now), this.#bands(trace, state.stretch === undefined), length, undefined);
  }

  /** Draw a stored run, which lacks the people's own delays. */
  showStored({ timeline, phases, stretches, report }: ShownRun): void {
    const names = { idle: "baseline", warm_up: "warmUp", load: "load", recovery: "recovery" } as const;
    const parts = stretches.map(({ stretch, fromS, untilS }) => this.#stretchBand(stretch, fromS, untilS));
    const bands = phases.flatMap(({ name, from_s: from, until_s: until }) => {
      const isLoad = name === "load";
      return isLoad && parts.length > 0 ? parts : [{ name: this.#text.chart[names[name]], from, until, strong: isLoad }];
    });
    this.#legend.hidden = true;
    this.#draw(timeline, bands, Math.max(0, ...bands.map(({ until }) => until)), report);
    // Some clients send no timeline.
    if (timeline.seconds.length === 0) this.#root.hidden = true;
  }

  #draw(timeline: Timeline, bands: readonly TimeBand[], lasted: number, report: ShownReport | undefined): void {
    this.#root.hidden = report?.idle.count === 0;
    if (this.#root.hidden) return;
    const { seconds, delayMs, downBps, upBps } = timeline;
    const length = Math.max(lasted, 1);
    const columns = chartParties.map((party) => delayMs[party]);
    this.#delay.draw(seconds, columns, bands, length, this.#delayWords(report));
    const mbps = [downBps, upBps].map((column) => column.map((bps) => bps / 1_000_000));
    this.#rate.draw(seconds, mbps, bands, length, this.#rateWords(report));
  }

  #name(party: ChartParty): string {
    return party === "probe" ? this.#text.probe : this.#text.people[party].name;
  }

  #bands(trace: RunTrace, isShort: boolean): TimeBand[] {
    const { beganAt, now, warmUp, stretches } = trace;
    const load = loadSpanOf(trace);
    const words = this.#text.chart;
    const seconds = (at: number): number => (at - beganAt) / 1000;
    const bands = [{ name: words.baseline, from: 0, until: seconds(warmUp?.from ?? load?.from ?? now), strong: false }];
    if (warmUp !== undefined) {
      bands.push({ name: words.warmUp, from: seconds(warmUp.from), until: seconds(load?.from ?? now), strong: false });
    }
    if (load !== undefined) {
      bands.push(
        ...(isShort
          ? [{ name: words.load, from: seconds(load.from), until: seconds(load.until), strong: true }]
          : stretches.map(({ stretch, span }) => this.#stretchBand(stretch, seconds(span.from), seconds(span.until)))),
        { name: words.recovery, from: seconds(load.until), until: seconds(now), strong: false },
      );
    }
    return bands;
  }

  #stretchBand(stretch: Stretch, from: number, until: number): TimeBand {
    return { name: this.#text.stretches[stretch], from, until, strong: stretch !== "upload" };
  }

  #delayWords(report: ShownReport | undefined): string {
    if (report === undefined || report.baselineMs === null || report.latency.p95Ms === null) return this.#text.chart.empty;
    const ms = (value: number | null): string => this.#format.milliseconds(value ?? undefined);
    return this.#text.chart.delay(ms(report.baselineMs), ms(report.latency.p50Ms), ms(report.latency.p95Ms));
  }

  #rateWords(report: ShownReport | undefined): string {
    if (report === undefined) return this.#text.chart.empty;
    const down = report.people.reduce((sum, person) => sum + person.download.gotBps, 0);
    const up = report.people.reduce((sum, person) => sum + person.upload.gotBps, 0);
    return this.#text.chart.rate(this.#format.mbps(down), this.#format.mbps(up));
  }
}

function legend(list: HTMLElement, lines: readonly Line[]): void {
  list.replaceChildren(
    ...lines.map(({ colour, dash, name }) => {
      const item = list.ownerDocument.createElement("li");
      item.style.setProperty("--own", `var(${colour})`);
      item.dataset.dash = String(dash?.[0] ?? "none");
      item.textContent = name ?? "";
      return item;
    }),
  );
}
