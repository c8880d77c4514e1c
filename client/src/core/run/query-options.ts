import { allStretches, shortForm, tasksOf, warmUpMs, type Task } from "../plan.js";
import type { Stretch } from "../scoring/directions.js";

/** Default of the short form, and of three stretches. */
const defaultSeconds = { short: 30, all: 36 };
/** Minimum for the 100 answers at 10 Hz that a grade needs. */
export const minSeconds = 12;
/** Maximum for a probe session, with the other phases at their longest, within the server's 300 s. */
export const maxSeconds = 260;

export const maxMbps = 99_999;

/** Options in the page's query, and the names of invalid ones. */
export interface QueryOptions {
  /** Duration of the load. */
  seconds: number;
  /** All, or the short form: with `?directions=download`, or where each would be too short to grade. */
  stretches: readonly Stretch[];
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
  const isShort = has(query, "directions=download") || (seconds ?? Infinity) < minSeconds * allStretches.length;
  return {
    seconds: seconds ?? (isShort ? defaultSeconds.short : defaultSeconds.all),
    stretches: isShort ? shortForm : allStretches,
    computerMbps: computer ?? undefined,
    warmUp: typeof computer !== "number" && !has(query, "warmup=0"),
    wrong,
  };
}

function has(query: string, option: string): boolean {
  return new RegExp(`[?&]${option}(?:&|$)`).test(query);
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
/** Rates of an example line, Mbit/s. */
export const example: Readonly<Record<Task, number>> = { computer: 100, backup: 10 };

/** Return the maximum payload of a run, bytes, on a line that the Computer fills up to its limit, each way in turn and at once. */
export function maxBytes(options: QueryOptions, line: Readonly<Record<Task, number>>): number {
  const mostMbps = (options.computerMbps ?? Infinity) + othersMbps;
  const bits = (["computer", "backup"] as const).map((task) => fullS(options, task) * Math.min(line[task], mostMbps) * 1_000_000);
  return bits.reduce((sum, each) => sum + each, 0) / 8;
}

/** Return how long the Computer fills the line with a task. */
function fullS({ seconds, stretches, warmUp }: QueryOptions, task: Task): number {
  const full = stretches.filter((stretch) => tasksOf[stretch].includes(task)).length;
  return full === 0 ? 0 : (seconds * full) / stretches.length + (warmUp ? warmUpMs / 1000 : 0);
}
