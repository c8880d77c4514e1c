import type { Circumstances } from "./measurements.js";
import { requireAmount } from "./validation.js";

/** Why a run does not count; the message key is `invalid.` and this. */
export type Invalid =
  | "tab_hidden"
  | "clock_jump"
  | "client_overloaded"
  | "server_overloaded"
  | "server_limited"
  | "stopped_early"
  | "connection_lost"
  | "too_few_samples";

/** Pings of one series under load: those judged, of those answered, of those sent. */
export interface Series {
  judged: number;
  answered: number;
  sent: number;
}

/**
 * Round trips of the idle line: 2 s at 10 Hz. With 95 % confidence the median lies between the 6th and the 15th of 20.
 */
export const neededIdle = 20;
/** Round trips under load: 10 s at 10 Hz. Five of 100 are above the 95th percentile, so no single one decides it. */
export const neededLoaded = 100;
/**
 * Of the pings sent under load. The slowest are those that lack an answer: with more of them missing, the 95th
 * percentile would be that of the fast ones only.
 */
const neededAnsweredShare = 0.95;
/**
 * Of the answers, those that no repair delayed. A repair says nothing of the queue at that moment, so leaving it out
 * does not leave out the slow ones; but with more of them out, too many moments would have been seen by none.
 */
const neededLineShare = 0.5;
/** From here on NTP steps a clock and does not slew it (RFC 5905, STEPT), so that no clock drifts this far in a run. */
const minClockJumpMs = 128;

/**
 * Whether a series under load is long and complete enough.
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

/** Every reason why a run does not count, none of a valid one; `loaded` are the series that a verdict rests on. */
export function invalidReasons(
  circumstances: Circumstances,
  idleCount: number,
  loaded: readonly Series[],
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
  ];
  return found.filter(([, holds]) => holds).map(([reason]) => reason);
}
