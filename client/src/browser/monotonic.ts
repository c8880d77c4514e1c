/** Milliseconds of the clock that the page and all its workers share (W3C High Resolution Time, time origin). */
export function monotonic(): number {
  return performance.timeOrigin + performance.now();
}
