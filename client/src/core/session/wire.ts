import type { RunReportMessage } from "./run-report.js";

/** Messages of the data plane: JSON text with a `type`. Times are milliseconds. */

/** Maximum upload chunk, bytes: a larger frame would add latency of our own. */
export const maxChunkBytes = 65_536;
/** Maximum bytes of a request: 250 ms at 2 Gbit/s. */
export const maxRequestBytes = 62_500_000;
/** Maximum duration of a request, ms. */
export const maxRequestMs = 10_000;

export interface UploadRequest {
  type: "real_upload_request";
  targetBytes: number;
  chunkBytes: number;
  durationMs: number;
}

export interface Totals {
  receivedBytes: number | undefined;
  /** By the server's clock, seconds. */
  elapsedS: number | undefined;
  /** The server was late in too much of the session. */
  overloaded: boolean;
  limited: boolean;
  clientLimited: boolean;
  tcp: ServerTcp | undefined;
  /** Round trips by the server's kernel since the previous message, ms. */
  kernelMs: readonly number[] | undefined;
}

/** The connection as the server's kernel sees it. */
export interface ServerTcp {
  rttMs: number;
  minRttMs: number | null;
  retransmits: number;
  deliveryBps: number;
  congestionControl: string;
  /** Share of the time in which this device's receive window was shut; undefined from older servers. */
  receiverLimited?: number | undefined;
}

/** Messages that the client handles; all others are `other`. */
export type ServerMessage =
  /** Mean rates of the profile, Mbit/s. */
  | { type: "session_info"; downloadMbps: number | undefined; uploadMbps: number | undefined }
  | { type: "ping"; sequence: number; timestamp: number; serverTime: number | undefined }
  | { type: "pong"; sequence: number; kernelMs: readonly number[] | undefined }
  | { type: "connection_test"; timestamp: number }
  | UploadRequest
  | ({
      type: "real_time_update";
      targetDownloadMbps: number | undefined;
    } & Totals)
  /** `reason` is the server's code for the end; empty from older servers. */
  | ({ type: "session_complete"; reason: string } & Totals)
  | { type: "run_stored"; id: string; shown: boolean }
  | { type: "run_refused"; reason: string }
  | { type: "other" };

/** Breach of the protocol; the message names the field and what was expected. */
export class WireError extends Error {}

type Fields = Record<string, unknown>;

/**
 * Return the message in a text frame.
 *
 * @throws WireError for text that is not a JSON object with a `type`, or a required field that is missing or out of
 * range.
 */
export function decode(frame: string): ServerMessage {
  const fields = parse(frame);
  switch (fields.type) {
    case "session_info":
      return {
        type: "session_info",
        downloadMbps: optionalNumber(fieldsIn(fields, "profile"), "download_mbps", 0),
        uploadMbps: optionalNumber(fieldsIn(fields, "profile"), "upload_mbps", 0),
      };
    case "ping":
      return {
        type: "ping",
        sequence: number(fields, "sequence"),
        timestamp: number(fields, "timestamp"),
        serverTime: optionalNumber(fields, "server_time"),
      };
    case "pong":
      return { type: "pong", sequence: number(fields, "sequence"), kernelMs: kernelIn(fields) };
    case "connection_test":
      return { type: "connection_test", timestamp: number(fields, "timestamp") };
    case "real_upload_request":
      return {
        type: "real_upload_request",
        targetBytes: integer(fields, "target_bytes", 0, maxRequestBytes),
        chunkBytes: Math.min(integer(fields, "optimal_chunk_size", 1, maxRequestBytes), maxChunkBytes),
        durationMs: number(fields, "duration_ms", 0, maxRequestMs),
      };
    case "real_time_update":
      return {
        type: "real_time_update",
        targetDownloadMbps: optionalNumber(fields, "target_download_mbps", 0),
        ...totalsIn(fields),
      };
    case "session_complete":
      return {
        type: "session_complete",
        reason: typeof fields.reason === "string" ? fields.reason : "",
        ...totalsIn(fields),
      };
    case "run_stored":
      return { type: "run_stored", id: text(fields, "id"), shown: typeof fields.path === "string" };
    case "run_refused":
      return { type: "run_refused", reason: text(fields, "reason") };
    default:
      return { type: "other" };
  }
}

/** Fields of the JSON. */
export type ClientMessage =
  | { type: "ping"; sequence: number; tcp?: true }
  | {
      type: "pong";
      user_id: string;
      sequence: number;
      timestamp: number;
      client_timestamp: number;
      server_time: number | undefined;
    }
  | { type: "connection_test_response"; user_id: string; timestamp: number; client_timestamp: number }
  | { type: "client_confirmation"; received_bytes: number; sent_bytes: number; timestamp: number }
  /** Lowers the download's rate; Mbit/s. */
  | { type: "request_download"; throughput: number }
  | RunReportMessage
  | { type: "stop_test"; user_id: string };

export function encode(message: ClientMessage): string {
  return JSON.stringify(message);
}

function parse(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WireError("a text frame is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError("a text frame is not a JSON object");
  }
  const fields = value as Fields;
  if (typeof fields.type !== "string") throw new WireError("type: expected a string");
  return fields;
}

function totalsIn(fields: Fields): Totals {
  const tcp = fieldsIn(fields, "server_tcp");
  return {
    receivedBytes: optionalNumber(fields, "server_received_bytes", 0),
    elapsedS: optionalNumber(fields, "elapsed_seconds", 0),
    overloaded: fields.server_overloaded === true,
    limited: fields.server_limited === true,
    clientLimited: fields.client_limited === true,
    kernelMs: kernelIn(fields),
    tcp:
      tcp.rtt_ms === undefined
        ? undefined
        : {
            rttMs: number(tcp, "rtt_ms", 0),
            minRttMs: optionalNumber(tcp, "min_rtt_ms", 0) ?? null,
            retransmits: number(tcp, "retransmits", 0),
            deliveryBps: number(tcp, "delivery_mbps", 0) * 1_000_000,
            congestionControl: String(tcp.congestion_control).slice(0, 16),
            receiverLimited: optionalNumber(tcp, "receiver_limited", 0),
          },
  };
}

function kernelIn(fields: Fields): readonly number[] | undefined {
  const all: unknown = fieldsIn(fields, "server_tcp").rtts_ms;
  return Array.isArray(all) ? all.filter((each): each is number => typeof each === "number" && each >= 0) : undefined;
}

function number(fields: Fields, name: string, least = -Infinity, most = Infinity): number {
  const value = fields[name];
  if (typeof value !== "number" || value < least || value > most) {
    throw new WireError(`${String(fields.type)}.${name}: expected a number from ${least} to ${most}`);
  }
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new WireError(`${String(fields.type)}.${name}: expected a string`);
  return value;
}

function integer(fields: Fields, name: string, least: number, most: number): number {
  const value = number(fields, name, least, most);
  if (!Number.isInteger(value)) throw new WireError(`${String(fields.type)}.${name}: expected an integer`);
  return value;
}

function optionalNumber(fields: Fields, name: string, least = -Infinity): number | undefined {
  const value = fields[name];
  return value === undefined || value === null ? undefined : number(fields, name, least);
}

/** Return the fields of a nested object; none if it is absent. */
function fieldsIn(fields: Fields, name: string): Fields {
  const value = fields[name];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return { ...(value as Fields), type: `${String(fields.type)}.${name}` };
}
