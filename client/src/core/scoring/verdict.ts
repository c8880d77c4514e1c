import type { Playout } from "./playout.js";
import type { Band, Requirements } from "./requirements.js";

/** Best band after a stall, whatever arrived in total. */
const bestAfterStall: Band = "fair";

/** Return the band of a score, limited by playback if there is any; null without a score. */
export function bandOf(requirements: Requirements, score: number | null, playout: Playout | null): Band | null {
  if (score === null) return null;
  const order = requirements.bands.map(({ band }) => band);
  if (playout?.startUpS === null) return order.at(-1) ?? null;
  const byScore = requirements.bands.findIndex(({ least }) => score >= least);
  const best = playout !== null && playout.stalls > 0 ? order.indexOf(bestAfterStall) : 0;
  return order[Math.max(byScore, best)] ?? null;
}

/** Return the message key: `verdict.<activity>.<band>` or `verdict.<activity>.unknown`. */
export function verdictKey(activity: string, band: Band | null): string {
  return `verdict.${activity}.${band ?? "unknown"}`;
}
