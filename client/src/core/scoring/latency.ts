import { jitter, percentile } from "./statistics.js";

export interface LatencyFigures {
  count: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  jitterMs: number | null;
  /** 95th percentile of the increase; null without samples or baseline. */
  increaseP95Ms: number | null;
}

/**
 * Return the median round trip of the idle line; null without any.
 *
 * The minimum would be the length of the path, as RFC 6817 wants it for a sender. What an idle line adds to it
 * (contention on Wi-Fi, DOCSIS and mobile grants) is no effect of load. The median ignores a few outliers of a short
 * idle phase.
 */
export function baseline(idleMs: readonly number[]): number | null {
  return percentile(idleMs, 50);
}

/**
 * Return the growth of latency, at least 0. Percentiles keep their order under subtraction, so the increase of a
 * percentile is the percentile of increases.
 */
export function increase(baselineMs: number, latencyMs: number): number {
  return Math.max(latencyMs - baselineMs, 0);
}

/** Return the figures of round trips in the order of measurement. @throws RangeError for a negative or infinite one. */
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
