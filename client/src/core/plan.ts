/** Time for measuring the line without load. */
export const baselineMs = 5000;
/** Time for the Computer alone on the line. */
export const warmUpMs = 3000;
/** Time for queues to drain before the household starts. */
export const settleMs = 1000;
/** Time for late answers after the load. */
export const recoveryMs = 3000;

/** Probe connections, which ping in turn: a loss delays one, and the others expose it. */
export const probes = 4;
/** Interval of all probes together: 20 Hz. */
export const probePingEveryMs = 50;
/** 10 Hz. */
export const personPingEveryMs = 100;

export interface Plan {
  /** Duration of the load. */
  durationMs: number;
  /** Limit of the Computer's download, Mbit/s; undefined for the profile's rate. */
  computerMbps: number | undefined;
  /** Whether a warm-up finds the rate for the Computer. */
  warmUp: boolean;
}

/** Time before the load. */
export function beforeLoadMs({ warmUp }: Plan): number {
  return baselineMs + (warmUp ? warmUpMs + settleMs : 0);
}

/** Minimum duration of a run. */
export function totalMsOf(plan: Plan): number {
  return beforeLoadMs(plan) + plan.durationMs + recoveryMs;
}
