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
    const found = warmUpOf("computer", journal, { from: 5000, until: 8000 });
    expect(found?.lineBps).toBeCloseTo(20_012_500, -5);
    expect(found?.computerMbps).toBe(30);
  });

  it("takes an upload's rate from what the server counted", () => {
    const counts = [1000, 6250, 7250, 8000].map((at, i) => ({ at, bytes: 1_000_000 * i }));
    expect(warmUpOf("backup", { ...arriving(), counts }, { from: 5000, until: 8000 })).toEqual({ lineBps: 64e6 / 7, computerMbps: 14 });
  });

  it("asks for 1 Mbit/s at least", () => {
    expect(warmUpOf("computer", arriving({ mbps: 0.1, from: 0, until: 3000 }), { from: 0, until: 3000 })?.computerMbps).toBe(1);
  });

  it("says nothing of a connection that never opened, was cut short, or brought nothing", () => {
    const journal = arriving({ mbps: 20, from: 0, until: 1500 });
    expect(warmUpOf("computer", journal, undefined)).toBeUndefined();
    expect(warmUpOf("computer", journal, { from: 0, until: 1500 })).toBeUndefined();
    expect(warmUpOf("computer", arriving(), { from: 0, until: 3000 })).toBeUndefined();
  });
});
