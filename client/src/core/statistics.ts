/**
 * The nearest-rank quantile of values in ascending order.
 *
 * @param q from 0 to 1.
 * @returns undefined where there are no values.
 */
export function quantile(ascending: readonly number[], q: number): number | undefined {
  if (ascending.length === 0) return undefined;
  const rank = Math.max(1, Math.ceil(q * ascending.length));
  return ascending[Math.min(rank, ascending.length) - 1];
}
