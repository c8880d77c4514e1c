import type { Journal } from "./journal.js";
import type { RunReportMessage } from "./run-report.js";
import type { Snapshot } from "./snapshot.js";

/** What the page tells a worker. */
export type ToWorker =
  | { kind: "start"; url: string; userId: string; durationMs: number; pingEveryMs: number; pingTurnMs: number | undefined }
  | { kind: "report"; run: RunReportMessage }
  | { kind: "stop" };

/**
 * What a worker tells the page: four times a second, and when the phase changes. The one in `done` or `failed` is the
 * last. The journal is what happened since the one before.
 */
export interface FromWorker {
  snapshot: Snapshot;
  journal: Journal;
}
