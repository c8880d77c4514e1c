import type { Ending } from "./ending.js";
import type { Journal } from "./journal.js";
import type { Phase } from "./phase.js";
import type { LatencyFigures } from "./ping-tracker.js";
import type { ServerTcp } from "./wire.js";

/** One person's connection at one moment. Payload bytes only; rates in bit/s, times in milliseconds. */
export interface Snapshot {
  phase: Phase;
  /** Set in `done` and `failed` only. */
  ending: Ending | undefined;
  /** When the connection opened. */
  openedAt: number | undefined;
  /** When its traffic ended: by the order to stop, or with the connection; undefined until then. */
  trafficUntil: number | undefined;
  /** Mean rates that the profile asks for; 0 until the server has said so. */
  wantedDownloadBps: number;
  wantedUploadBps: number;
  /** Mean upload rate by the server's own count and clock; undefined until it has told two. */
  serverUploadBps: number | undefined;
  /** Time since the connection opened, until it ended. */
  elapsedMs: number;
  receivedBytes: number;
  /** What has left the browser's send buffer. */
  sentBytes: number;
  /** While running over the last second; after the end the mean of the run. */
  downloadBps: number;
  uploadBps: number;
  /** While running over the last seconds; after the end over the whole run. */
  latency: LatencyFigures;
  /** The latest round trip. */
  latestMs: number | undefined;
  /** Age of the oldest ping without an answer. */
  waitingMs: number;
  /** Time since anything came from the server. */
  silentMs: number;
  /** Mean download rate of the run as a share of what the profile asks for; undefined until both are known. */
  delivery: number | undefined;
  /** Pings that were sent, and those of them that were late by this device's own doing. */
  pings: number;
  latePings: number;
  /** The server was itself late for too much of the session so far. */
  serverOverloaded: boolean;
  /** A budget of the server, and not the line, was what held the session back for too much of it so far. */
  serverLimited: boolean;
  /** The connection as the server's kernel sees it; undefined until it has said so. */
  serverTcp: ServerTcp | undefined;
  /** Messages that broke the protocol. */
  malformed: number;
  /** Text of the server's latest `error` message. */
  serverError: string;
  /** What the server did with the run that it was told of; undefined before its answer. */
  stored: Stored | undefined;
}

/** A run that the server keeps, with whether it shows it to others; or why it does not. */
export type Stored = { id: string; shown: boolean } | { refused: string };

/** A connection that does not exist yet. */
export const idle: Snapshot = {
  phase: "idle",
  ending: undefined,
  openedAt: undefined,
  trafficUntil: undefined,
  wantedDownloadBps: 0,
  wantedUploadBps: 0,
  serverUploadBps: undefined,
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
  serverTcp: undefined,
  malformed: 0,
  serverError: "",
  stored: undefined,
};

/** All that is known of one connection: how it stands, and what happened on it. */
export interface ConnectionRecord {
  snapshot: Snapshot;
  journal: Journal;
}
