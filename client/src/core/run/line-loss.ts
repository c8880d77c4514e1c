import { increase } from "../scoring/latency.js";
import { lineLoss } from "../scoring/loss.js";
import type { ShownReport } from "./run.js";

/** Return the share of packets that the line itself loses; null if none is known, or a queue is in play. */
export function lineLossOf({ baselineMs, latency: { count, p50Ms }, lossShare }: ShownReport): number | null {
  const increaseP50Ms = baselineMs === null || p50Ms === null ? null : increase(baselineMs, p50Ms);
  return lineLoss([{ judged: count, lossShare, increaseP50Ms }]);
}
