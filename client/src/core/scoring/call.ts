import { percentile } from "./statistics.js";
import { requireAmount, requireShare } from "./validation.js";

/**
 * Quality of a call by the E-model of ITU-T G.107, simplified for VoIP by R. G. Cole and J. H. Rosenbluth, Voice over
 * IP Performance Monitoring, ACM SIGCOMM Computer Communication Review 31 (2), 2001: parameters apart from the network
 * have their defaults.
 */
export interface CallQuality {
  /** Mean opinion score, estimated, conversational (MOS-CQE), from 1 to 4.5. */
  mos: number;
  /** R of the E-model, from 0 to 93.2. */
  rating: number;
  mouthToEarMs: number;
  /** Share of the packets too late for the jitter buffer. */
  lateShare: number;
}

/** R of G.107 with every parameter at its default. */
const defaultRating = 93.2;
/** Bpl of G.711 with packet loss concealment, ITU-T G.113 appendix I; its Ie is 0. */
const lossRobustness = 25.1;
/** Opus (RFC 6716) by default: a frame of 20 ms and 6.5 ms of look-ahead. */
const codecMs = 26.5;
/** Minimum of both jitter buffers, one frame each. */
const minBufferMs = 40;
/** Maximum of both jitter buffers that allows conversation. */
const maxBufferMs = 400;

/**
 * Return R of the E-model, at least 0: `93.2 - Id - Ie,eff`.
 *
 * `Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)` with the one-way delay d in ms (Cole and Rosenbluth). `Ie,eff = Ie +
 * (95 - Ie) Ppl / (Ppl / BurstR + Bpl)` with Ppl in per cent and BurstR 1 (G.107).
 */
export function transmissionRating(mouthToEarMs: number, lossShare: number): number {
  requireAmount(mouthToEarMs, "mouth_to_ear_ms");
  requireShare(lossShare, "loss_share");
  const delay = 0.024 * mouthToEarMs + 0.11 * Math.max(mouthToEarMs - 177.3, 0);
  const percent = 100 * lossShare;
  const equipment = (95 * percent) / (percent + lossRobustness);
  return Math.max(defaultRating - delay - equipment, 0);
}

/**
 * Return the MOS of an R, G.107 annex B: `1 + 0.035 R + R (R - 60) (100 - R) 7e-6` from 0 to 100, 4.5 above. The
 * polynomial dips below 1, the lowest score, for an R under 6.5.
 */
export function mosOfRating(rating: number): number {
  requireAmount(rating, "rating");
  if (rating > 100) return 4.5;
  return Math.max(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1);
}

/**
 * Return the quality of a call with these round trips under load; null without any.
 *
 * Both ends' jitter buffers adapt, within limits, to pass 95 % of the packets (RFC 5481 sizes them by a percentile of
 * the delay variation); later packets are lost. One way is half a round trip. Loss that was not measured counts as
 * none.
 */
export function callQuality(roundTripsMs: readonly number[], lossShare: number | null): CallQuality | null {
  const p50Ms = percentile(roundTripsMs, 50);
  const p95Ms = percentile(roundTripsMs, 95);
  if (p50Ms === null || p95Ms === null) return null;
  const playoutMs = p50Ms + Math.min(Math.max(p95Ms - p50Ms, minBufferMs), maxBufferMs);
  const lateShare = roundTripsMs.filter((each) => each > playoutMs).length / roundTripsMs.length;
  const mouthToEarMs = playoutMs / 2 + codecMs;
  const heard = (1 - (lossShare ?? 0)) * (1 - lateShare);
  const rating = transmissionRating(mouthToEarMs, 1 - heard);
  return { mos: mosOfRating(rating), rating, mouthToEarMs, lateShare };
}
