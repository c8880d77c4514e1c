import { percentile } from "../scoring/statistics.js";
import type { RoundTrip } from "./journal.js";

/** Round trips over some time; milliseconds. Figures are undefined where there was no answer in that time. */
export interface LatencyFigures {
  count: number;
  p50Ms: number | undefined;
  p95Ms: number | undefined;
}

/** Most pings that wait for an answer at once; an older one counts as never answered. */
const maxWaiting = 600;

/**
 * The client's own pings. A round trip is matched by the sequence and timed by the local clock, so no number from the
 * server enters it. Times are monotonic milliseconds.
 */
export class PingTracker {
  #sequence = 0;
  /** Time of sending by sequence, oldest first. */
  readonly #waiting = new Map<number, number>();
  /** All of the run, oldest first: at most 20 a second for 300 s. */
  readonly #roundTrips: { at: number; ms: number }[] = [];

  /** The sequence for a ping that is sent now. */
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
   * Takes the answer to the ping with that sequence; an answer to none is ignored. Answers come in order, so the pings
   * before it will get none any more.
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

  /** The latest round trip of the last second; undefined where there was none. */
  latestMs(now: number): number | undefined {
    const latest = this.#roundTrips.at(-1);
    return latest !== undefined && now - latest.at <= 1000 ? latest.ms : undefined;
  }

  /** Age of the oldest ping without an answer, 0 where there is none. */
  waitingMs(now: number): number {
    const [oldest] = this.#waiting.values();
    return oldest === undefined ? 0 : now - oldest;
  }

  /** Figures of the answers of the last `windowMs`; Infinity is the whole run. */
  figures(now: number, windowMs: number): LatencyFigures {
    const recent: number[] = [];
    for (let i = this.#roundTrips.length - 1; i >= 0; i -= 1) {
      const roundTrip = this.#roundTrips[i];
      if (roundTrip === undefined || now - roundTrip.at > windowMs) break;
      recent.push(roundTrip.ms);
    }
    return {
      count: recent.length,
      p50Ms: percentile(recent, 50) ?? undefined,
      p95Ms: percentile(recent, 95) ?? undefined,
    };
  }
}
