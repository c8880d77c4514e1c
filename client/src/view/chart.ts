import uPlot from "uplot";
import { find } from "./dom.js";
import type { Format } from "./format.js";

/** Named span of the time axis, in seconds. */
export interface TimeBand {
  name: string;
  from: number;
  until: number;
  strong: boolean;
}

/** Line with the colour of a custom property. */
export interface Line {
  colour: string;
  width: number;
  filled: boolean;
  /** Lengths of strokes and gaps, pixels. */
  dash?: readonly number[];
  name?: string;
  /** Whether gaps stay open. */
  broken?: boolean;
}

type Column = readonly (number | null)[];

export class Chart {
  readonly #holder: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #format: Format;
  readonly #minTop: number;
  /** Label of the axis at a second. */
  readonly #tick: (seconds: number) => string;
  #plot: uPlot | undefined;
  #bands: readonly TimeBand[] = [];
  #seconds = 1;

  constructor(
    root: ParentNode,
    selector: string,
    lines: readonly Line[],
    minTop: number,
    format: Format,
    tick = (seconds: number) => `${format.axis(seconds)} s`,
  ) {
    this.#holder = find(root, selector, HTMLElement);
    this.#lines = lines;
    this.#minTop = minTop;
    this.#format = format;
    this.#tick = tick;
    // A canvas does not follow the style sheet's size and colours.
    const paper = matchMedia("print");
    onResize(this.#holder, () => {
      // On paper the style sheet scales the drawing, which alone gives the holder its height.
      if (!paper.matches) this.#plot?.setSize(this.#size());
    });
    for (const query of [matchMedia("(prefers-color-scheme: dark)"), paper]) {
      query.addEventListener("change", () => {
        this.#plot?.redraw(false, true);
      });
    }
  }

  /** Draw a column for each line over `seconds`; `words` describe the chart. */
  draw(xs: readonly number[], columns: readonly Column[], bands: readonly TimeBand[], seconds: number, words: string): void {
    this.#bands = bands;
    this.#seconds = seconds;
    this.#holder.setAttribute("aria-label", words);
    const data = [[...xs], ...columns.map((column) => [...column])] as uPlot.AlignedData;
    if (this.#plot === undefined) this.#plot = new uPlot(this.#options(), data, this.#holder);
    else this.#plot.setData(data);
  }

  #size(): { width: number; height: number } {
    return { width: this.#holder.clientWidth, height: this.#holder.clientHeight };
  }

  #options(): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => this.#colour("--ink-soft"),
      font: "12px system-ui, sans-serif",
      grid: { stroke: () => this.#colour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [18, 16, 0, 0],
      scales: {
        x: { time: false, range: () => [0, this.#seconds] },
        y: { range: (_, __, most) => [0, Math.max(this.#minTop, most * 1.1)] },
      },
      axes: [
        { ...axis, size: 28, grid: { show: false }, values: (_, splits) => splits.map((value) => this.#tick(value)) },
        { ...axis, size: 44, space: 32, values: (_, splits) => splits.map((value) => this.#format.axis(value)) },
      ],
      series: [{}, ...this.#lines.map((line) => this.#series(line))],
      hooks: {
        drawClear: [
          (plot) => {
            this.#drawBands(plot);
          },
        ],
        draw: [
          (plot) => {
            this.#drawNames(plot);
          },
        ],
      },
    };
  }

  #series({ colour, width, filled, dash, broken = false }: Line): uPlot.Series {
    return {
      ...(dash === undefined ? {} : { dash: [...dash] }),
      stroke: () => this.#colour(colour),
      ...(filled ? { fill: () => `color-mix(in srgb, ${this.#colour(colour)} 16%, transparent)` } : {}),
      width,
      points: { show: false },
      spanGaps: !broken,
    };
  }

  #drawBands(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "start";
    ctx.textBaseline = "bottom";
    for (const { name, from, until, strong } of this.#bands) {
      const left = plot.valToPos(from, "x", true);
      const width = plot.valToPos(until, "x", true) - left;
      if (strong) {
        ctx.fillStyle = this.#colour("--band");
        ctx.fillRect(left, bbox.top, width, bbox.height);
      }
      // A longer name would run into the next span.
      if (ctx.measureText(name).width > width - 4 * scale) continue;
      ctx.fillStyle = this.#colour("--ink-soft");
      ctx.fillText(name, left + 2 * scale, bbox.top - 3 * scale);
    }
    ctx.restore();
  }

  /** Write each line's name at its last point, without overlaps. */
  #drawNames(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const scale = devicePixelRatio;
    const [xs = []] = plot.data;
    const ends = this.#lines.flatMap(({ name, colour }, index) => {
      const values = plot.data[index + 1] ?? [];
      let last = values.length - 1;
      while (last >= 0 && typeof values[last] !== "number") last -= 1;
      const [x, y] = [xs[last], values[last]];
      if (name === undefined || x === undefined || typeof y !== "number") return [];
      // The last points may lie beyond the last phase.
      const right = Math.min(plot.valToPos(x, "x", true), bbox.left + bbox.width);
      return [{ name, colour, x: right, y: plot.valToPos(y, "y", true) }];
    });
    ctx.save();
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textBaseline = "bottom";
    ctx.lineWidth = 3 * scale;
    ctx.strokeStyle = this.#colour("--surface");
    let lowest = bbox.top + bbox.height;
    for (const { name, colour, x, y } of ends.sort((a, b) => b.y - a.y)) {
      const at = Math.min(y - 3 * scale, lowest);
      lowest = at - 13 * scale;
      ctx.textAlign = x + ctx.measureText(name).width < bbox.left + bbox.width ? "start" : "end";
      ctx.fillStyle = this.#colour(colour);
      ctx.strokeText(name, x, at);
      ctx.fillText(name, x, at);
    }
    ctx.restore();
  }

  #colour(property: string): string {
    return getComputedStyle(this.#holder).getPropertyValue(property).trim();
  }
}

function onResize(element: Element, resized: () => void): void {
  if ("ResizeObserver" in window) new ResizeObserver(resized).observe(element);
  else addEventListener("resize", resized);
}
