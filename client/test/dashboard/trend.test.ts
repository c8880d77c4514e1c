import { describe, expect, it } from "vitest";
import type { Point } from "../../src/dashboard/live-messages.js";
import { span, Trend } from "../../src/dashboard/trend.js";

function point(at: number, sessions = 0): Point {
  return [at, sessions, 0, 0, null, 0.02, null];
}

describe("the trend", () => {
  it("ends with the newest point, takes none twice and forgets what is older than it shows", () => {
    const trend = new Trend();
    trend.reset([point(100), point(101, 2)]);
    trend.add(point(101, 9));
    trend.add(point(102, 3));
    expect(trend.column(1)).toEqual([0, 2, 3]);
    expect(trend.column(5, 1000)).toEqual([20, 20, 20]);
    expect(trend.column(4)).toEqual([null, null, null]);
    expect(trend.xs).toEqual([span - 2, span - 1, span]);
    trend.add(point(101 + span, 4));
    expect(trend.column(1)).toEqual([2, 3, 4]);
    expect(trend.xs[0]).toBe(0);
  });
});
