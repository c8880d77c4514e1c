import { harmlessMs } from "./grade.js";
import type { RunReport } from "./report.js";

/** What the Computer does while the line is under load, in the order of a run. */
export type Stretch = "download" | "upload" | "both";

/** What a stretch adds. */
export interface StretchResult {
  stretch: Stretch;
  valid: boolean;
  /** Increase of the p95 that the grade rests on; null without round trips. */
  increaseMs: number | null;
}

/** Verdicts of a stretch. */
export interface StretchReport extends StretchResult {
  report: RunReport;
}

/**
 * Share of the worst increase from which a direction is named. The increases of the two add up while both are busy; from
 * a third of the sum on, one is at least half of the other.
 */
const minShare = 1 / 3;

export function stretchReport(stretch: Stretch, report: RunReport): StretchReport {
  return { stretch, valid: report.valid, increaseMs: gradedIncrease(report), report };
}

/** Return the increase of the p95 that the grade rests on. */
export function gradedIncrease({ attribution, latency }: RunReport): number | null {
  return attribution.witness === "kernel" ? attribution.kernelIncreaseP95Ms : latency.increaseP95Ms;
}

/**
 * Return one that does not count before the others, else the greatest increase; the earliest of equals.
 * @throws RangeError without stretches.
 */
export function worst<Result extends StretchResult>(stretches: readonly Result[]): Result {
  const [first, ...others] = stretches;
  if (first === undefined) throw new RangeError("stretches must not be empty");
  return others.reduce((most, each) => (isWorse(each, most) ? each : most), first);
}

function isWorse(one: StretchResult, other: StretchResult): boolean {
  if (one.valid !== other.valid) return other.valid;
  return (one.increaseMs ?? 0) > (other.increaseMs ?? 0);
}

/**
 * Return the direction to name beside the grade; `both` if neither alone explains it, or each does. Null if nothing hurts
 * (A or better), the run does not count, or there is no other stretch to compare with.
 */
export function hurting(stretches: readonly StretchResult[]): Stretch | null {
  if (stretches.length < 2) return null;
  const { valid, increaseMs } = worst(stretches);
  const mostMs = increaseMs ?? 0;
  if (!valid || mostMs < harmlessMs) return null;
  const leastMs = Math.max(harmlessMs, minShare * mostMs);
  const [named, ...others] = stretches.filter((each) => each.stretch !== "both" && (each.increaseMs ?? 0) >= leastMs);
  return named === undefined || others.length > 0 ? "both" : named.stretch;
}
