import type { Party, Person } from "../people.js";
import type { RunFacts } from "../scoring/measurements.js";
import type { Playout } from "../scoring/playout.js";
import type { PersonReport, RunReport } from "../scoring/report.js";
import type { Journal } from "../session/journal.js";
import type { Phase } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";
import type { ServerTcp } from "../session/wire.js";
import type { Span } from "./spans.js";
import type { WarmUp } from "./warm-up.js";

/** The parts of a run: the line alone, the Computer alone on it, the household on it, the line alone again. */
export type RunPhase = "idle-baseline" | "warm-up" | "load" | "recovery";

/** A run at one moment. Times are milliseconds. */
export interface RunState {
  phase: Phase;
  /** Undefined before and after a run. */
  runPhase: RunPhase | undefined;
  /** Of all phases together. */
  elapsedMs: number;
  /** What all phases together take at least. */
  totalMs: number;
  /** Somebody pressed stop, or left the page. */
  stoppedEarly: boolean;
  /** The page was out of sight while it measured. */
  hidden: boolean;
  people: ReadonlyMap<Person, Snapshot>;
  probe: Snapshot;
}

/** What a run's pictures are drawn from. */
export interface RunTrace {
  beganAt: number;
  now: number;
  journals: ReadonlyMap<Party, Journal>;
  /** When the Computer was alone on the line; undefined before it, and without it. */
  warmUp: Span | undefined;
  /** The time under load so far; undefined before it. */
  load: Span | undefined;
}

/** A person's report; of a stored run nobody knows how often the picture stopped. */
export type ShownPerson = Omit<PersonReport, "playout"> & {
  playout: (Omit<Playout, "stalls"> & { stalls: number | null }) | null;
};
export type ShownReport = Omit<RunReport, "people"> & { people: readonly ShownPerson[] };

/** What came of a run, as it is shown. */
export interface Conclusion {
  /** Unix time, milliseconds. */
  endedAt: number;
  /** The server. */
  host: string;
  /** What the warm-up found; null where there was none, or nothing came. */
  warmUp: WarmUp | null;
  /** The connections as the server's kernel saw them at last, of those it spoke of. */
  serverTcp: readonly { who: Party; tcp: ServerTcp }[];
  report: ShownReport;
}

/** A run that is over, with everything that was measured. */
export interface Result extends Omit<Conclusion, "endedAt"> {
  /** ISO 8601 in UTC, when the run ended. */
  at: string;
  facts: RunFacts;
  report: RunReport;
}

/** The state before the first run. */
export function noRun(totalMs: number, people: readonly Person[]): RunState {
  return {
    phase: "idle",
    runPhase: undefined,
    elapsedMs: 0,
    totalMs,
    stoppedEarly: false,
    hidden: false,
    people: new Map(people.map((person) => [person, idle])),
    probe: idle,
  };
}
