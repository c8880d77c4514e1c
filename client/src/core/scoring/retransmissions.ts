import { requireAmount } from "./validation.js";

/**
 * By how much earlier the answer to a later ping has to come, milliseconds. Less is two event loops at work; a repair
 * takes a round trip at least, and mostly the 200 ms of a retransmission timer.
 */
const overtakenMs = 10;
/** Answers on one connection that are nearer than this came with the same repair, milliseconds. */
const togetherMs = 10;

/** A ping that was answered; milliseconds, `sentAt` by any clock that is the same for all. */
export interface AnsweredPing {
  sentAt: number;
  ms: number;
}

/** Pings by what became of them, each list in the order of sending. */
export interface Fates {
  /** Took as long as the line did. */
  line: readonly AnsweredPing[];
  /** Was lost, or its answer was, and TCP sent it again. */
  repaired: readonly AnsweredPing[];
  /** Waited in its own connection for the repair of one before it. */
  held: readonly AnsweredPing[];
}

/**
 * Tells what became of the pings that several connections, which carry nothing else, sent in turn over one line.
 *
 * A queue lets nothing overtake. So a ping that is answered after another one, which was sent later on another
 * connection, was not held up by the line, but in its own connection, where TCP hands out nothing before what was lost
 * ahead of it has come again. Its round trip says how TCP repairs, and not how long the queue is.
 *
 * Each connection's pings are in the order of sending, in which TCP brings the answers as well. Pings without an answer
 * are not among them.
 *
 * @throws RangeError for a time that is negative or not finite.
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
