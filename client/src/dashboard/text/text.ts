import type { GradeKey } from "../grades.js";
import type { Loss } from "../live-connection.js";

/** Labels in the markup, by their `data-text`. */
export type Label =
  | "skip"
  | "noscript"
  | "login"
  | "loginHint"
  | "token"
  | "logout"
  | "draining"
  | "drain"
  | "resume"
  | "sessions"
  | "down"
  | "up"
  | "roundTrip"
  | "lateness"
  | "opened"
  | "charts"
  | "rates"
  | "latency"
  | "lag"
  | "liveSessions"
  | "kill"
  | "killMatching"
  | "filter"
  | "group"
  | "apply"
  | "clear"
  | "noSessions"
  | "before"
  | "next"
  | "workers"
  | "closes"
  | "noCloses"
  | "grades"
  | "runs"
  | "noRuns"
  | "reason"
  | "cancel";

export type SessionColumn =
  | "select"
  | "user"
  | "profile"
  | "state"
  | "verdict"
  | "age"
  | "evidence"
  | "down"
  | "up"
  | "roundTrip"
  | "sent"
  | "received"
  | "peer"
  | "worker";
export type WorkerColumn = "name" | "state" | "sessions" | "lag" | "slow" | "longest" | "memory" | "restarts" | "pid";
export type CloseColumn = "reason" | "recent" | "count" | "share";
export type RunColumn = "at" | "grade" | "cause" | "increase" | "baseline" | "network" | "client" | "link";

export interface Confirmation {
  heading: string;
  words: string;
  hint: string;
  confirm: string;
}

export interface Text {
  /** BCP 47. */
  lang: string;
  labels: Record<Label, string>;
  columns: {
    sessions: Record<SessionColumn, string>;
    workers: Record<WorkerColumn, string>;
    closes: Record<CloseColumn, string>;
    runs: Record<RunColumn, string>;
  };
  /** Names for words of the API; others stand for themselves. */
  words: Readonly<Record<string, string>>;
  about: (version: string, uptime: string) => string;
  duration: (seconds: number) => string;
  who: (name: string, role: string) => string;
  anybody: string;
  wrongToken: string;
  loggedOut: string;
  lost: (loss: Loss, seconds: number, at: string | undefined) => string;
  drain: (reason: string, sessions: number, left: string) => string;
  drained: (reason: string) => string;
  history: { failing: (problem: string, waiting: number) => string; unreadable: (problem: string) => string };
  missing: (workers: readonly string[]) => string;
  matching: (total: number) => string;
  page: (page: number) => string;
  select: (user: string) => string;
  people: (count: number) => string;
  probes: (count: number) => string;
  selectAll: string;
  minutesAgo: (minutes: number) => string;
  now: string;
  show: string;
  showRun: (id: string) => string;
  confirm: {
    kill: (count: number) => Confirmation;
    killMatching: (filter: string, total: number) => Confirmation;
    drain: Confirmation;
    resume: Confirmation;
    block: string;
    blockChoices: readonly (readonly [seconds: number, words: string])[];
    deadline: string;
    deadlineChoices: readonly (readonly [seconds: number, words: string])[];
  };
  outcome: {
    killed: (counts: Readonly<Record<string, number>>, blocked: number) => string;
    draining: string;
    resumed: string;
    failed: (code: string, problem: string) => string;
  };
  chart: {
    sessions: (now: string, most: string) => string;
    rates: (down: string, up: string) => string;
    latency: (p50: string, p95: string) => string;
    lag: (now: string, most: string) => string;
    empty: string;
  };
  invalid: string;
  grades: (days: number, counts: readonly (readonly [GradeKey, number])[]) => string;
}
