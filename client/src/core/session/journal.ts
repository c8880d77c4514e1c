/** Events of one connection, oldest first. Times are milliseconds of the clock in browser/monotonic. */
export interface Journal {
  pingsSentAt: readonly number[];
  roundTrips: readonly RoundTrip[];
  received: readonly Portion[];
  /** Payload that left the browser. */
  sent: readonly Portion[];
  /** Round trips by the server's kernel, ms. */
  kernelMs?: readonly number[];
}

export interface RoundTrip {
  sentAt: number;
  ms: number;
}

/** Bytes of a short period that ended at `at`. */
export interface Portion {
  at: number;
  bytes: number;
}

/** Maximum period of a portion, ms; invisible to a video player. */
const portionMs = 20;

/** Journal handed over in instalments. */
export class JournalWriter {
  #pingsSentAt: number[] = [];
  #roundTrips: RoundTrip[] = [];
  #received = new Portions();
  #sent = new Portions();
  #kernelMs: number[] = [];

  pinged(at: number): void {
    this.#pingsSentAt.push(at);
  }

  answered(roundTrip: RoundTrip): void {
    this.#roundTrips.push(roundTrip);
  }

  measured(kernelMs: readonly number[] = []): void {
    this.#kernelMs.push(...kernelMs);
  }

  received(bytes: number, at: number): void {
    this.#received.add(bytes, at);
  }

  sent(bytes: number, at: number): void {
    this.#sent.add(bytes, at);
  }

  take(): Journal {
    const taken = {
      pingsSentAt: this.#pingsSentAt,
      roundTrips: this.#roundTrips,
      received: this.#received.all,
      sent: this.#sent.all,
      kernelMs: this.#kernelMs,
    };
    this.#pingsSentAt = [];
    this.#roundTrips = [];
    this.#received = new Portions();
    this.#sent = new Portions();
    this.#kernelMs = [];
    return taken;
  }
}

export class Recording implements Journal {
  readonly pingsSentAt: number[] = [];
  readonly roundTrips: RoundTrip[] = [];
  readonly received: Portion[] = [];
  readonly sent: Portion[] = [];
  readonly kernelMs: number[] = [];

  add(journal: Journal): void {
    this.pingsSentAt.push(...journal.pingsSentAt);
    this.roundTrips.push(...journal.roundTrips);
    this.received.push(...journal.received);
    this.sent.push(...journal.sent);
    this.kernelMs.push(...(journal.kernelMs ?? []));
  }
}

/** Return the events of two connections, one after the other. */
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
