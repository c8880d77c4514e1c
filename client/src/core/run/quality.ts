import type { Person } from "../people.js";
import type { Snapshot } from "../session/snapshot.js";

/** How it is for a person; `unknown` until there is enough to say. */
export type Quality = "unknown" | "good" | "fair" | "poor";

interface Limits {
  good: number;
  fair: number;
}

/**
 * Per person the figure that matters to them. Latency is the p95 round trip, with the limits of a Quality of Outcome
 * (draft-ietf-ippm-qoo) for games and calls: at `good` all is well, above `fair` it is useless. A film or a download
 * waits in buffers, so what counts is the share of its rate that arrives.
 */
const judgedBy: Record<Person, { latencyMs: Limits } | { delivery: Limits } | undefined> = {
  alex: { latencyMs: { good: 50, fair: 100 } },
  sarah: { latencyMs: { good: 50, fair: 100 } },
  jake: { delivery: { good: 0.95, fair: 0.7 } },
  // Updates take what is left over: any rate is right for them.
  computer: undefined,
};

/** Fewest answers from which a p95 is more than one unlucky packet. */
const minAnswers = 20;
/** A ping that waits longer than this is worse than any figure. */
const stuckMs = 1000;

export function qualityOf(person: Person, snapshot: Snapshot): Quality {
  const rule = judgedBy[person];
  if (rule === undefined) return snapshot.receivedBytes > 0 ? "good" : "unknown";
  if ("delivery" in rule) {
    const share = snapshot.delivery;
    if (share === undefined) return "unknown";
    return share >= rule.delivery.good ? "good" : share >= rule.delivery.fair ? "fair" : "poor";
  }
  if (snapshot.phase === "running" && snapshot.waitingMs > stuckMs) return "poor";
  const { count, p95Ms } = snapshot.latency;
  if (p95Ms === undefined || count < minAnswers) return "unknown";
  return p95Ms <= rule.latencyMs.good ? "good" : p95Ms <= rule.latencyMs.fair ? "fair" : "poor";
}
