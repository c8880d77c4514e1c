/**
 * A mean rate from running totals of the server, by the server's own clock. It is taken from the first total on, so
 * what comes before the first order to upload does not count as time without any.
 */
export class ServerRate {
  #first: { bytes: number; s: number } | undefined;
  #last: { bytes: number; s: number } | undefined;

  /** Takes a total, and the seconds after which the server had it. */
  add(bytes: number | undefined, s: number | undefined): void {
    if (bytes === undefined || s === undefined) return;
    this.#last = { bytes, s };
    this.#first ??= this.#last;
  }

  /** Bits per second; undefined of fewer than two totals. */
  get bps(): number | undefined {
    if (this.#first === undefined || this.#last === undefined || this.#last.s <= this.#first.s) return undefined;
    return (8 * Math.max(this.#last.bytes - this.#first.bytes, 0)) / (this.#last.s - this.#first.s);
  }
}
