import { describe, expect, it } from "vitest";
import { beforeLoadMs, maxWarmUpMs, recoveryMs, settleMs, totalMsOf, type Plan } from "../../src/core/plan.js";
import { maxSeconds, queryOptionsOf } from "../../src/core/run/query-options.js";

/** Longest session of a server with its defaults. */
const maxSessionMs = 300_000;

function planOf(query: string): Plan {
  const { seconds, stretches, computerMbps, warmUp } = queryOptionsOf(query);
  return { durationMs: 1000 * seconds, stretches, computerMbps, warmUp };
}

describe("the plan of a run", () => {
  it.each([
    ["", 17_000, 56_000],
    ["?directions=download", 11_000, 44_000],
    ["?warmup=0", 5000, 44_000],
    ["?computer=10", 5000, 44_000],
  ])("with %j has %i ms before the load, and %i in all", (query, before, total) => {
    expect(beforeLoadMs(planOf(query))).toBe(before);
    expect(totalMsOf(planOf(query))).toBe(total);
  });

  it("fits into a minute with every part", () => {
    expect(totalMsOf(planOf(""))).toBeLessThanOrEqual(60_000);
  });

  it("has at most ten seconds for each warm-up, with which the longest run fits into a session", () => {
    expect(maxWarmUpMs + settleMs).toBe(10_000);
    const longest = beforeLoadMs(planOf("?warmup=0")) + 2 * (maxWarmUpMs + settleMs) + 1000 * maxSeconds + recoveryMs;
    // The connections of each stretch need time to open.
    expect(longest).toBeLessThan(maxSessionMs - 10_000);
  });
});
