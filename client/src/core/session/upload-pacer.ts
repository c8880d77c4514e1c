import type { UploadRequest } from "./wire.js";

/** Least backlog in the browser's send buffer that counts as full, bytes. */
const minHighWater = 65_536;
/** The buffer is full when it holds what is due in this time. */
const highWaterMs = 100;

/**
 * Spreads what the server asks for over the time it gives. Catch-up is bounded: while the send buffer is full nothing
 * is added to it, and at the next request at most one request's worth of the backlog is kept. Times are milliseconds.
 */
export class UploadPacer {
  /** Bytes that were asked for and given up because the line did not take them. */
  droppedBytes = 0;
  #startedAt = 0;
  #durationMs = 0;
  #chunkBytes = 1;
  #totalBytes = 0;
  #sentBytes = 0;

  /** Bytes still to send. */
  get pendingBytes(): number {
    return this.#totalBytes - this.#sentBytes;
  }

  accept(request: UploadRequest, now: number): void {
    const kept = Math.min(this.pendingBytes, request.targetBytes);
    this.droppedBytes += this.pendingBytes - kept;
    this.#startedAt = now;
    this.#durationMs = request.durationMs;
    this.#chunkBytes = request.chunkBytes;
    this.#totalBytes = request.targetBytes + kept;
    this.#sentBytes = 0;
  }

  /** Gives up everything that is pending. */
  clear(): void {
    this.droppedBytes += this.pendingBytes;
    this.#totalBytes = this.#sentBytes;
  }

  /** When the next chunk is due; undefined where nothing is pending. */
  nextDue(): number | undefined {
    if (this.pendingBytes === 0) return undefined;
    return this.#startedAt + (this.#durationMs * this.#sentBytes) / this.#totalBytes;
  }

  /** Sizes of the chunks to send now, where `bufferedBytes` have not left the browser yet. */
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
    return Math.max(minHighWater, (this.#totalBytes * highWaterMs) / this.#durationMs);
  }
}
