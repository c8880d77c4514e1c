import type { Bounds, LatencyBounds, Requirement } from "./requirements.js";
import { percentile } from "./statistics.js";
import { requireAmount, requireShare } from "./validation.js";

export type Component = "latency" | "loss" | "throughput";

/** Scores from 0 to 100; null where the activity has no such requirement or nothing was measured. */
export interface Outcome {
  /** Our own: the lowest component; null while required latency or delivery is missing. */
  score: number | null;
  /** Quality of Outcome as in draft-ietf-ippm-qoo-09, with a threshold for the throughput. */
  qoo: number | null;
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
 * Return the score of the share of the wanted rate that arrives; null without bounds or wanted rate. The draft has a
 * threshold, but calls, games and players adapt: ours is linear between two bounds.
 */
export function throughputScore(bounds: Bounds | undefined, delivery: number | null): number | null {
  if (delivery === null) return null;
  requireAmount(delivery, "delivery");
  return bounds === undefined ? null : component(-delivery, { rop: -bounds.rop, cpup: -bounds.cpup });
}

/** Score the delivery as the draft does; 100 without bounds or delivery. */
function thresholdScore(bounds: Bounds | undefined, delivery: number | null): number {
  return bounds === undefined || delivery === null || delivery >= bounds.cpup ? 100 : 0;
}

/**
 * Return both scores of round trips under load, loss, and delivery. Loss is null over TCP, which turns it into latency;
 * the scores then rest on the other components. `smooth` is the score of a rendition in which a video played without a
 * stop.
 *
 * @throws RangeError for impossible figures.
 */
export function qualityOfOutcome(
  requirement: Requirement,
  roundTripsMs: readonly number[],
  lossShare: number | null,
  delivery: number | null,
  smooth: number | null = null,
): Outcome {
  const latencyBounds = requirement.latency ?? [];
  const scores: Record<Component, number | null> = {
    latency: latencyScore(latencyBounds, roundTripsMs),
    loss: lossScore(requirement.loss, lossShare),
    throughput: smooth ?? throughputScore(requirement.delivery, delivery),
  };
  const missing =
    (latencyBounds.length > 0 && scores.latency === null) ||
    (requirement.delivery !== undefined && scores.throughput === null);
  let score: number | null = null;
  let qoo: number | null = null;
  let limitedBy: Component | null = null;
  for (const name of components) {
    const each = scores[name];
    if (missing || each === null) continue;
    qoo = Math.min(qoo ?? 100, name === "throughput" ? thresholdScore(requirement.delivery, delivery) : each);
    if (each >= (score ?? Infinity)) continue;
    score = each;
    limitedBy = name;
  }
  return { score, qoo, ...scores, limitedBy: score === 100 ? null : limitedBy };
}
