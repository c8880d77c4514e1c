import { increase } from "./latency.js";
import { requireAmount } from "./validation.js";

/** What load does to latency in the household, from best to worst. */
export type Grade = "A+" | "A" | "B" | "C" | "D" | "F";

/** Latency that grew by this factor is graded C at best. */
const tenfold = 10;

/**
 * What a smaller baseline counts as for the factor.
 *
 * Without it a server nearby would condemn good lines: one full packet of 1500 bytes takes 2.4 ms on 5 Mbit/s, so eight
 * of them, a short queue, are twenty times and more the 0.2 ms of a local network. With it the factor speaks from
 * 10 * 3 ms = 30 ms on, which is where grade B begins: latency that grew tenfold never scores a B, whatever the
 * baseline, and below 30 ms, where no application notices, the increase alone decides.
 */
const minBaselineMs = 3;

/** An increase below the bound, in milliseconds, has the grade or a better one. */
const bounds: readonly (readonly [number, Grade])[] = [
  [5, "A+"],
  [30, "A"],
  [60, "B"],
  [200, "C"],
  [400, "D"],
];

/** The grade of the 95th percentile of latency under load over the median of the idle line. */
export function grade(baselineMs: number, loadedP95Ms: number): Grade {
  requireAmount(baselineMs, "baseline_ms");
  requireAmount(loadedP95Ms, "loaded_p95_ms");
  const added = increase(baselineMs, loadedP95Ms);
  const byIncrease = bounds.find(([bound]) => added < bound)?.[1] ?? "F";
  if (loadedP95Ms < tenfold * Math.max(baselineMs, minBaselineMs)) return byIncrease;
  return byIncrease === "D" || byIncrease === "F" ? byIncrease : "C";
}
