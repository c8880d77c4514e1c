import { warmUpMs } from "../plan.js";

const defaultSeconds = 30;
/** Minimum for the 100 answers at 10 Hz that a grade needs. */
export const minSeconds = 12;
/** Maximum for a probe session, with the other phases, within the server's 300 s. */
export const maxSeconds = 280;

export const maxMbps = 99_999;

/** Options in the page's query, and the names of invalid ones. */
export interface QueryOptions {
  /** Duration of the load. */
  seconds: number;
  /** Limit of the Computer (`?computer=N`), Mbit/s. */
  computerMbps: number | undefined;
  /** Whether to run the warm-up: not with `?warmup=0` or a limit of the Computer. */
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

/** Return a whole number from the query; undefined if absent, null if invalid. */
function wholeIn(query: string, name: string, least: number, most: number): number | undefined | null {
  const given = new RegExp(`[?&]${name}=([^&]*)`).exec(query)?.[1];
  if (given === undefined) return undefined;
  const value = /^\d{1,6}$/.test(given) ? Number(given) : NaN;
  return value >= least && value <= most ? value : null;
}

/** Maximum rate of Alex, Sarah and Jake both ways, with the Computer's upload, Mbit/s. */
const othersMbps = 14;
export const exampleMbps = 100;

/** Return the maximum payload of a run, bytes, on a line of `lineMbps` that the Computer fills up to its limit. */
export function maxBytes({ seconds, computerMbps, warmUp }: QueryOptions, lineMbps: number): number {
  const fullS = seconds + (warmUp ? warmUpMs / 1000 : 0);
  return (fullS * Math.min(lineMbps, (computerMbps ?? Infinity) + othersMbps) * 1_000_000) / 8;
}
