import { jitter, percentile } from "./statistics.js";

/** Round trips of one phase. */
export interface LatencyFigures {
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  jitterMs: number | null;
  /** 95th percentile of the increase over the baseline; null without samples or without a baseline. */
  increaseP95Ms: number | null;
}

/**
 * The latency of the idle line: the median of its round trips, as 50th percentile; null of none.
 *
 * Not the least one: that is the length of the path, as RFC 6817 wants it for a sender. What an idle line usually adds
 * to it (contention on Wi-Fi, DOCSIS and mobile grants) is there without load, so it must not count as an effect of
 * load. The median is unmoved by a few outliers of a short idle phase.
 */
export function baseline(idleMs: readonly number[]): number | null {
  return percentile(idleMs, 50);
}

/**
 * What latency has grown by, never negative. A percentile of the increases of single round trips is the increase of
 * their percentile, because no round trips change places.
 */
export function increase(baselineMs: number, latencyMs: number): number {
  return Math.max(latencyMs - baselineMs, 0);
}

/** The figures of round trips in the order of measurement. @throws RangeError for a negative or not finite one. */
export function latencyFigures(roundTripsMs: readonly number[], baselineMs: number | null): LatencyFigures {
  const p95Ms = percentile(roundTripsMs, 95);
  return {
    count: roundTripsMs.length,
    p50Ms: percentile(roundTripsMs, 50),
    p95Ms,
    p99Ms: percentile(roundTripsMs, 99),
    jitterMs: jitter(roundTripsMs),
    increaseP95Ms: p95Ms === null || baselineMs === null ? null : increase(baselineMs, p95Ms),
  };
}
