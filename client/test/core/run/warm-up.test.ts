import { describe, expect, it } from "vitest";
import { warmUpOf } from "../../../src/core/run/warm-up.js";
import type { Journal } from "../../../src/core/session/journal.js";

/** A journal of `mbps` from `from` to `until`, in portions of 20 ms. */
function arriving(...stretches: { mbps: number; from: number; until: number }[]): Journal {
  const received = stretches.flatMap(({ mbps, from, until }) =>
    Array.from({ length: (until - from) / 20 }, (_, i) => ({ at: from + 20 * (i + 1), bytes: mbps * 2500 })),
  );
  return { pingsSentAt: [], roundTrips: [], received, sent: [] };
}

describe("warm-up", () => {
  it("takes the rate after the first second, and lets the Computer ask for half as much again", () => {
    const journal = arriving({ mbps: 1, from: 5000, until: 6000 }, { mbps: 20, from: 6000, until: 8000 });
    const found = warmUpOf(journal, { from: 5000, until: 8000 });
    expect(found?.lineBps).toBeCloseTo(20_012_500, -5);
    expect(found?.computerMbps).toBe(30);
  });

  it("asks for 1 Mbit/s at least", () => {
    expect(warmUpOf(arriving({ mbps: 0.1, from: 0, until: 3000 }), { from: 0, until: 3000 })?.computerMbps).toBe(1);
  });

  it("says nothing of a connection that never opened, was cut short, or brought nothing", () => {
    const journal = arriving({ mbps: 20, from: 0, until: 1500 });
    expect(warmUpOf(journal, undefined)).toBeUndefined();
    expect(warmUpOf(journal, { from: 0, until: 1500 })).toBeUndefined();
    expect(warmUpOf(arriving(), { from: 0, until: 3000 })).toBeUndefined();
  });
});
