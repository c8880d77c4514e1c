/** Byte rate over a sliding window. Times are monotonic milliseconds. */
export class RateMeter {
  total = 0;
  /** Bytes of each bucket, oldest first. */
  readonly #buckets: { start: number; bytes: number }[] = [];
  readonly #windowMs: number;
  readonly #bucketMs: number;
  #begun: number | undefined;

  constructor(windowMs = 1000, bucketMs = 50) {
    this.#windowMs = windowMs;
    this.#bucketMs = bucketMs;
  }

  /** Start the first window, which is shorter until it is full. */
  begin(now: number): void {
    this.#begun ??= now;
  }

  add(bytes: number, now: number): void {
    this.begin(now);
    this.total += bytes;
    const last = this.#buckets.at(-1);
    if (last !== undefined && now - last.start < this.#bucketMs) last.bytes += bytes;
    else this.#buckets.push({ start: now, bytes });
  }

  /** Return bit/s of the last window. */
  bps(now: number): number {
    if (this.#begun === undefined) return 0;
    while (this.#buckets[0] !== undefined && this.#buckets[0].start <= now - this.#windowMs) this.#buckets.shift();
    const bytes = this.#buckets.reduce((sum, bucket) => sum + bucket.bytes, 0);
    const spanMs = Math.min(this.#windowMs, Math.max(now - this.#begun, this.#windowMs / 4));
    return (bytes * 8000) / spanMs;
  }

  /** Return mean bit/s since the start. */
  meanBps(now: number): number {
    if (this.#begun === undefined || now <= this.#begun) return 0;
    return (this.total * 8000) / (now - this.#begun);
  }
}
