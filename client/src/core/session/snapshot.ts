import type { Ending } from "./ending.js";
import type { Journal } from "./journal.js";
import type { Phase } from "./phase.js";
import type { LiveLatency } from "./ping-tracker.js";
import type { ServerTcp } from "./wire.js";

/** A connection at one moment. Bytes are payload, rates bit/s, times milliseconds. */
export interface Snapshot {
  phase: Phase;
  /** Set once over. */
  ending: Ending | undefined;
  openedAt: number | undefined;
  /** Order to stop, or end of the connection. */
  trafficUntil: number | undefined;
  /** Mean rates of the profile; 0 until the server names them. */
  wantedDownloadBps: number;
  wantedUploadBps: number;
  elapsedMs: number;
  receivedBytes: number;
  /** Past the browser's send buffer. */
  sentBytes: number;
  /** Rate of the last second; once over, the mean of the run. */
  downloadBps: number;
  uploadBps: number;
  /** Latency of the last seconds; once over, of the whole run. */
  latency: LiveLatency;
  latestMs: number | undefined;
  /** Age of the oldest unanswered ping. */
  waitingMs: number;
  silentMs: number;
  /** Share of the profile's download rate that arrived on average. */
  delivery: number | undefined;
  /** Pings sent, and those that this device sent late. */
  pings: number;
  latePings: number;
  /** The server was late in too much of the session. */
  serverOverloaded: boolean;
  /** A budget of the server held the session back for too much of it. */
  serverLimited: boolean;
  /** The client confirmed less than its line carried, and was slowed, for too much of it. */
  clientLimited: boolean;
  serverTcp: ServerTcp | undefined;
  malformed: number;
  stored: Stored | undefined;
}

/** A stored run, and whether others may open it; or the reason against storing it. */
export type Stored = { id: string; shown: boolean } | { refused: string };

export const idle: Snapshot = {
  phase: "idle",
  ending: undefined,
  openedAt: undefined,
  trafficUntil: undefined,
  wantedDownloadBps: 0,
  wantedUploadBps: 0,
  elapsedMs: 0,
  receivedBytes: 0,
  sentBytes: 0,
  downloadBps: 0,
  uploadBps: 0,
  latency: { count: 0, p50Ms: undefined, p95Ms: undefined },
  latestMs: undefined,
  waitingMs: 0,
  silentMs: 0,
  delivery: undefined,
  pings: 0,
  latePings: 0,
  serverOverloaded: false,
  serverLimited: false,
  clientLimited: false,
  serverTcp: undefined,
  malformed: 0,
  stored: undefined,
};

export interface ConnectionRecord {
  snapshot: Snapshot;
  journal: Journal;
}
