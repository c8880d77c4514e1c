import type { Party, Person } from "../people.js";
import type { Attribution } from "../scoring/attribution.js";
import type { Stretch } from "../scoring/directions.js";
import type { RunFacts } from "../scoring/measurements.js";
import type { Playout } from "../scoring/playout.js";
import type { PersonReport, RunReport } from "../scoring/report.js";
import type { Journal } from "../session/journal.js";
import type { Phase } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";
import type { ServerTcp } from "../session/wire.js";
import type { Span } from "./spans.js";
import type { MeasuredStretch, PlayedStretch } from "./stretches.js";
import type { WarmUp } from "./warm-up.js";

/** Phases of a run: line alone, Computer alone, household with the Computer in stretches, line alone. */
export type RunPhase = "idle-baseline" | "warm-up" | "load" | "recovery";

/** A run at one moment. Times are milliseconds. */
export interface RunState {
  phase: Phase;
  runPhase: RunPhase | undefined;
  /** Undefined before the load, after the run, and in the short form. */
  stretch: Stretch | undefined;
  elapsedMs: number;
  /** Minimum. */
  totalMs: number;
  stoppedEarly: boolean;
  hidden: boolean;
  people: ReadonlyMap<Person, Snapshot>;
  probe: Snapshot;
}

/** Data of a run's charts. */
export interface RunTrace {
  beganAt: number;
  now: number;
  journals: ReadonlyMap<Party, Journal>;
  warmUp: Span | undefined;
  /** Those begun; together, the load. */
  stretches: readonly PlayedStretch[];
}

/** A person's report; a stored one lacks the number of stalls. */
export type ShownPerson = Omit<PersonReport, "playout"> & {
  playout: (Omit<Playout, "stalls"> & { stalls: number | null }) | null;
};
export type ShownReport = Omit<RunReport, "people" | "kernel" | "attribution"> & {
  /** Null for a stored run of an older server. */
  attribution: Attribution | null;
  people: readonly ShownPerson[];
};

/** Delay that a grade rests on, ms: of the pings, or of the server's kernel where it carries the grade. */
export interface GradedDelay {
  idleMs: number | null;
  /** 95th percentile under load. */
  loadedMs: number | null;
  addedMs: number | null;
}

export interface Conclusion {
  /** Unix time, ms. */
  endedAt: number;
  host: string;
  /** Result of the warm-up; null without one, or without data. */
  warmUp: WarmUp | null;
  /** Connections as the server's kernel last saw them. */
  serverTcp: readonly { who: Party; tcp: ServerTcp }[];
  report: ShownReport;
}

/** Finished run with all measurements. */
export interface Result extends Omit<Conclusion, "endedAt"> {
  /** ISO 8601 in UTC. */
  at: string;
  /** Of the worst stretch, as the report. */
  facts: RunFacts;
  /** Result of the warm-up in the other direction. */
  uploadWarmUp: WarmUp | null;
  /** Limit of the download that this device kept up with, Mbit/s; null if it kept up with all. */
  deviceMbps: number | null;
  report: RunReport;
  stretches: readonly MeasuredStretch[];
}

export function gradedDelayOf({ baselineMs, latency, attribution }: ShownReport): GradedDelay {
  const { witness, kernelBaselineMs: idleMs = null, kernelIncreaseP95Ms: addedMs = null } = attribution ?? {};
  if (witness === "kernel" && idleMs !== null && addedMs !== null) return { idleMs, loadedMs: idleMs + addedMs, addedMs };
  return { idleMs: baselineMs, loadedMs: latency.p95Ms, addedMs: latency.increaseP95Ms };
}

export function noRun(totalMs: number, people: readonly Person[]): RunState {
  return {
    phase: "idle",
    runPhase: undefined,
    stretch: undefined,
    elapsedMs: 0,
    totalMs,
    stoppedEarly: false,
    hidden: false,
    people: new Map(people.map((person) => [person, idle])),
    probe: idle,
  };
}

/** Return the span of the whole load; undefined before it. */
export function loadSpanOf({ stretches }: RunTrace): Span | undefined {
  const [first, last] = [stretches[0], stretches.at(-1)];
  return first && last && { from: first.span.from, until: last.span.until };
}
