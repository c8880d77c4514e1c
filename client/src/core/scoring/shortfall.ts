import type { Grade } from "./grade.js";
import type { Band } from "./requirements.js";

/** Grades whose words promise that people get on. */
const goodGrades: readonly Grade[] = ["A+", "A", "B"];
const goodBands: readonly Band[] = ["excellent", "good"];
/** Round trip of the idle line from which games and calls suffer, ms: their ROP (requirements.json). */
const longMs = 50;

/**
 * `loss`: the line itself loses packets, so TCP slows down and repeats. `distance`: the line answers late even when it is
 * idle.
 */
export type Lack = "loss" | "rate" | "distance" | "other";

export interface Judged<Who extends string = string> {
  who: Who;
  band: Band | null;
  /** Whether the rate limited the score, or the player stopped for want of it. */
  tooSlow: boolean;
}

export interface Shortfall<Who extends string = string> {
  lack: Lack;
  who: readonly Who[];
}

/**
 * Return what people lack whose result is worse than a good grade promises: it is that of the added delay alone.
 * `idleMs` is the idle round trip; `lossy`, whether the line itself loses packets.
 */
export function shortfalls<Who extends string>(
  grade: Grade | null,
  idleMs: number | null,
  people: readonly Judged<Who>[],
  lossy: boolean,
): readonly Shortfall<Who>[] {
  if (grade === null || !goodGrades.includes(grade)) return [];
  const isLong = idleMs !== null && idleMs >= longMs;
  const found: Record<Lack, Who[]> = { loss: [], rate: [], distance: [], other: [] };
  for (const { who, band, tooSlow } of people) {
    if (band !== null && !goodBands.includes(band)) found[lackOf(tooSlow, isLong, lossy)].push(who);
  }
  return (["loss", "rate", "distance", "other"] as const)
    .map((lack) => ({ lack, who: found[lack] }))
    .filter(({ who }) => who.length > 0);
}

function lackOf(tooSlow: boolean, isLong: boolean, lossy: boolean): Lack {
  if (isLong && !tooSlow) return "distance";
  if (lossy) return "loss";
  return tooSlow ? "rate" : "other";
}
