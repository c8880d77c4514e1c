import type { Playout } from "./playout.js";
import type { Band, Requirements } from "./requirements.js";

/** Nobody whose picture stood still is told that all is well, however much arrived in all. */
const bestAfterStall: Band = "fair";

/** How it is for a person with that score, and what the player did where there is one; null of no score. */
export function bandOf(requirements: Requirements, score: number | null, playout: Playout | null): Band | null {
  if (score === null) return null;
  const order = requirements.bands.map(({ band }) => band);
  if (playout?.startUpS === null) return order.at(-1) ?? null;
  const byScore = requirements.bands.findIndex(({ least }) => score >= least);
  const best = playout !== null && playout.stalls > 0 ? order.indexOf(bestAfterStall) : 0;
  return order[Math.max(byScore, best)] ?? null;
}

/** The message key of the verdict: `verdict.<activity>.<band>`, or `verdict.<activity>.unknown`. */
export function verdictKey(activity: string, band: Band | null): string {
  return `verdict.${activity}.${band ?? "unknown"}`;
}
