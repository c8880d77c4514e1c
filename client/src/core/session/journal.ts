/** Events of one connection, oldest first. Times are milliseconds of the clock in browser/monotonic. */
export interface Journal {
  pingsSentAt: readonly number[];
  roundTrips: readonly RoundTrip[];
  received: readonly Portion[];
  /** Payload that left the browser. */
  sent: readonly Portion[];
  kernel?: readonly KernelSample[];
  /** Upload that the server has counted. */
  counts?: readonly Count[];
}

export interface RoundTrip {
  sentAt: number;
  ms: number;
}

/** Round trip by the server's kernel, at the server's time in the message that brought it: up to 0.25 s too late. */
export interface KernelSample {
  at: number;
  ms: number;
}

/** All bytes that the server had received at a time of its clock, whenever the message arrived. */
export interface Count {
  at: number;
  bytes: number;
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
  #kernel: KernelSample[] = [];
  #counts: Count[] = [];

  pinged(at: number): void {
    this.#pingsSentAt.push(at);
  }

  answered(roundTrip: RoundTrip): void {
    this.#roundTrips.push(roundTrip);
  }

  measured(kernelMs: readonly number[] | undefined, at: number): void {
    this.#kernel.push(...(kernelMs ?? []).map((ms) => ({ at, ms })));
  }

  counted(bytes: number | undefined, at: number): void {
    if (bytes !== undefined) this.#counts.push({ at, bytes });
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
      kernel: this.#kernel,
      counts: this.#counts,
    };
    this.#pingsSentAt = [];
    this.#roundTrips = [];
    this.#received = new Portions();
    this.#sent = new Portions();
    this.#kernel = [];
    this.#counts = [];
    return taken;
  }
}

export class Recording implements Journal {
  readonly pingsSentAt: number[] = [];
  readonly roundTrips: RoundTrip[] = [];
  readonly received: Portion[] = [];
  readonly sent: Portion[] = [];
  readonly kernel: KernelSample[] = [];
  readonly counts: Count[] = [];

  add(journal: Journal): void {
    this.pingsSentAt.push(...journal.pingsSentAt);
    this.roundTrips.push(...journal.roundTrips);
    this.received.push(...journal.received);
    this.sent.push(...journal.sent);
    this.kernel.push(...(journal.kernel ?? []));
    this.counts.push(...(journal.counts ?? []));
  }
}

/** Return the events of several connections, one after the other; counts of different sessions do not add up. */
export function concatenated(journals: readonly Journal[]): Journal {
  return {
    pingsSentAt: journals.flatMap(({ pingsSentAt }) => pingsSentAt),
    roundTrips: journals.flatMap(({ roundTrips }) => roundTrips),
    received: journals.flatMap(({ received }) => received),
    sent: journals.flatMap(({ sent }) => sent),
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
