import type { Journal } from "./journal.js";
import type { RunReportMessage } from "./run-report.js";
import type { Snapshot } from "./snapshot.js";

export type ToWorker =
  | { kind: "start"; url: string; userId: string; durationMs: number; pingEveryMs: number; pingTurnMs: number | undefined; kernelPing: number | undefined }
  | { kind: "report"; run: RunReportMessage }
  /** Lowers the download's rate. */
  | { kind: "limit"; mbps: number }
  | { kind: "stop" };

/**
 * Report of a worker, four times a second and on each change of phase; the last is in `done` or `failed`. The journal
 * covers the time since the previous report.
 */
export interface FromWorker {
  snapshot: Snapshot;
  journal: Journal;
}
