import type { Journal } from "../session/journal.js";
import { within, type Span } from "./spans.js";

/** Time left out while TCP finds its rate. */
const rampMs = 1000;
/** Factor by which the Computer asks for more than the line carried, to fill its queue and make up for a slow start. */
const headroom = 1.5;

/** Rates are payload. */
export interface WarmUp {
  /** Download of the Computer alone on the line, bit/s. */
  lineBps: number;
  /** Request of the Computer in the run, Mbit/s, capped by the server at the profile's rate. */
  computerMbps: number;
}

/** Return undefined if the warm-up was too short or nothing arrived. */
export function warmUpOf({ received }: Journal, span: Span | undefined): WarmUp | undefined {
  if (span === undefined || span.until - span.from < 2 * rampMs) return undefined;
  const sustained = { from: span.from + rampMs, until: span.until };
  const bytes = received.reduce((sum, portion) => sum + (within(portion.at, sustained) ? portion.bytes : 0), 0);
  if (bytes === 0) return undefined;
  const lineBps = (8000 * bytes) / (sustained.until - sustained.from);
  return { lineBps, computerMbps: Math.max(1, Math.round((headroom * lineBps) / 1_000_000)) };
}
