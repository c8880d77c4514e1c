import { describe, expect, it } from "vitest";
import { busyOf, loadOf } from "../../../src/core/run/spans.js";

describe("loadOf", () => {
  it("is the time when all are on the line", () => {
    expect(loadOf([{ from: 1, until: 9 }, undefined, { from: 3, until: 12 }])).toEqual({ from: 3, until: 9 });
    expect(loadOf([undefined])).toBeUndefined();
    expect(loadOf([{ from: 1, until: 2 }, { from: 3, until: 4 }])).toBeUndefined();
  });
});

describe("busyOf", () => {
  it("lasts until the last one has left, also where one was ended early", () => {
    expect(busyOf([{ from: 1, until: 4 }, undefined, { from: 3, until: 12 }])).toEqual({ from: 3, until: 12 });
    expect(busyOf([undefined])).toBeUndefined();
  });
});
