import { increase } from "../scoring/latency.js";
import { lineLoss, type LoadedPings } from "../scoring/loss.js";
import type { RunReportMessage, StoredStretch } from "../session/run-report.js";

/** Return the share of packets that the line itself loses; null if none is known, or a queue is in play. */
export function lineLossOf(report: RunReportMessage): number | null {
  return lineLoss((report.stretches ?? [report]).map((each) => pingsOf(each, report.baseline_ms)));
}

function pingsOf({ loaded, loss_share: lossShare }: Pick<StoredStretch, "loaded" | "loss_share">, baselineMs: number | null): LoadedPings {
  const { count, p50_ms: p50Ms } = loaded;
  return { judged: count, lossShare, increaseP50Ms: baselineMs === null || p50Ms === null ? null : increase(baselineMs, p50Ms) };
}
