/** Steps between ticks, in powers of ten. */
const steps = [1, 2, 2.5, 5, 10];

/** Return the multiples of a round step from 0 to `top`, with at most `most` steps. */
export function ticksTo(top: number, most: number): number[] {
  const least = top / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * (steps.find((each) => each * power >= least) ?? 10);
  // Multiples of 0.1 are not exact.
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, count) => Number((count * step).toPrecision(9)));
}
