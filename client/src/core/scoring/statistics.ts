import { requireAmount, requireAmounts } from "./validation.js";

/**
 * Return the smallest value that at least `percent` % of the values do not exceed; null without values.
 *
 * This is the percentile of the empirical distribution function (RFC 2330 section 11.3, nearest rank): always a
 * measured value.
 *
 * @throws RangeError for a `percent` outside 0 to 100, or a negative or infinite value.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError("percent must be from 0 to 100");
  requireAmounts(values, "values");
  return nearestRank([...values].sort((a, b) => a - b), percent);
}

/** Return that percentile of values in ascending order, unchecked. */
export function nearestRank(ascending: readonly number[], percent: number): number | null {
  // Multiply first: products of whole numbers are exact, so no rank is one too high.
  const rank = Math.ceil((percent * ascending.length) / 100);
  return ascending[Math.max(rank, 1) - 1] ?? null;
}

/** Percentiles that draft-ietf-ippm-qoo-09 recommends to report. */
const reported = [0, 10, 25, 50, 75, 90, 95, 99, 99.9, 100];

/** Return the values at the percentiles to report; none without values. */
export function percentiles(values: readonly number[]): number[] {
  requireAmounts(values, "values");
  const ascending = [...values].sort((a, b) => a - b);
  return reported.flatMap((percent) => nearestRank(ascending, percent) ?? []);
}

/** Return the mean of each `count` values in a row; none for fewer. @throws RangeError for a `count` below 1. */
export function movingMeans(values: readonly number[], count: number): number[] {
  if (!(count >= 1)) throw new RangeError("count must be at least 1");
  requireAmounts(values, "values");
  return values.slice(count - 1).map((_, start) => values.slice(start, start + count).reduce((a, b) => a + b, 0) / count);
}

/** Return the series with the least percentile, the first of several; empty if there is none. */
export function leastSeries(all: readonly (readonly number[])[], percent: number): readonly number[] {
  const figure = (series: readonly number[]): number => percentile(series, percent) ?? 0;
  return all.reduce((least, each) => (least.length === 0 || figure(each) < figure(least) ? each : least), []);
}

/**
 * Return the mean absolute difference of neighbouring values, in the order of measurement; null below two.
 *
 * The differences are the delay variation of RFC 3393. The running estimate of RFC 3550 section 6.4.1 would forget all
 * but the last few dozen.
 */
export function jitter(values: readonly number[]): number | null {
  requireAmounts(values, "values");
  let sum = 0;
  let previous: number | undefined;
  for (const value of values) {
    if (previous !== undefined) sum += Math.abs(value - previous);
    previous = value;
  }
  return values.length < 2 ? null : sum / (values.length - 1);
}

/** Return the share of packets lost; null if none were sent. @throws RangeError for more received than sent. */
export function lossShare(sent: number, received: number): number | null {
  requireAmount(sent, "sent");
  requireAmount(received, "received");
  if (received > sent) throw new RangeError("received must be at most sent");
  return sent === 0 ? null : (sent - received) / sent;
}
