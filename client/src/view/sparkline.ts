import type { Text } from "../text/text.js";
import { find, setText } from "./dom.js";

/** Points of 30 s, one a second. */
const capacity = 30;
const height = 32;
/** Tops of the scale, ms; the first that holds all values applies. */
const scales = [50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Small chart of the latest delays, newest at the right. */
export class Sparkline {
  readonly #line: SVGPolylineElement;
  readonly #area: SVGPolygonElement;
  readonly #scale: HTMLElement;
  readonly #text: Text;
  #values: number[] = [];

  constructor(root: ParentNode, text: Text) {
    this.#text = text;
    this.#line = find(root, ".sparkline polyline", SVGPolylineElement);
    this.#area = find(root, ".sparkline polygon", SVGPolygonElement);
    this.#scale = find(root, ".sparkline-scale", HTMLElement);
  }

  clear(): void {
    this.#values = [];
    this.#draw();
  }

  /** Add a delay, ms; undefined repeats the previous one. */
  add(ms: number | undefined): void {
    const value = ms ?? this.#values.at(-1);
    if (value === undefined) return;
    this.#values.push(value);
    if (this.#values.length > capacity) this.#values.shift();
    this.#draw();
  }

  #draw(): void {
    const most = this.#values.reduce((a, b) => Math.max(a, b), 0);
    const top = scales.find((scale) => scale >= most) ?? most;
    const first = capacity - this.#values.length;
    const points = this.#values.map((value, i) => `${first + i},${(height * (1 - value / top)).toFixed(1)}`);
    this.#line.setAttribute("points", points.join(" "));
    const corners = points.length === 0 ? [] : [`${first},${height}`, ...points, `${capacity - 1},${height}`];
    this.#area.setAttribute("points", corners.join(" "));
    setText(this.#scale, points.length === 0 ? "" : this.#text.sparklineScale(top));
  }
}
