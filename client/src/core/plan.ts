/** How long the line measures itself without load. */
export const baselineMs = 5000;
/** How long the Computer is alone on the line. */
export const warmUpMs = 3000;
/** Time for the line to empty its queue before the household comes. */
export const settleMs = 1000;
/** How long answers to the pings under load are waited for, and the line is watched as it recovers. */
export const recoveryMs = 3000;

/** Connections that take turns to ping: a lost packet holds up one of them, and the others show that it is one. */
export const probes = 4;
/** 20 Hz of all probes together: what grades the household. */
export const probePingEveryMs = 50;
/** 10 Hz. */
export const personPingEveryMs = 100;

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
