import { describe, expect, it } from "vitest";
import { PingTracker } from "../src/core/session/ping-tracker.js";
import { RateMeter } from "../src/core/session/rate-meter.js";
import { Format } from "../src/view/format.js";

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

describe("PingTracker", () => {
  it("times each answer by the local clock", () => {
    const pings = new PingTracker();
    const first = pings.sent(0);
    const second = pings.sent(100);
    pings.answered(first, 120);
    pings.answered(second, 130);
    expect(pings.figures(140, 1000)).toEqual({ count: 2, p50Ms: 30, p95Ms: 120 });
    expect(pings.latestMs(140)).toBe(30);
  });

  it("waits no longer for a ping once a later one is answered", () => {
    const pings = new PingTracker();
    const first = pings.sent(0);
    pings.sent(100);
    pings.answered(pings.sent(200), 250);
    expect(pings.waitingMs(9000)).toBe(0);
    pings.answered(first, 9000);
    expect(pings.figures(9000, Infinity).count).toBe(1);
  });

  it("ignores answers to pings that were not sent, or twice", () => {
    const pings = new PingTracker();
    const only = pings.sent(0);
    pings.answered(99, 1);
    pings.answered(only, 5);
    pings.answered(only, 900);
    expect(pings.figures(900, 1000)).toEqual({ count: 1, p50Ms: 5, p95Ms: 5 });
  });

  it("forgets what is older than the window, but keeps it for the run", () => {
    const pings = new PingTracker();
    pings.answered(pings.sent(0), 80);
    pings.answered(pings.sent(5000), 5010);
    expect(pings.figures(5010, 1000)).toEqual({ count: 1, p50Ms: 10, p95Ms: 10 });
    expect(pings.figures(5010, Infinity).count).toBe(2);
  });

  it("shows a line that answers nothing by the age of the oldest ping", () => {
    const pings = new PingTracker();
    expect(pings.waitingMs(10)).toBe(0);
    pings.sent(0);
    pings.sent(100);
    expect(pings.waitingMs(3000)).toBe(3000);
  });

  it("holds a bounded number of pings without an answer", () => {
    const pings = new PingTracker();
    for (let at = 0; at < 100_000; at += 100) pings.sent(at);
    expect(pings.waitingMs(100_000)).toBe(60_000);
  });
});

describe("Format", () => {
  it("gives three significant figures", () => {
    const format = new Format("en");
    expect(format.mbps(1_500_000)).toBe("1.50");
    expect(format.mbps(25_040_000)).toBe("25.0");
    expect(format.mbps(940_400_000)).toBe("940");
    expect(format.milliseconds(undefined)).toBe("–");
    expect(format.milliseconds(3.14)).toBe("3.1");
    expect(format.milliseconds(1234.5)).toBe("1,235");
    expect(format.bytes(47_000)).toBe("47 kB");
    expect(format.bytes(12_340_000)).toBe("12.3 MB");
    expect(format.bytes(3_500_000_000)).toBe("3.50 GB");
  });

  it("follows the language", () => {
    expect(new Format("de").mbps(1_500_000)).toBe("1,50");
  });
});
