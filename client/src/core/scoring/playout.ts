import { requireAmount, requirePositive } from "./validation.js";

/** Seconds since the request, and the bytes that arrived then. */
export type Arrival = readonly [atS: number, bytes: number];

export interface Playout {
  /** Time to the first picture; null without one. */
  startUpS: number | null;
  stalls: number;
  stallS: number;
  playedS: number;
}

export interface PlayoutOptions {
  videoBps: number;
  /** Buffered video that starts playback, seconds. */
  startS: number;
  /** Buffered video that resumes playback, seconds. */
  resumeS: number;
  untilS: number;
}

function requireOrder(arrivals: readonly Arrival[], untilS: number): void {
  let previous = 0;
  arrivals.forEach(([atS, bytes], index) => {
    requireAmount(atS, `arrivals[${index}][0]`);
    requireAmount(bytes, `arrivals[${index}][1]`);
    if (atS < previous || atS > untilS) {
      throw new RangeError(`arrivals[${index}][0] must be in order and at most until_s`);
    }
    previous = atS;
  });
}

/**
 * Play arrivals as a video of constant rate with a simple buffer.
 *
 * The picture starts with `startS` of buffered video, stops when none is left, and resumes with `resumeS`. Bytes that
 * arrive just as the buffer empties are in time.
 *
 * @throws RangeError for arrivals out of order or after `untilS`, and for impossible amounts.
 */
export function play(arrivals: readonly Arrival[], options: PlayoutOptions): Playout {
  const { videoBps, startS, resumeS, untilS } = options;
  requirePositive(videoBps, "video_bps");
  requirePositive(startS, "start_s");
  requirePositive(resumeS, "resume_s");
  requireAmount(untilS, "until_s");
  requireOrder(arrivals, untilS);
  let startUpS: number | null = null;
  let [stalledAt, now, bufferedS, stallS, playedS, stalls] = [0, 0, 0, 0, 0, 0];
  let playing = false;
  for (const [atS, bytes] of [...arrivals, [untilS, 0] as const]) {
    const elapsed = atS - now;
    if (playing && bufferedS < elapsed) {
      stalledAt = now + bufferedS;
      playedS += bufferedS;
      bufferedS = 0;
      stalls += 1;
      playing = false;
    } else if (playing) {
      bufferedS -= elapsed;
      playedS += elapsed;
    }
    now = atS;
    bufferedS += (bytes * 8) / videoBps;
    if (!playing && bufferedS >= (startUpS === null ? startS : resumeS)) {
      if (startUpS === null) startUpS = atS;
      else stallS += atS - stalledAt;
      playing = true;
    }
  }
  if (startUpS !== null && !playing) stallS += untilS - stalledAt;
  return { startUpS, stalls, stallS, playedS };
}
