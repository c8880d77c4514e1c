import type { Day } from "./live-messages.js";

/** Grades from best to worst, then invalid runs. */
export const grades = ["A+", "A", "B", "C", "D", "F", "invalid"] as const;
export type GradeKey = (typeof grades)[number];

export interface Bar {
  at: number;
  total: number;
  /** Grades that occur, in order, with their share of the largest day, 0 to 1. */
  parts: readonly { grade: GradeKey; count: number; share: number }[];
}

/** Return the days as bars, without unknown grades. */
export function bars(days: readonly Day[]): Bar[] {
  const counted = days.map(({ at, grades: counts }) => {
    const parts = grades.map((grade) => ({ grade, count: counts[grade] ?? 0 })).filter(({ count }) => count > 0);
    return { at, parts, total: parts.reduce((sum, { count }) => sum + count, 0) };
  });
  const most = Math.max(1, ...counted.map(({ total }) => total));
  return counted.map(({ at, parts, total }) => ({
    at,
    total,
    parts: parts.map((part) => ({ ...part, share: part.count / most })),
  }));
}
