import { increase } from "./latency.js";
import { requireAmount } from "./validation.js";

/** From best to worst. */
export type Grade = "A+" | "A" | "B" | "C" | "D" | "F";

/** Increase below which the grade is A+, ms. */
export const imperceptibleMs = 5;
/** Increase below which the grade is A or better, ms. */
export const harmlessMs = 30;

/** Grades by the bound below which an increase lies, ms. */
const bounds: readonly (readonly [number, Grade])[] = [
  [imperceptibleMs, "A+"],
  [harmlessMs, "A"],
  [60, "B"],
  [200, "C"],
  [400, "D"],
];

/** Grade the 95th percentile of latency under load against the median of the idle line. */
export function grade(baselineMs: number, loadedP95Ms: number): Grade {
  requireAmount(baselineMs, "baseline_ms");
  requireAmount(loadedP95Ms, "loaded_p95_ms");
  const added = increase(baselineMs, loadedP95Ms);
  return bounds.find(([bound]) => added < bound)?.[1] ?? "F";
}
