import type { Activity, Person } from "../core/people.js";
import type { Cause } from "../core/run/interruption.js";
import type { Quality } from "../core/run/quality.js";
import type { QueryOption } from "../core/run/query-options.js";
import type { RunPhase } from "../core/run/run.js";
import type { Grade } from "../core/scoring/grade.js";
import type { Band } from "../core/scoring/requirements.js";
import type { Invalid } from "../core/scoring/validity.js";
import type { Phase } from "../core/session/phase.js";

/** Keys that the scoring's reports name. */
export type MessageKey = `verdict.${Activity}.${Band | "unknown"}` | `invalid.${Invalid}` | "loss.hidden_by_tcp";

/** Words that stand in the markup; the keys are the values of `data-text`. */
export type Label =
  | "title"
  | "intro"
  | "baseline"
  | "delay"
  | "delayLoaded"
  | "down"
  | "up"
  | "peak"
  | "p50"
  | "p95"
  | "house"
  | "timeline"
  | "timelineDelay"
  | "timelineRate"
  | "advice"
  | "details"
  | "detailsDelay"
  | "detailsRates"
  | "detailsTcp"
  | "detailsMethod"
  | "share"
  | "picture"
  | "copyLink"
  | "json"
  | "csv"
  | "copy"
  | "language"
  | "help"
  | "privacy"
  | "imprint";

/** Columns of the tables for experts. */
export type Column =
  | "who"
  | "samples"
  | "p50"
  | "p95"
  | "p99"
  | "increase"
  | "jitter"
  | "lost"
  | "downWanted"
  | "downGot"
  | "upWanted"
  | "upGot"
  | "share"
  | "rtt"
  | "minRtt"
  | "retransmits"
  | "delivery"
  | "congestionControl";

/** What the page says, in one language. */
export interface Text {
  /** BCP 47. */
  lang: string;
  labels: Record<Label, string>;
  people: Record<
    Person,
    { name: string; activity: string; need: string; note: string; quality: Record<Quality, string> }
  >;
  /** The connection that only measures. */
  probe: string;
  button: {
    start: string;
    stop: string;
    stopping: string;
    again: string;
    own: string;
    /** While another attempt would be refused. */
    wait: (seconds: number) => string;
  };
  progress: string;
  secondsLeft: (seconds: number) => string;
  status: {
    idle: (seconds: number) => string;
    connecting: string;
    running: Record<RunPhase, string>;
    /** Under load, when not everybody is there. */
    few: (people: number) => string;
    stopping: string;
    done: string;
    stoppedEarly: string;
    failed: string;
    /** What happened to whom; `names` is everybody it happened to. */
    trouble: (names: readonly string[], title: string) => string;
    hidden: string;
  };
  /** Before a run. */
  advance: {
    /** The data that a run moves: for each Mbit/s of the line, and on one of `mbps`. */
    data: (each: string, mbps: number, example: string) => string;
    /** The same with a limit. */
    dataAtMost: (bytes: string) => string;
    wifi: string;
    metered: string;
    /** A value of the address that cannot be used. */
    wrong: Record<QueryOption, (least: number, most: number) => string>;
    /** What the browser lacks. */
    lacking: (features: readonly string[]) => string;
  };
  phases: Record<Phase, string>;
  /** A person while only the line itself is measured. */
  waiting: string;
  totals: (received: string, sent: string) => string;
  /** What the small picture shows, from nothing to so many milliseconds. */
  sparklineScale: (topMs: number) => string;
  silent: (seconds: number) => string;
  /** What kept a run from its end or its beginning, and what to do about it. */
  interruptions: Record<Cause, { title: string; todo: string }>;
  messages: Record<MessageKey, string>;
  grades: Record<Grade, { title: string; meaning: string; advice: readonly string[] }>;
  /** What to do about somebody who gets too little of what they want. */
  adviceRate: string;
  report: {
    grade: (grade: string) => string;
    noGrade: string;
    invalid: string;
    /** Figures are formatted. */
    increase: (baseline: string, loaded: string, added: string) => string;
    loss: (percent: string) => string;
    score: (score: number) => string;
    noStalls: string;
    stalls: (count: number, seconds: string) => string;
    /** Where nobody knows how often. */
    stalled: (seconds: string) => string;
    neverStarted: string;
    /** A film that wants more than it got, and so never stopped in what there was of it. */
    tooSlow: (got: string, wanted: string) => string;
    /** The data that the test moved. */
    moved: (bytes: string) => string;
    mos: (mos: string) => string;
    rate: (mbps: string) => string;
    /** What the warm-up found, and what the Computer asked for because of that. */
    warmUp: (line: string, computer: string) => string;
  };
  chart: {
    baseline: string;
    warmUp: string;
    load: string;
    recovery: string;
    /** The picture in words. */
    delay: (idle: string, p50: string, p95: string) => string;
    rate: (down: string, up: string) => string;
    empty: string;
  };
  table: {
    columns: Record<Column, string>;
    idle: string;
    loaded: string;
    /** Of somebody's own connection. */
    own: (name: string) => string;
    ownQueue: (name: string) => string;
  };
  /** How it is measured; `tls` is whether the connections are encrypted. */
  method: (tls: boolean) => string;
  /** A run that was stored, opened by its link. */
  stored: { loading: string; headline: (when: string) => string; about: string; unknown: string; unavailable: string };
  share: { copied: string; notCopied: string; linkNotCopied: string; card: string; downAndUp: (down: string, up: string) => string; delay: (added: string) => string };
}
