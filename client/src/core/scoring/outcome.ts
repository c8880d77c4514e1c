import type { Bounds, LatencyBounds, Requirement } from "./requirements.js";
import { percentile } from "./statistics.js";
import { requireAmount, requireShare } from "./validation.js";

export type Component = "latency" | "loss" | "throughput";

/** Scores from 0 to 100; null where the activity has no such requirement or nothing was measured. */
export interface Outcome {
  /** The lowest component; null while required latency or delivery is missing. */
  score: number | null;
  latency: number | null;
  loss: number | null;
  throughput: number | null;
  /** The lowest component, the first of equals; null if the score is null or 100. */
  limitedBy: Component | null;
}

const components = ["latency", "loss", "throughput"] as const;

/**
 * Return 100 up to ROP, 0 from CPUP on, linear between; equal bounds are a threshold. This is `clamp(0, 1 - (measured -
 * ROP) / (CPUP - ROP), 1) * 100` of draft-ietf-ippm-qoo without a division by zero.
 */
export function component(measured: number, { rop, cpup }: Bounds): number {
  if (measured <= rop) return 100;
  if (measured >= cpup) return 0;
  return 100 * (1 - (measured - rop) / (cpup - rop));
}

/** Return the lowest score of all percentiles; null without bounds or round trips. */
export function latencyScore(bounds: readonly LatencyBounds[], roundTripsMs: readonly number[]): number | null {
  let least: number | null = null;
  for (const bound of bounds) {
    const measured = percentile(roundTripsMs, bound.percentile);
    if (measured === null) return null;
    least = Math.min(least ?? 100, component(measured, bound));
  }
  return least;
}

/** Return the score of a loss; null without bounds or measured loss. */
export function lossScore(bounds: Bounds | undefined, lossShare: number | null): number | null {
  if (lossShare === null) return null;
  requireShare(lossShare, "loss_share");
  return bounds === undefined ? null : component(lossShare, bounds);
}

/**
 * Return the score of the share of the wanted rate that arrives; null without bounds or wanted rate.
 *
 * The draft has a threshold. Calls, games and players adapt, so the score is linear between two bounds.
 */
export function throughputScore(bounds: Bounds | undefined, delivery: number | null): number | null {
  if (delivery === null) return null;
  requireAmount(delivery, "delivery");
  return bounds === undefined ? null : component(-delivery, { rop: -bounds.rop, cpup: -bounds.cpup });
}

/**
 * Return the Quality of Outcome (draft-ietf-ippm-qoo) of round trips under load, loss, and delivery. Loss is null over
 * TCP, which turns it into latency; the score then rests on the other components.
 *
 * @throws RangeError for impossible figures.
 */
export function qualityOfOutcome(
  requirement: Requirement,
  roundTripsMs: readonly number[],
  lossShare: number | null,
  delivery: number | null,
): Outcome {
  const latencyBounds = requirement.latency ?? [];
  const scores: Record<Component, number | null> = {
    latency: latencyScore(latencyBounds, roundTripsMs),
    loss: lossScore(requirement.loss, lossShare),
    throughput: throughputScore(requirement.delivery, delivery),
  };
  const missing =
    (latencyBounds.length > 0 && scores.latency === null) ||
    (requirement.delivery !== undefined && scores.throughput === null);
  let score: number | null = null;
  let limitedBy: Component | null = null;
  for (const name of components) {
    const each = scores[name];
    if (missing || each === null || each >= (score ?? Infinity)) continue;
    score = each;
    limitedBy = name;
  }
  return { score, ...scores, limitedBy: score === 100 ? null : limitedBy };
}
