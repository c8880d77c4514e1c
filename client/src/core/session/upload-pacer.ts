import type { UploadRequest } from "./wire.js";

/** Minimum size of a full send buffer, bytes. */
const minHighWater = 65_536;
/** Payload of this time fills the send buffer. */
const highWaterMs = 100;
/** Most of a full send buffer, bytes: 64 ms at 1 Gbit/s, which a phone has to spare. */
const maxHighWater = 8_000_000;

/**
 * Spreads requested uploads over the given time. A full send buffer takes no more, and a new request keeps at most its
 * own size of the backlog. Times are milliseconds.
 */
export class UploadPacer {
  /** Bytes dropped because the line, or a limit, was too slow. */
  droppedBytes = 0;
  #startedAt = 0;
  #durationMs = 0;
  #chunkBytes = 1;
  #totalBytes = 0;
  #sentBytes = 0;
  /** Limit of the rate. */
  #mostBytesPerMs = Infinity;

  get pendingBytes(): number {
    return this.#totalBytes - this.#sentBytes;
  }

  /** Upload at most `mbps` from the next request on. */
  limit(mbps: number): void {
    this.#mostBytesPerMs = mbps * 125;
  }

  accept({ targetBytes, chunkBytes, durationMs }: UploadRequest, now: number): void {
    const taken = durationMs === 0 ? targetBytes : Math.min(targetBytes, Math.round(this.#mostBytesPerMs * durationMs));
    const kept = Math.min(this.pendingBytes, taken);
    this.droppedBytes += this.pendingBytes - kept + targetBytes - taken;
    this.#startedAt = now;
    this.#durationMs = durationMs;
    this.#chunkBytes = chunkBytes;
    this.#totalBytes = taken + kept;
    this.#sentBytes = 0;
  }

  clear(): void {
    this.droppedBytes += this.pendingBytes;
    this.#totalBytes = this.#sentBytes;
  }

  /** Return the time of the next chunk, if one is pending. */
  nextDue(): number | undefined {
    if (this.pendingBytes === 0) return undefined;
    return this.#startedAt + (this.#durationMs * this.#sentBytes) / this.#totalBytes;
  }

  /** Return the sizes of the chunks due, given the bytes in the send buffer. */
  take(now: number, bufferedBytes: number): number[] {
    const chunks: number[] = [];
    const highWater = this.#highWater();
    let buffered = bufferedBytes;
    for (let due = this.nextDue(); due !== undefined && due <= now && buffered < highWater; due = this.nextDue()) {
      const size = Math.min(this.#chunkBytes, this.pendingBytes);
      chunks.push(size);
      this.#sentBytes += size;
      buffered += size;
    }
    return chunks;
  }

  #highWater(): number {
    if (this.#durationMs === 0) return Math.max(minHighWater, this.#totalBytes);
    return Math.min(maxHighWater, Math.max(minHighWater, (this.#totalBytes * highWaterMs) / this.#durationMs));
  }
}
