/** Line without load. */
export const baselineMs = 5000;
/** Computer alone on the line. */
export const warmUpMs = 3000;
/** Queues drain before the household starts. */
export const settleMs = 1000;
/** Late answers arrive after the load. */
export const recoveryMs = 3000;

/** Probe connections, which ping in turn: a loss delays one, and the others expose it. */
export const probes = 4;
/** 20 Hz of all probes together. */
export const probePingEveryMs = 50;
/** Number of a probe's last ping that is surely idle, which asks for the kernel's figures of the idle line. */
export const kernelPing = baselineMs / (probes * probePingEveryMs) - 1;
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

export function beforeLoadMs({ warmUp }: Plan): number {
  return baselineMs + (warmUp ? warmUpMs + settleMs : 0);
}

export function totalMsOf(plan: Plan): number {
  return beforeLoadMs(plan) + plan.durationMs + recoveryMs;
}
