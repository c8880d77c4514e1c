import { requireAmount, requireAmounts } from "./validation.js";

/**
 * The smallest value that at least `percent` % of the values do not exceed; null of no values.
 *
 * That is the percentile of the empirical distribution function, RFC 2330 section 11.3, also called nearest rank:
 * always a value that was measured, never one between two.
 *
 * @throws RangeError when `percent` is not from 0 to 100, or a value is negative or not finite.
 */
export function percentile(values: readonly number[], percent: number): number | null {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError("percent must be from 0 to 100");
  requireAmounts(values, "values");
  const ascending = [...values].sort((a, b) => a - b);
  // The product comes first: of whole numbers it is exact, so a rank is never one too high.
  const rank = Math.ceil((percent * ascending.length) / 100);
  return ascending[Math.max(rank, 1) - 1] ?? null;
}

/**
 * Mean absolute difference of neighbouring values, in the order of measurement; null of fewer than two.
 *
 * The differences are the inter-packet delay variation of RFC 3393. Their plain mean weighs all of a run alike, while
 * the running estimate of RFC 3550 section 6.4.1 has forgotten all but the last few dozen.
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

/**
 * Share of the packets sent that did not arrive; null where none were sent.
 *
 * @throws RangeError when more were received than sent.
 */
export function lossShare(sent: number, received: number): number | null {
  requireAmount(sent, "sent");
  requireAmount(received, "received");
  if (received > sent) throw new RangeError("received must be at most sent");
  return sent === 0 ? null : (sent - received) / sent;
}
