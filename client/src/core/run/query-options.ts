import { warmUpMs } from "../plan.js";

const defaultSeconds = 30;
/** A person's 100 answers at 10 Hz, which a grade needs, and some to spare. */
export const minSeconds = 12;
/** With the baseline and the warm-up before and the recovery after, the probe stays below the 300 s that a session may last. */
export const maxSeconds = 280;

export const maxMbps = 99_999;

/** What the page's query asks for, with the names of those of its values that cannot be used. */
export interface QueryOptions {
  /** Length of the load (`?seconds=N`). */
  seconds: number;
  /** The most that the Computer asks for (`?computer=N`), Mbit/s; undefined is no limit. */
  computerMbps: number | undefined;
  /** Whether to measure first what the line carries: not where the query says no (`?warmup=0`) or knows it. */
  warmUp: boolean;
  wrong: readonly QueryOption[];
}

export type QueryOption = "seconds" | "computer";

export function queryOptionsOf(query: string): QueryOptions {
  const seconds = wholeIn(query, "seconds", minSeconds, maxSeconds);
  const computer = wholeIn(query, "computer", 1, maxMbps);
  const wrong: QueryOption[] = [];
  if (seconds === null) wrong.push("seconds");
  if (computer === null) wrong.push("computer");
  return {
    seconds: seconds ?? defaultSeconds,
    computerMbps: computer ?? undefined,
    warmUp: typeof computer !== "number" && !/[?&]warmup=0(?:&|$)/.test(query),
    wrong,
  };
}

/** A whole number in the query; undefined where it is not given, null where it is none from `least` to `most`. */
function wholeIn(query: string, name: string, least: number, most: number): number | undefined | null {
  const given = new RegExp(`[?&]${name}=([^&]*)`).exec(query)?.[1];
  if (given === undefined) return undefined;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : NaN;
  return value >= least && value <= most ? value : null;
}

/** What Alex, Sarah and Jake ask for together at the most, Mbit/s both ways, with the Computer's upload. */
const othersMbps = 14;
/** The line of the example, Mbit/s. */
export const exampleMbps = 100;

/**
 * The most that a run moves, bytes: of a line of `lineMbps`, which the Computer fills. A limit of the Computer's counts
 * with what the others want.
 */
export function maxBytes({ seconds, computerMbps, warmUp }: QueryOptions, lineMbps: number): number {
  const fullS = seconds + (warmUp ? warmUpMs / 1000 : 0);
  return (fullS * Math.min(lineMbps, (computerMbps ?? Infinity) + othersMbps) * 1_000_000) / 8;
}
