/** What one connection noted, oldest first. Times are milliseconds of a monotonic clock that page and workers share. */
export interface Journal {
  /** When pings were sent, answered or not. */
  pingsSentAt: readonly number[];
  roundTrips: readonly RoundTrip[];
  /** Payload bytes from the server. */
  received: readonly Portion[];
  /** Payload bytes that left the browser. */
  sent: readonly Portion[];
}

export interface RoundTrip {
  sentAt: number;
  ms: number;
}

/** Bytes that came or went within a short time, which ended at `at`: they are never counted too early. */
export interface Portion {
  at: number;
  bytes: number;
}

/** Most time that one portion covers, milliseconds: a video player sees no difference. */
const portionMs = 20;

/** Notes what happens and hands it over in instalments. */
export class JournalWriter {
  #pingsSentAt: number[] = [];
  #roundTrips: RoundTrip[] = [];
  #received = new Portions();
  #sent = new Portions();

  pinged(at: number): void {
    this.#pingsSentAt.push(at);
  }

  answered(roundTrip: RoundTrip): void {
    this.#roundTrips.push(roundTrip);
  }

  received(bytes: number, at: number): void {
    this.#received.add(bytes, at);
  }

  sent(bytes: number, at: number): void {
    this.#sent.add(bytes, at);
  }

  /** What was noted since the last call. */
  take(): Journal {
    const taken = {
      pingsSentAt: this.#pingsSentAt,
      roundTrips: this.#roundTrips,
      received: this.#received.all,
      sent: this.#sent.all,
    };
    this.#pingsSentAt = [];
    this.#roundTrips = [];
    this.#received = new Portions();
    this.#sent = new Portions();
    return taken;
  }
}

/** The instalments of a whole run, put together again. */
export class Recording implements Journal {
  readonly pingsSentAt: number[] = [];
  readonly roundTrips: RoundTrip[] = [];
  readonly received: Portion[] = [];
  readonly sent: Portion[] = [];

  add(journal: Journal): void {
    this.pingsSentAt.push(...journal.pingsSentAt);
    this.roundTrips.push(...journal.roundTrips);
    this.received.push(...journal.received);
    this.sent.push(...journal.sent);
  }
}

/** What two connections noted, one after the other. */
export function concatenated(first: Journal, then: Journal | undefined): Journal {
  if (then === undefined) return first;
  return {
    pingsSentAt: [...first.pingsSentAt, ...then.pingsSentAt],
    roundTrips: [...first.roundTrips, ...then.roundTrips],
    received: [...first.received, ...then.received],
    sent: [...first.sent, ...then.sent],
  };
}

class Portions {
  readonly all: Portion[] = [];
  #begunAt = -Infinity;

  add(bytes: number, at: number): void {
    const last = this.all.at(-1);
    if (last !== undefined && at - this.#begunAt < portionMs) {
      last.bytes += bytes;
      last.at = at;
      return;
    }
    this.#begunAt = at;
    this.all.push({ at, bytes });
  }
}
