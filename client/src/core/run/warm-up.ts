import type { Journal } from "../session/journal.js";
import { within, type Span } from "./spans.js";

/** What the beginning of a TCP connection takes to find its rate, and is left out. */
const rampMs = 1000;
/** The Computer has to want more than the line carries, else it would fill no queue; it also makes up for a slow start. */
const headroom = 1.5;

/** What the warm-up found. Rates are payload. */
export interface WarmUp {
  /** What arrived when only the Computer was on the line, bit/s. */
  lineBps: number;
  /** What it asked for in the run because of that, Mbit/s; the server caps it at the profile's rate. */
  computerMbps: number;
}

/** What came of it, when it was on the line for `span`; undefined where it was too short, or nothing came. */
export function warmUpOf({ received }: Journal, span: Span | undefined): WarmUp | undefined {
  if (span === undefined || span.until - span.from < 2 * rampMs) return undefined;
  const sustained = { from: span.from + rampMs, until: span.until };
  const bytes = received.reduce((sum, portion) => sum + (within(portion.at, sustained) ? portion.bytes : 0), 0);
  if (bytes === 0) return undefined;
  const lineBps = (8000 * bytes) / (sustained.until - sustained.from);
  return { lineBps, computerMbps: Math.max(1, Math.round((headroom * lineBps) / 1_000_000)) };
}
