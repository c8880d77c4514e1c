import type { Task } from "../plan.js";
import type { Journal } from "../session/journal.js";
import { countedBps, meanBps } from "./run-facts.js";
import type { Span } from "./spans.js";

/** Time left out while TCP finds its rate. */
const rampMs = 1000;
/** Factor by which the Computer asks for more than the line carried, to fill its queue and make up for a slow start. */
const headroom = 1.5;

/** Rates are payload. */
export interface WarmUp {
  /** Rate of the Computer alone on the line, bit/s. */
  lineBps: number;
  /** Request of the Computer in the run, Mbit/s, capped by the server at the profile's rate. */
  computerMbps: number;
}

/** Return undefined if the warm-up was too short or nothing arrived. */
export function warmUpOf(task: Task, { received, counts = [] }: Journal, span: Span | undefined): WarmUp | undefined {
  if (span === undefined || span.until - span.from < 2 * rampMs) return undefined;
  const sustained = { from: span.from + rampMs, until: span.until };
  const lineBps = task === "computer" ? meanBps(received, sustained) : countedBps(counts, sustained);
  if (lineBps === undefined || lineBps === 0) return undefined;
  return { lineBps, computerMbps: Math.max(1, Math.round((headroom * lineBps) / 1_000_000)) };
}
