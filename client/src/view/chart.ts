import { find } from "./dom.js";
import type { Format } from "./format.js";
import { Plot, type Column, type Line, type TimeBand } from "./plot.js";

interface Drawing {
  xs: readonly number[];
  columns: readonly Column[];
  bands: readonly TimeBand[];
  seconds: number;
}

/** Lines over time on a canvas, which is drawn again where its size or colours change. */
export class Chart {
  readonly #holder: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #lines: readonly Line[];
  readonly #format: Format;
  readonly #minTop: number;
  /** Label of the axis at a second. */
  readonly #tick: (seconds: number) => string;
  /** CSS pixels. */
  #size = { width: 0, height: 0 };
  #drawing: Drawing | undefined;

  constructor(
    root: ParentNode,
    selector: string,
    lines: readonly Line[],
    minTop: number,
    format: Format,
    tick = (seconds: number) => `${format.axis(seconds)} s`,
  ) {
    this.#holder = find(root, selector, HTMLElement);
    this.#canvas = this.#holder.ownerDocument.createElement("canvas");
    this.#holder.append(this.#canvas);
    this.#lines = lines;
    this.#minTop = minTop;
    this.#format = format;
    this.#tick = tick;
    this.#drawOnChange();
  }

  /** Draw a column for each line over `seconds`; `words` describe the chart. */
  draw(xs: readonly number[], columns: readonly Column[], bands: readonly TimeBand[], seconds: number, words: string): void {
    this.#holder.setAttribute("aria-label", words);
    this.#drawing = { xs, columns, bands, seconds };
    this.#resize();
    this.#paint();
  }

  /** A canvas does not follow the style sheet's size and colours. */
  #drawOnChange(): void {
    const paper = matchMedia("print");
    onResize(this.#holder, () => {
      // On paper the style sheet scales the drawing, which alone gives the holder its height.
      if (paper.matches) return;
      this.#resize();
      this.#paint();
    });
    for (const query of [matchMedia("(prefers-color-scheme: dark)"), paper]) {
      query.addEventListener("change", () => {
        this.#paint();
      });
    }
  }

  #resize(): void {
    this.#size = { width: this.#holder.clientWidth, height: this.#holder.clientHeight };
  }

  #paint(): void {
    const context = this.#canvas.getContext("2d");
    if (this.#drawing === undefined || context === null) return;
    const { xs, columns, bands, seconds } = this.#drawing;
    this.#clear(context);
    const style = getComputedStyle(this.#holder);
    const most = columns.flat().reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
    const range = { end: seconds, top: Math.max(this.#minTop, most * 1.1) };
    const plot = new Plot(context, this.#size, range, (property) => style.getPropertyValue(property).trim());
    plot.drawBands(bands);
    plot.drawTimeAxis(this.#tick);
    plot.drawValueAxis((value) => this.#format.axis(value));
    this.#lines.forEach((line, index) => {
      plot.drawLine(line, xs, columns[index] ?? []);
    });
    plot.drawNames(this.#lines, xs, columns);
  }

  /** Empty the canvas, and let it take lengths in CSS pixels. */
  #clear(context: CanvasRenderingContext2D): void {
    const scale = devicePixelRatio;
    const [width, height] = [Math.round(this.#size.width * scale), Math.round(this.#size.height * scale)];
    // Setting a size discards the canvas's memory, even if it is the same.
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
  }
}

function onResize(element: Element, resized: () => void): void {
  if ("ResizeObserver" in window) new ResizeObserver(resized).observe(element);
  else addEventListener("resize", resized);
}
