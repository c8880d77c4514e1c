import { describe, expect, it } from "vitest";
import { PingTracker } from "../../../src/core/session/ping-tracker.js";

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
