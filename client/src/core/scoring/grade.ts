import { increase } from "./latency.js";
import { requireAmount } from "./validation.js";

/** From best to worst. */
export type Grade = "A+" | "A" | "B" | "C" | "D" | "F";

/** Growth of latency that limits the grade to C. */
const tenfold = 10;

/**
 * Minimum baseline for the factor.
 *
 * Without it a nearby server would condemn good lines: a full packet of 1500 bytes takes 2.4 ms at 5 Mbit/s, so a short
 * queue of eight is over twenty times the 0.2 ms of a local network. With it the factor applies from 10 * 3 ms = 30 ms,
 * where grade B begins; below, where no application notices, the increase alone decides.
 */
const minBaselineMs = 3;

/** Grades by the bound below which an increase lies, ms. */
const bounds: readonly (readonly [number, Grade])[] = [
  [5, "A+"],
  [30, "A"],
  [60, "B"],
  [200, "C"],
  [400, "D"],
];

/** Grade the 95th percentile of latency under load against the median of the idle line. */
export function grade(baselineMs: number, loadedP95Ms: number): Grade {
  requireAmount(baselineMs, "baseline_ms");
  requireAmount(loadedP95Ms, "loaded_p95_ms");
  const added = increase(baselineMs, loadedP95Ms);
  const byIncrease = bounds.find(([bound]) => added < bound)?.[1] ?? "F";
  if (loadedP95Ms < tenfold * Math.max(baselineMs, minBaselineMs)) return byIncrease;
  return byIncrease === "D" || byIncrease === "F" ? byIncrease : "C";
}
