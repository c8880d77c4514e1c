
/** @throws RangeError unless the value is finite and at least 0. */
export function requireAmount(value: number, what: string): void {
  if (!(Number.isFinite(value) && value >= 0)) throw new RangeError(`${what} must be a finite number of at least 0`);
}

/** @throws RangeError that names the first value which is not finite or below 0. */
export function requireAmounts(values: readonly number[], what: string): void {
  values.forEach((value, index) => {
    requireAmount(value, `${what}[${index}]`);
  });
}

/** @throws RangeError unless the value is finite and above 0. */
export function requirePositive(value: number, what: string): void {
  if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`${what} must be a finite number above 0`);
}

/** @throws RangeError unless the value is from 0 to 1. */
export function requireShare(value: number, what: string): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${what} must be from 0 to 1`);
}
