import { baselineMs, recoveryMs } from "./core/settings.js";
import { settleMs, warmUpMs } from "./core/warm-up.js";

/** What a run is to be. */
export interface Plan {
  /** Length of the load. */
  durationMs: number;
  /** Limits what the Computer asks for; undefined is what the profile says. */
  computerMbps: number | undefined;
  /** Whether the line is measured first, and the Computer asks for what it carries. */
  warmUp: boolean;
}

/** What the phases before the load take. */
export function beforeLoadMs({ warmUp }: Plan): number {
  return baselineMs + (warmUp ? warmUpMs + settleMs : 0);
}

/** What all phases of a run together take at least. */
export function totalMsOf(plan: Plan): number {
  return beforeLoadMs(plan) + plan.durationMs + recoveryMs;
}
