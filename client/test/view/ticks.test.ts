import { describe, expect, it } from "vitest";
import { ticksTo } from "../../src/view/ticks.js";

describe("ticksTo", () => {
  it("takes the finest round step that leaves room", () => {
    expect(ticksTo(60, 6)).toEqual([0, 10, 20, 30, 40, 50, 60]);
    expect(ticksTo(60, 5.9)).toEqual([0, 20, 40, 60]);
    expect(ticksTo(99, 4)).toEqual([0, 25, 50, 75]);
    expect(ticksTo(1, 2)).toEqual([0, 0.5, 1]);
  });

  it("labels multiples of a tenth exactly", () => {
    expect(ticksTo(0.35, 4)).toEqual([0, 0.1, 0.2, 0.3]);
  });

  it("has an end where there is no room at all", () => {
    expect(ticksTo(7, 0)).toEqual([0]);
  });
});
