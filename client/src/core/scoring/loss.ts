import { imperceptibleMs } from "./grade.js";

/** Lost pings that name a loss: one or two of some 600 are also lost where a download first fills a long line. */
const minLost = 3;
const minLossShare = 0.002;
/** Increase of the median below which queues are empty most of the time, ms. */
const maxQueueMs = imperceptibleMs;

/** The probe's pings in a stretch of the load. */
export interface LoadedPings {
  /** Pings neither lost nor held behind a lost one. */
  judged: number;
  /** Null without pings. */
  lossShare: number | null;
  /** Increase of the median; null without round trips, idle or under load. */
  increaseP50Ms: number | null;
}

/**
 * Return the share that the line itself loses, over all stretches; null if none is known, or a queue is in play: it drops
 * packets too, and is the finding then.
 */
export function lineLoss(stretches: readonly LoadedPings[]): number | null {
  if (stretches.some(({ increaseP50Ms }) => increaseP50Ms === null || increaseP50Ms >= maxQueueMs)) return null;
  const judged = stretches.reduce((sum, each) => sum + each.judged, 0);
  const lost = Math.round(stretches.reduce((sum, each) => sum + lostOf(each), 0));
  return lost < minLost || lost < minLossShare * (lost + judged) ? null : lost / (lost + judged);
}

function lostOf({ judged, lossShare }: LoadedPings): number {
  const share = lossShare ?? 0;
  return share < 1 ? (judged * share) / (1 - share) : 0;
}
