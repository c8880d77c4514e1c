/** Seconds until the next try to connect, after so many that failed. */
export function retryDelay(failed: number): number {
  return Math.min(2 ** Math.min(failed, 10), 10);
}
