import type { Person } from "../people.js";
import type { Snapshot } from "../session/snapshot.js";

/** Live quality for a person; `unknown` without enough figures. */
export type Quality = "unknown" | "good" | "fair" | "poor";

interface Limits {
  good: number;
  fair: number;
}

/**
 * Figure that decides a person's quality: p95 round trip for games and calls, with bounds of a Quality of Outcome
 * (draft-ietf-ippm-qoo); the share of the rate that arrives where a buffer hides delay.
 */
const judgedBy: Record<Person, { latencyMs: Limits } | { delivery: Limits } | undefined> = {
  alex: { latencyMs: { good: 50, fair: 100 } },
  sarah: { latencyMs: { good: 50, fair: 100 } },
  jake: { delivery: { good: 0.95, fair: 0.7 } },
  // Any rate is right for updates and backups.
  computer: undefined,
};

/** Minimum answers for a p95 that one packet does not decide. */
const minAnswers = 20;
/** Wait of a ping that means poor quality. */
const stuckMs = 1000;

export function qualityOf(person: Person, snapshot: Snapshot): Quality {
  const rule = judgedBy[person];
  if (rule === undefined) return snapshot.receivedBytes + snapshot.sentBytes > 0 ? "good" : "unknown";
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
