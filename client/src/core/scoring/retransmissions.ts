import { requireAmount } from "./validation.js";

/**
 * Lead of a later ping's answer that proves a retransmission, ms. Less is event loops at work; a retransmission takes
 * at least a round trip, mostly the 200 ms of its timer.
 */
const overtakenMs = 10;
/** Gap of answers on one connection that a retransmission released together, ms. */
const togetherMs = 10;

/** Answered ping; ms, `sentAt` by a clock common to all. */
export interface AnsweredPing {
  sentAt: number;
  ms: number;
}

/** Pings by fate, in the order of sending. */
export interface Fates {
  /** Delayed by the line only. */
  line: readonly AnsweredPing[];
  /** Lost, or its answer, and sent again by TCP. */
  repaired: readonly AnsweredPing[];
  /** Held behind a retransmission on its own connection. */
  held: readonly AnsweredPing[];
}

/**
 * Sort pings that several otherwise idle connections sent in turn over one line.
 *
 * A queue lets nothing overtake. A ping answered after a later one of another connection was therefore delayed in its
 * own connection, where TCP holds data back until lost data has come again. Its round trip measures TCP, not the queue.
 *
 * Each list is in the order of sending, without unanswered pings.
 *
 * @throws RangeError for a negative or infinite time.
 */
export function tellFates(connections: readonly (readonly AnsweredPing[])[]): Fates {
  const everything = connections.flatMap((pings, which) => pings.map((ping) => ({ ping, which, laterMs: Infinity })));
  for (const { ping } of everything) {
    requireAmount(ping.sentAt, "sent_ms");
    requireAmount(ping.ms, "round_trip_ms");
  }
  everything.sort((a, b) => a.ping.sentAt - b.ping.sentAt);
  let earliestMs = Infinity;
  for (const each of [...everything].reverse()) {
    each.laterMs = earliestMs;
    earliestMs = Math.min(earliestMs, answeredMs(each.ping));
  }
  const fates = { line: [] as AnsweredPing[], repaired: [] as AnsweredPing[], held: [] as AnsweredPing[] };
  const repairedMs = connections.map(() => -Infinity);
  for (const { ping, which, laterMs } of everything) {
    const at = answeredMs(ping);
    let fate: keyof Fates = "line";
    if (at - (repairedMs[which] ?? -Infinity) < togetherMs) fate = "held";
    else if (laterMs < at - overtakenMs) fate = "repaired";
    if (fate !== "line") repairedMs[which] = at;
    fates[fate].push(ping);
  }
  return fates;
}

function answeredMs({ sentAt, ms }: AnsweredPing): number {
  return sentAt + ms;
}
