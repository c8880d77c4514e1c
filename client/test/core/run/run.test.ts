import { describe, expect, it } from "vitest";
import { gradedDelayOf, type ShownReport } from "../../../src/core/run/run.js";

const latency = { count: 240, p50Ms: 4, p95Ms: 196, p99Ms: 300, jitterMs: 1, increaseP95Ms: 193 };
const attribution = { cause: "device", witness: "kernel", rate: "line", kernelBaselineMs: 0.7, kernelIncreaseP95Ms: 0.5, meansAgree: false } as const;
const report: ShownReport = {
  valid: true,
  invalid: [],
  grade: "A+",
  baselineMs: 3,
  idle: latency,
  latency,
  lossShare: 0,
  attribution,
  people: [],
};

describe("the delay that a grade rests on", () => {
  it("is the kernel's where a slow browser waited for its own work", () => {
    expect(gradedDelayOf(report)).toEqual({ idleMs: 0.7, loadedMs: 1.2, addedMs: 0.5 });
  });

  it("is the pings' where they carry the grade, and where nothing else was measured", () => {
    const pings = { idleMs: 3, loadedMs: 196, addedMs: 193 };
    expect(gradedDelayOf({ ...report, attribution: { ...attribution, cause: "line", witness: "application" } })).toEqual(pings);
    expect(gradedDelayOf({ ...report, attribution: null })).toEqual(pings);
  });
});
