import { play, type Arrival } from "../scoring/playout.js";
import { shipped } from "../scoring/requirements.js";
import type { Portion } from "../session/journal.js";
import { within, type Span } from "./spans.js";

/**
 * Return the arrivals within a span, in seconds of it, for the player of an activity.
 *
 * A film goes on from one stretch to the next, so what the player has buffered when the span begins is the first arrival.
 * `began` is when the film did, and `wantedBps` its connection's rate.
 */
export function filmIn(received: readonly Portion[], began: number, span: Span, activity: string, wantedBps: number): Arrival[] {
  const bytes = bufferedBytes(received, { from: began, until: span.from }, activity, wantedBps);
  const arrivals = received.filter(({ at }) => within(at, span)).map((portion) => arrivalOf(portion, span.from));
  return bytes > 0 ? [[0, bytes], ...arrivals] : arrivals;
}

/** Return the bytes that a player has not played by the end of a span; 0 for an activity without one. */
function bufferedBytes(received: readonly Portion[], span: Span, activity: string, wantedBps: number): number {
  const player = shipped.activities[activity]?.player;
  const best = player?.renditions[0];
  if (player === undefined || best === undefined || wantedBps === 0) return 0;
  const earlier = received.filter(({ at }) => at >= span.from && at < span.until);
  const videoBps = best.share * wantedBps;
  const untilS = (span.until - span.from) / 1000;
  const { playedS } = play(earlier.map((portion) => arrivalOf(portion, span.from)), { ...player, videoBps, untilS });
  return earlier.reduce((sum, { bytes }) => sum + bytes, 0) - (playedS * videoBps) / 8;
}

function arrivalOf({ at, bytes }: Portion, from: number): Arrival {
  return [(at - from) / 1000, bytes];
}
