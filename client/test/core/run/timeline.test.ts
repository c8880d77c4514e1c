import { describe, expect, it } from "vitest";
import type { Party } from "../../../src/core/people.js";
import { thinned, timelineOf, type Timeline } from "../../../src/core/run/timeline.js";
import type { Journal } from "../../../src/core/session/journal.js";
import { none } from "./samples.js";

describe("timelineOf", () => {
  it("has a row per quarter of a second, and gaps where nothing was measured", () => {
    const journals = new Map<Party, Journal>([
      ["probe", { ...none, pingsSentAt: [], roundTrips: [10, 30, 20].map((ms, i) => ({ sentAt: 1000 + i * 50, ms })) }],
      ["jake", { pingsSentAt: [], roundTrips: [], received: [{ at: 1300, bytes: 31_250 }], sent: [] }],
      ["computer", { pingsSentAt: [], roundTrips: [], received: [{ at: 1400, bytes: 31_250 }], sent: [] }],
    ]);
    expect(timelineOf(journals, 1000, 1700)).toEqual({
      seconds: [0, 0.25],
      delayMs: { probe: [20, null], alex: [null, null], sarah: [null, null], jake: [null, null] },
      downBps: [0, 2_000_000],
      upBps: [0, 0],
    });
  });
});

describe("thinned", () => {
  it("keeps medians and means, and gaps", () => {
    const delay = [1, 5, 9, null, null, null, 7];
    const timeline: Timeline = {
      seconds: delay.map((_, i) => i),
      delayMs: { probe: delay, alex: delay, sarah: delay, jake: delay },
      downBps: [3, 6, 9, 0, 0, 0, 4],
      upBps: [1, 1, 1, 1, 1, 1, 1],
    };
    const { seconds, delayMs, downBps } = thinned(timeline, 3);
    expect(seconds).toEqual([0, 3, 6]);
    expect(delayMs.probe).toEqual([5, null, 7]);
    expect(downBps).toEqual([6, 0, 4]);
  });
});
