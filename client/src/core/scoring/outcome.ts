import type { Bounds, LatencyBounds, Requirement } from "./requirements.js";
import { percentile } from "./statistics.js";
import { requireAmount, requireShare } from "./validation.js";

export type Component = "latency" | "loss" | "throughput";

/** Scores from 0 to 100; null where the activity has no such requirement or nothing was measured. */
export interface Outcome {
  /** The least component; null as long as latency or delivery is required and was not measured. */
  score: number | null;
  latency: number | null;
  loss: number | null;
  throughput: number | null;
  /** The least component, the first of equal ones; null where the score is null or 100. */
  limitedBy: Component | null;
}

const components = ["latency", "loss", "throughput"] as const;

/**
 * The score of a figure of which less is better: 100 up to ROP, 0 from CPUP on, and linear between. For ROP equal to
 * CPUP it is a threshold that may be reached. `clamp(0, 1 - (measured - ROP) / (CPUP - ROP), 1) * 100` of
 * draft-ietf-ippm-qoo, without its division by zero.
 */
export function component(measured: number, { rop, cpup }: Bounds): number {
  if (measured <= rop) return 100;
  if (measured >= cpup) return 0;
  return 100 * (1 - (measured - rop) / (cpup - rop));
}

/** The least score of all percentiles; null without bounds or without round trips. */
export function latencyScore(bounds: readonly LatencyBounds[], roundTripsMs: readonly number[]): number | null {
  let least: number | null = null;
  for (const bound of bounds) {
    const measured = percentile(roundTripsMs, bound.percentile);
    if (measured === null) return null;
    least = Math.min(least ?? 100, component(measured, bound));
  }
  return least;
}

/** The score of a loss; null without bounds or where loss was not measured. */
export function lossScore(bounds: Bounds | undefined, lossShare: number | null): number | null {
  if (lossShare === null) return null;
  requireShare(lossShare, "loss_share");
  return bounds === undefined ? null : component(lossShare, bounds);
}

/**
 * The score of the share of the wanted rate that arrives; null without bounds or where nothing was wanted.
 *
 * The draft has a threshold here. Calls, games and players adapt, so that a bit too little is not yet a failure: the
 * score is linear between two bounds, and a threshold where they are equal.
 */
export function throughputScore(bounds: Bounds | undefined, delivery: number | null): number | null {
  if (delivery === null) return null;
  requireAmount(delivery, "delivery");
  return bounds === undefined ? null : component(-delivery, { rop: -bounds.rop, cpup: -bounds.cpup });
}

/**
 * Quality of Outcome (draft-ietf-ippm-qoo) of round trips under load, loss as a share, and the share of the wanted rate
 * that arrived. Loss is null over TCP, which repeats what is lost, so that loss is seen as latency; the score is then
 * that of the other components.
 *
 * @throws RangeError for figures that cannot be.
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
