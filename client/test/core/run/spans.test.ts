import { describe, expect, it } from "vitest";
import { loadOf, overlapOf, wholeCyclesOf, wholeOf } from "../../../src/core/run/spans.js";

describe("loadOf", () => {
  it("is the time when all are on the line", () => {
    expect(loadOf([{ from: 1, until: 9 }, undefined, { from: 3, until: 12 }])).toEqual({ from: 3, until: 9 });
    expect(loadOf([undefined])).toBeUndefined();
    expect(loadOf([{ from: 1, until: 2 }, { from: 3, until: 4 }])).toBeUndefined();
  });
});

describe("wholeOf", () => {
  it("is the time when any is on the line", () => {
    expect(wholeOf([{ from: 3, until: 9 }, { from: 1, until: 2 }, { from: 4, until: 5 }])).toEqual({ from: 1, until: 9 });
    expect(wholeOf([])).toBeUndefined();
  });
});

describe("overlapOf", () => {
  it("is what two spans have in common", () => {
    expect(overlapOf({ from: 1, until: 9 }, { from: 3, until: 12 })).toEqual({ from: 3, until: 9 });
    expect(overlapOf({ from: 1, until: 3 }, { from: 3, until: 12 })).toBeUndefined();
    expect(overlapOf(undefined, { from: 3, until: 12 })).toBeUndefined();
  });
});

describe("wholeCyclesOf", () => {
  it("is the end of a span, and all of a short one", () => {
    expect(wholeCyclesOf({ from: 1000, until: 14_000 })).toEqual({ from: 4000, until: 14_000 });
    expect(wholeCyclesOf({ from: 1000, until: 5000 })).toEqual({ from: 1000, until: 5000 });
  });
});
