import type { Grade } from "./grade.js";
import type { Band } from "./requirements.js";

/** Grades whose words promise that people get on. */
const goodGrades: readonly Grade[] = ["A+", "A", "B"];
const goodBands: readonly Band[] = ["excellent", "good"];
/** Round trip of the idle line from which games and calls suffer, ms: their ROP (requirements.json). */
const longMs = 50;

/** `distance`: the line answers late even when it is idle. */
export type Lack = "rate" | "distance" | "other";

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
 * `idleMs` is the idle round trip.
 */
export function shortfalls<Who extends string>(
  grade: Grade | null,
  idleMs: number | null,
  people: readonly Judged<Who>[],
): readonly Shortfall<Who>[] {
  if (grade === null || !goodGrades.includes(grade)) return [];
  const found: Record<Lack, Who[]> = { rate: [], distance: [], other: [] };
  for (const { who, band, tooSlow } of people) {
    if (band === null || goodBands.includes(band)) continue;
    const isLong = idleMs !== null && idleMs >= longMs;
    found[tooSlow ? "rate" : isLong ? "distance" : "other"].push(who);
  }
  return (["rate", "distance", "other"] as const)
    .map((lack) => ({ lack, who: found[lack] }))
    .filter(({ who }) => who.length > 0);
}
