import type { Journal } from "./journal.js";
import type { RunReportMessage } from "./run-report.js";
import type { Snapshot } from "./snapshot.js";

/** See {@link SessionOptions}. */
export interface StartOptions {
  url: string;
  userId: string;
  durationMs: number;
  pingEveryMs: number;
  pingTurnMs: number | undefined;
  kernelPing: number | undefined;
  maxMbps: number | undefined;
}

export type ToWorker =
  | ({ kind: "start" } & StartOptions)
  | { kind: "report"; run: RunReportMessage }
  /** Lowers the rate both ways. */
  | { kind: "limit"; mbps: number }
  /** `settleMs` is the time for late answers. */
  | { kind: "stop"; settleMs: number | undefined };

/**
 * Report of a worker, four times a second and on each change of phase; the last is in `done` or `failed`. The journal
 * covers the time since the previous report.
 */
export interface FromWorker {
  snapshot: Snapshot;
  journal: Journal;
}
