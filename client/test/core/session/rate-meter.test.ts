import { describe, expect, it } from "vitest";
import { RateMeter } from "../../../src/core/session/rate-meter.js";

describe("RateMeter", () => {
  it("is the rate of the last second", () => {
    const meter = new RateMeter();
    for (let at = 0; at < 3000; at += 10) meter.add(1250, at);
    expect(meter.bps(2990)).toBeGreaterThan(0.94e6);
    expect(meter.bps(2990)).toBeLessThan(1.06e6);
    expect(meter.bps(4100)).toBe(0);
    expect(meter.total).toBe(375_000);
  });

  it("does not divide the first bytes by a window that has not passed", () => {
    const meter = new RateMeter();
    meter.begin(1000);
    meter.add(62_500, 1400);
    expect(meter.bps(1500)).toBe(1_000_000);
  });

  it("has a mean over the whole time", () => {
    const meter = new RateMeter();
    expect(meter.meanBps(5)).toBe(0);
    meter.begin(0);
    meter.add(1_000_000, 500);
    expect(meter.meanBps(4000)).toBe(2_000_000);
  });
});
