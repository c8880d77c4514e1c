import type { Point } from "./live-messages.js";

/** Seconds. */
export const span = 600;

export class Trend {
  #points: Point[] = [];

  reset(points: readonly Point[]): void {
    this.#points = [...points];
  }

  /** Add a point if it is newer than the last. */
  add(point: Point): void {
    if (point[0] <= (this.#points.at(-1)?.[0] ?? -Infinity)) return;
    this.#points.push(point);
    const oldest = point[0] - span;
    while ((this.#points[0]?.[0] ?? oldest) < oldest) this.#points.shift();
  }

  get latest(): Point | undefined {
    return this.#points.at(-1);
  }

  /** Times from the left end of the charts, seconds; the newest point is at the right end. */
  get xs(): number[] {
    const end = this.latest?.[0] ?? 0;
    return this.#points.map(([at]) => at - end + span);
  }

  /** Return one figure over time, times `factor`. */
  column(index: 1 | 2 | 3 | 4 | 5 | 6, factor = 1): (number | null)[] {
    return this.#points.map((point) => {
      const value = point[index];
      return value === null ? null : value * factor;
    });
  }
}
