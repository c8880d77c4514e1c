import type { Task } from "../plan.js";
import type { Journal } from "../session/journal.js";
import { countedBps, meanBps } from "./run-facts.js";
import type { Span } from "./spans.js";

/** Time left out while TCP finds its rate. */
export const rampMs = 1000;
/** Round trips left out at least of several connections: slow start doubles the rate in each. */
const rampRoundTrips = 4;
/** Maximum of that: with the longest warm-up of one connection, a direction takes ten seconds. */
const maxRampMs = 2400;
/** Connections that join the first one, to find out whether they get more. */
export const joining = 3;
/** Maximum connections of the Computer in one direction. */
export const maxConnections = 8;
/** Factor between the halves of the counted time from which a rate still rises. */
const rising = 1.25;
/** Rate of one connection, bit/s, that fills a line well enough; several at such rates would drown a device. */
const maxSingleBps = 300_000_000;
/** Factor of the single connection's rate up to which several gain nothing: less is chance. */
const minGain = 1.1;
/** Factor by which the Computer asks for more than the line carried, to fill its queue and make up for a slow start. */
const headroom = 1.5;
/** Least share of a connection, Mbit/s. */
const minShareMbps = 0.1;

/** Result of a warm-up. Rates are payload. */
export interface WarmUp {
  /** Rate of one connection alone on the line, bit/s. */
  singleBps: number;
  /** Rate of the line, bit/s: of one connection, or of several where those got more. */
  lineBps: number;
  /** Connections that fill the line. */
  connections: number;
  /** Request of all connections together, Mbit/s; the server caps each at the profile's rate. */
  computerMbps: number;
}

/** Return the rate of connections together within a span: what arrived here, of an upload what the server counted. */
export function rateOf(task: Task, journals: readonly Journal[], span: Span): number {
  const one = ({ received, counts = [] }: Journal): number =>
    task === "computer" ? meanBps(received, span) : (countedBps(counts, span) ?? 0);
  return journals.reduce((sum, journal) => sum + one(journal), 0);
}

/** Return the time left out of several connections on a line with a round trip. */
export function togetherRampMs(roundTripMs: number): number {
  return Math.min(Math.max(rampMs, rampRoundTrips * roundTripMs), maxRampMs);
}

/** Return whether a connection was still getting faster at the end of a span. */
export function isRising(task: Task, journal: Journal, { from, until }: Span): boolean {
  const middle = (from + until) / 2;
  const rate = (span: Span): number => rateOf(task, [journal], span);
  return rate({ from: middle, until }) > rising * rate({ from, until: middle });
}

/** Return whether other connections join the single one. */
export function mayGainMore(singleBps: number): boolean {
  return singleBps > 0 && singleBps < maxSingleBps;
}

/**
 * Return the result of a warm-up; undefined if nothing arrived.
 *
 * `togetherBps` is the rate of the first connection and those that joined it, 0 without any. `most` limits the
 * connections.
 */
export function warmUpOf(singleBps: number, togetherBps: number, most = maxConnections): WarmUp | undefined {
  if (singleBps === 0) return undefined;
  const lineBps = Math.max(singleBps, togetherBps);
  const connections = connectionsFor(singleBps, togetherBps, most);
  // More connections than were tried are expected to get more.
  const requestBps = headroom * lineBps * Math.max(1, connections / (1 + joining));
  return { singleBps, lineBps, connections, computerMbps: Math.max(1, Math.round(requestBps / 1_000_000)) };
}

/** Return twice as many connections as the rates call for, because several share a loss unevenly. */
function connectionsFor(singleBps: number, togetherBps: number, most: number): number {
  if (togetherBps <= minGain * singleBps) return 1;
  return Math.min(most, maxConnections, Math.ceil((2 * togetherBps) / singleBps));
}

/** Return what each of several connections asks for, Mbit/s. */
export function shareOf(mbps: number, connections: number): number {
  return Math.max(minShareMbps, Math.round((100 * mbps) / connections) / 100);
}
