import { ticksTo } from "./ticks.js";

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

/** Values of a line; null without a measurement. */
export type Column = readonly (number | null)[];

interface Point {
  x: number;
  y: number;
}

/** Room around the plot, for the names of the spans and the labels of the axes. */
const room = { top: 18, right: 16, bottom: 28, left: 44 };
/** Distance between axis and labels. */
const gap = 5;
/** Minimum distances between ticks. */
const minTickWidth = 60;
const minTickHeight = 32;
const axisFont = "12px system-ui, sans-serif";
const nameFont = "11px system-ui, sans-serif";
const nameHeight = 13;
const fillOpacity = 0.16;

/** Plot of values from 0 to `top` over the time from 0 to `end`. Lengths are CSS pixels. */
export class Plot {
  readonly #context: CanvasRenderingContext2D;
  readonly #colour: (property: string) => string;
  readonly #width: number;
  readonly #height: number;
  readonly #end: number;
  readonly #top: number;

  constructor(
    context: CanvasRenderingContext2D,
    size: { width: number; height: number },
    range: { end: number; top: number },
    colour: (property: string) => string,
  ) {
    this.#context = context;
    this.#colour = colour;
    this.#width = Math.max(0, size.width - room.left - room.right);
    this.#height = Math.max(0, size.height - room.top - room.bottom);
    this.#end = range.end;
    this.#top = range.top;
  }

  drawBands(bands: readonly TimeBand[]): void {
    const context = this.#context;
    context.font = nameFont;
    context.textAlign = "start";
    context.textBaseline = "bottom";
    for (const { name, from, until, strong } of bands) {
      const left = this.#x(from);
      const width = this.#x(until) - left;
      if (strong) {
        context.fillStyle = this.#colour("--band");
        context.fillRect(left, room.top, width, this.#height);
      }
      // A longer name would run into the next span.
      if (context.measureText(name).width > width - 4) continue;
      context.fillStyle = this.#colour("--ink-soft");
      context.fillText(name, left + 2, room.top - 3);
    }
  }

  drawTimeAxis(label: (at: number) => string): void {
    const context = this.#context;
    context.font = axisFont;
    context.fillStyle = this.#colour("--ink-soft");
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const at of ticksTo(this.#end, this.#width / minTickWidth)) {
      context.fillText(label(at), this.#x(at), room.top + this.#height + gap);
    }
  }

  drawValueAxis(label: (value: number) => string): void {
    const context = this.#context;
    context.font = axisFont;
    context.textAlign = "end";
    context.textBaseline = "middle";
    for (const value of ticksTo(this.#top, this.#height / minTickHeight)) {
      // A whole pixel keeps a thin line sharp.
      const y = Math.round(this.#y(value));
      context.fillStyle = this.#colour("--line");
      context.fillRect(room.left, y, this.#width, 1);
      context.fillStyle = this.#colour("--ink-soft");
      context.fillText(label(value), room.left - gap, y);
    }
  }

  drawLine({ colour, width, filled, dash = [], broken = false }: Line, xs: readonly number[], column: Column): void {
    const context = this.#context;
    context.save();
    // The last points may lie beyond the last span.
    context.beginPath();
    context.rect(room.left, 0, this.#width, context.canvas.height);
    context.clip();
    context.strokeStyle = context.fillStyle = this.#colour(colour);
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(dash);
    for (const points of this.#pieces(xs, column, broken)) this.#drawPiece(points, filled);
    context.restore();
  }

  /** Write each line's name at its last point, without overlaps. */
  drawNames(lines: readonly Line[], xs: readonly number[], columns: readonly Column[]): void {
    const context = this.#context;
    const ends = lines.flatMap(({ name, colour }, index) => {
      const end = this.#pieces(xs, columns[index] ?? [], false)[0]?.at(-1);
      return name === undefined || end === undefined ? [] : [{ name, colour, ...end }];
    });
    context.font = nameFont;
    context.textBaseline = "bottom";
    context.lineWidth = 3;
    context.strokeStyle = this.#colour("--surface");
    const right = room.left + this.#width;
    let lowest = room.top + this.#height;
    for (const { name, colour, ...end } of ends.sort((a, b) => b.y - a.y)) {
      const x = Math.min(end.x, right);
      const y = Math.min(end.y - 3, lowest);
      lowest = y - nameHeight;
      context.textAlign = x + context.measureText(name).width < right ? "start" : "end";
      context.fillStyle = this.#colour(colour);
      context.strokeText(name, x, y);
      context.fillText(name, x, y);
    }
  }

  #drawPiece(points: readonly Point[], filled: boolean): void {
    const context = this.#context;
    const line = new Path2D();
    for (const { x, y } of points) line.lineTo(x, y);
    context.stroke(line);
    const [first, last] = [points[0], points.at(-1)];
    if (!filled || first === undefined || last === undefined) return;
    const bottom = room.top + this.#height;
    line.lineTo(last.x, bottom);
    line.lineTo(first.x, bottom);
    context.globalAlpha = fillOpacity;
    context.fill(line);
    context.globalAlpha = 1;
  }

  /** Return the measured points, divided at gaps if `broken`. */
  #pieces(xs: readonly number[], column: Column, broken: boolean): Point[][] {
    const pieces: Point[][] = [[]];
    xs.forEach((x, row) => {
      const value = column[row] ?? null;
      if (value !== null) pieces.at(-1)?.push({ x: this.#x(x), y: this.#y(value) });
      else if (broken) pieces.push([]);
    });
    return pieces;
  }

  #x(at: number): number {
    return room.left + (at / this.#end) * this.#width;
  }

  #y(value: number): number {
    return room.top + (1 - value / this.#top) * this.#height;
  }
}
