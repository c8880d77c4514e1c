/** Return monotonic milliseconds, the same for the page and its workers (W3C High Resolution Time, time origin). */
export function monotonic(): number {
  return performance.timeOrigin + performance.now();
}
