import { nearestRank } from "../scoring/statistics.js";
import type { RoundTrip } from "./journal.js";

/** Round trips of a period, ms; undefined without answers. */
export interface LiveLatency {
  count: number;
  p50Ms: number | undefined;
  p95Ms: number | undefined;
}

/** Limit of pings in flight; an older one counts as unanswered. */
const maxWaiting = 600;

/** Pings of the client. Only the local clock times a round trip. Times are monotonic milliseconds. */
export class PingTracker {
  #sequence = 0;
  /** Time of sending by sequence, oldest first. */
  readonly #waiting = new Map<number, number>();
  /** All round trips, oldest first: at most 20 a second for 300 s. */
  readonly #roundTrips: { at: number; ms: number }[] = [];

  /** Return the sequence of the new ping. */
  sent(now: number): number {
    this.#sequence += 1;
    this.#waiting.set(this.#sequence, now);
    if (this.#waiting.size > maxWaiting) {
      const [oldest] = this.#waiting.keys();
      if (oldest !== undefined) this.#waiting.delete(oldest);
    }
    return this.#sequence;
  }

  /**
   * Record an answer and return its round trip; undefined for an unknown sequence. Answers come in order, so earlier
   * pings stay unanswered.
   */
  answered(sequence: number, now: number): RoundTrip | undefined {
    const sentAt = this.#waiting.get(sequence);
    if (sentAt === undefined) return undefined;
    for (const earlier of this.#waiting.keys()) {
      if (earlier > sequence) break;
      this.#waiting.delete(earlier);
    }
    this.#roundTrips.push({ at: now, ms: now - sentAt });
    return { sentAt, ms: now - sentAt };
  }

  /** Return the latest round trip of the last second. */
  latestMs(now: number): number | undefined {
    const latest = this.#roundTrips.at(-1);
    return latest !== undefined && now - latest.at <= 1000 ? latest.ms : undefined;
  }

  /** Return the age of the oldest ping in flight; 0 without one. */
  waitingMs(now: number): number {
    const [oldest] = this.#waiting.values();
    return oldest === undefined ? 0 : now - oldest;
  }

  /** Return the figures of the last `windowMs`; Infinity covers the whole run. */
  figures(now: number, windowMs: number): LiveLatency {
    const recent: number[] = [];
    for (let i = this.#roundTrips.length - 1; i >= 0; i -= 1) {
      const roundTrip = this.#roundTrips[i];
      if (roundTrip === undefined || now - roundTrip.at > windowMs) break;
      recent.push(roundTrip.ms);
    }
    recent.sort((a, b) => a - b);
    return {
      count: recent.length,
      p50Ms: nearestRank(recent, 50) ?? undefined,
      p95Ms: nearestRank(recent, 95) ?? undefined,
    };
  }
}
