import type { Stretch } from "../scoring/directions.js";
import type { Band, Rendition } from "../scoring/requirements.js";

export type Point = readonly [seconds: number, delayMs: number | null, downBps: number, upBps: number];

export interface StoredLatency {
  count: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  jitter_ms: number | null;
}

export interface StoredRates {
  wanted_bps: number;
  got_bps: number;
}

export interface StoredPerson {
  who: string;
  activity: string;
  score: number | null;
  band: Band | null;
  verdict: string;
  download: StoredRates;
  upload: StoredRates;
  latency: StoredLatency;
  stall_s: number | null;
  mos: number | null;
  /** These three are missing in runs of older servers. */
  rendition?: Rendition | null;
  qoo?: number | null;
  percentiles_ms?: readonly number[];
}

export interface StoredPhase {
  name: "idle" | "warm_up" | "load" | "recovery";
  from_s: number;
  until_s: number;
}

/** Part of the load with one use of the Computer. */
export interface StoredStretch {
  stretch: Stretch;
  from_s: number;
  until_s: number;
  loaded: StoredLatency;
  loss_share: number | null;
  invalid?: readonly string[];
  people: readonly StoredPerson[];
  cause?: string;
  means_agree?: boolean;
}

/** Result of a run for the server: `run_report` of docs/protocol.md. */
export interface RunReportMessage {
  type: "run_report";
  ended_at: number;
  client: { kind: "page" | "householdctl"; version: string };
  load_s: number;
  phases: readonly StoredPhase[];
  baseline_ms: number | null;
  idle: StoredLatency;
  loaded: StoredLatency;
  loss_share: number | null;
  invalid: readonly string[];
  people: readonly StoredPerson[];
  timeline: readonly Point[];
  warm_up_mbps: number | null;
  /** Rate of one connection downwards; null without a warm-up. These two are missing in runs of older pages. */
  single_connection_mbps?: number | null;
  /** Connections of the Computer downwards. */
  connections?: number;
  /** Left out without samples of the server's kernel: an older server refuses the field. */
  cause?: string;
  means_agree?: boolean;
  /** Left out for a single one: an older server refuses the field. */
  stretches?: readonly StoredStretch[];
}
