import type { Point } from "./live-messages.js";

/** Seconds that the charts show. */
export const span = 600;

/** The last minutes. */
export class Trend {
  #points: Point[] = [];

  /** Starts anew, with what the daemon remembers. */
  reset(points: readonly Point[]): void {
    this.#points = [...points];
  }

  /** Takes a point; one that is no newer than the last is the same. */
  add(point: Point): void {
    if (point[0] <= (this.#points.at(-1)?.[0] ?? -Infinity)) return;
    this.#points.push(point);
    const oldest = point[0] - span;
    while ((this.#points[0]?.[0] ?? oldest) < oldest) this.#points.shift();
  }

  get latest(): Point | undefined {
    return this.#points.at(-1);
  }

  /** Seconds since the left end of the charts; the newest point is at the right end. */
  get xs(): number[] {
    const end = this.latest?.[0] ?? 0;
    return this.#points.map(([at]) => at - end + span);
  }

  /** One of the figures over time, times `factor`. */
  column(index: 1 | 2 | 3 | 4 | 5 | 6, factor = 1): (number | null)[] {
    return this.#points.map((point) => {
      const value = point[index];
      return value === null ? null : value * factor;
    });
  }
}
