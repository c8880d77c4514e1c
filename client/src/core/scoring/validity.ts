import type { Circumstances } from "./measurements.js";
import { requireAmount } from "./validation.js";

/** Reasons against a run; the message key is `invalid.` and the reason. */
export type Invalid =
  | "tab_hidden"
  | "clock_jump"
  | "client_overloaded"
  | "server_overloaded"
  | "server_limited"
  | "stopped_early"
  | "connection_lost"
  | "too_few_samples"
  | "no_witness";

/** Pings of a series under load: sent, answered of these, judged of those. */
export interface Series {
  judged: number;
  answered: number;
  sent: number;
}

/**
 * Minimum round trips of the idle line: 2 s at 10 Hz. With 95 % confidence the median lies between the 6th and the 15th
 * of 20.
 */
export const neededIdle = 20;
/**
 * Minimum round trips under load: 10 s at 10 Hz. Five of 100 exceed the 95th percentile, so no single one decides it.
 */
export const neededLoaded = 100;
/**
 * Minimum share of answered pings under load: the slowest are the unanswered, without which the 95th percentile is too
 * good.
 */
export const neededAnsweredShare = 0.95;
/**
 * Minimum share of answers without a retransmission, which says nothing about the queue at that moment. With fewer, too
 * many moments are unseen.
 */
const neededLineShare = 0.5;
/** Clock jump that NTP makes in a step, not a slew (RFC 5905, STEPT); no clock drifts this far in a run. */
const minClockJumpMs = 128;

/**
 * Return whether a series under load is long and complete enough.
 *
 * @throws RangeError for more answers than pings, or more judged than answered.
 */
export function enoughLoaded({ judged, answered, sent }: Series): boolean {
  requireAmount(judged, "judged");
  requireAmount(answered, "answered");
  requireAmount(sent, "sent");
  if (judged > answered) throw new RangeError("judged must be at most answered");
  if (answered > sent) throw new RangeError("answered must be at most sent");
  return judged >= neededLoaded && judged >= neededLineShare * answered && answered >= neededAnsweredShare * sent;
}

/**
 * Return all reasons against a run. `loaded` are the series behind its verdicts; `isWitnessed` is whether the cause of
 * the delay could be told, or is harmless.
 */
export function invalidReasons(
  circumstances: Circumstances,
  idleCount: number,
  loaded: readonly Series[],
  isWitnessed = true,
): readonly Invalid[] {
  requireAmount(circumstances.clockJumpMs, "clock_jump_ms");
  const enough = loaded.map(enoughLoaded);
  const found: [Invalid, boolean][] = [
    ["tab_hidden", circumstances.tabHidden],
    ["clock_jump", circumstances.clockJumpMs >= minClockJumpMs],
    ["client_overloaded", circumstances.clientOverloaded],
    ["server_overloaded", circumstances.serverOverloaded],
    ["server_limited", circumstances.serverLimited],
    ["stopped_early", circumstances.stoppedEarly],
    ["connection_lost", circumstances.connectionLost],
    ["too_few_samples", idleCount < neededIdle || enough.includes(false)],
    ["no_witness", !isWitnessed],
  ];
  return found.filter(([, holds]) => holds).map(([reason]) => reason);
}
