import type { Activity, Person } from "../core/people.js";
import type { Cause } from "../core/run/interruption.js";
import type { Quality } from "../core/run/quality.js";
import type { QueryOption } from "../core/run/query-options.js";
import type { RunPhase } from "../core/run/run.js";
import type { Stretch } from "../core/scoring/directions.js";
import type { Grade } from "../core/scoring/grade.js";
import type { Band } from "../core/scoring/requirements.js";
import type { Lack } from "../core/scoring/shortfall.js";
import type { Invalid } from "../core/scoring/validity.js";
import type { Phase } from "../core/session/phase.js";

/** Message keys of the scoring's reports. */
export type MessageKey = `verdict.${Activity}.${Band | "unknown"}` | `invalid.${Invalid}` | "loss.hidden_by_tcp";

/** Labels in the markup, by their `data-text`. */
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
  | "remedy"
  | "remedyLines"
  | "copyLines"
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

export interface Text {
  /** BCP 47. */
  lang: string;
  labels: Record<Label, string>;
  people: Record<
    Person,
    { name: string; activity: string; need: string; note: string; quality: Record<Quality, string> }
  >;
  probe: string;
  button: {
    start: string;
    stop: string;
    stopping: string;
    again: string;
    own: string;
    wait: (seconds: number) => string;
  };
  progress: string;
  secondsLeft: (seconds: number) => string;
  status: {
    idle: (seconds: number) => string;
    connecting: string;
    running: Record<RunPhase, string>;
    stretch: Record<Stretch, string>;
    /** Under load, without all people. */
    few: (people: number) => string;
    stopping: string;
    done: string;
    stoppedEarly: string;
    failed: string;
    /** What happened to the people named. */
    trouble: (names: readonly string[], title: string) => string;
    hidden: string;
  };
  advance: {
    /** Data used: for each Mbit/s, and on an example line; the short form moves little upwards. */
    data: (each: string, downMbps: number, upMbps: number | undefined, example: string) => string;
    dataAtMost: (bytes: string) => string;
    wifi: string;
    metered: string;
    /** Invalid option in the address. */
    wrong: Record<QueryOption, (least: number, most: number) => string>;
    lacking: (features: readonly string[]) => string;
  };
  phases: Record<Phase, string>;
  /** A person before the household starts. */
  waiting: string;
  totals: (received: string, sent: string) => string;
  sparklineScale: (topMs: number) => string;
  silent: (seconds: number) => string;
  /** Why a run did not finish or start, and what to do. */
  interruptions: Record<Cause, { title: string; todo: string }>;
  messages: Record<MessageKey, string>;
  grades: Record<Grade, { title: string; meaning: string; advice: readonly string[] }>;
  /** Advice if a person's speed was too low. */
  adviceRate: string;
  /** Limits for the router. */
  remedy: { menu: (limits: string) => string; download: (mbps: string) => string; upload: (mbps: string) => string; notCopied: string };
  /** Advice if the line itself loses packets. */
  adviceLoss: string;
  /** Advice if the way to the server is long. */
  adviceDistance: string;
  /** Why people did not get on beside a good grade; `idle` is in milliseconds, `lost` in percent. */
  shortfalls: Record<Lack, (names: string, idle: string, lost: string) => string>;
  /** Names in a sentence. */
  listOf: (names: readonly string[]) => string;
  stretches: Record<Stretch, string>;
  report: {
    grade: (grade: string) => string;
    noGrade: string;
    invalid: string;
    increase: (baseline: string, loaded: string, added: string) => string;
    /** What hurts; `added` is in milliseconds. */
    hurts: Record<Stretch, (added: string) => string>;
    /** Columns of the table of stretches. */
    stretches: Record<"stretch" | "added" | "down" | "up" | "grade", string>;
    /** The device's delay, and the line's own. */
    device: (added: string) => string;
    /** Of a delay whose cause could not be checked. */
    unchecked: string;
    /** Of a rate that the device limited. */
    deviceRate: (mbps: string) => string;
    loss: (percent: string) => string;
    score: (score: number) => string;
    noStalls: string;
    stalls: (count: number, seconds: string) => string;
    /** Without the number of stalls. */
    stalled: (seconds: string) => string;
    neverStarted: string;
    /** Too low a rate, without stalls. */
    tooSlow: (got: string, wanted: string) => string;
    /** A lower rendition, without stalls. */
    lessSharp: (got: string, wanted: string) => string;
    moved: (bytes: string) => string;
    mos: (mos: string) => string;
    rate: (mbps: string) => string;
    sent: (mbps: string) => string;
    /** Result of the warm-up, and the Computer's request. */
    warmUp: (line: string, computer: string) => string;
    /** Rates of one connection and of the line, where several were needed. */
    singleConnection: (single: string, line: string, connections: number) => string;
  };
  chart: {
    baseline: string;
    warmUp: string;
    load: string;
    recovery: string;
    delay: (idle: string, p50: string, p95: string) => string;
    rate: (down: string, up: string) => string;
    empty: string;
  };
  table: {
    columns: Record<Column, string>;
    idle: string;
    loaded: string;
    own: (name: string) => string;
    ownQueue: (name: string) => string;
  };
  /** Method; `tls` is whether connections are encrypted. */
  method: (tls: boolean) => string;
  stored: { loading: string; headline: (when: string) => string; about: string; unknown: string; unavailable: string };
  share: { copied: string; notCopied: string; linkNotCopied: string; card: string; downAndUp: (down: string, up: string) => string; delay: (added: string) => string };
}
