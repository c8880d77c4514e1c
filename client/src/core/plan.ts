import type { Stretch } from "./scoring/directions.js";

/** Line without load. */
export const baselineMs = 5000;
/** Time of each warm-up with one connection of the Computer alone on the line, and the longest for a rate that still rises. */
export const singleMs = 3000;
export const maxSingleMs = 5000;
/** Time after that with several connections. */
export const togetherMs = 2000;
/** Computer alone on an ordinary line, for each direction; a slow start takes longer, a fast line less. */
export const warmUpMs = singleMs + togetherMs;
/** Maximum of that: connections may take the rest to open. */
export const maxWarmUpMs = 9000;
/** Queues drain before the next load starts, and before its figures count. */
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
/** 1 Hz: a parallel connection of the Computer has the same delay as its first one. */
export const parallelPingEveryMs = 1000;

/** Profiles of the Computer's connections: one downloads, the other uploads. */
export type Task = "computer" | "backup";

export const tasksOf: Readonly<Record<Stretch, readonly Task[]>> = {
  download: ["computer"],
  upload: ["backup"],
  both: ["computer", "backup"],
};

export const allStretches: readonly Stretch[] = ["download", "upload", "both"];

/** The short form, which any server knows. */
export const shortForm: readonly Stretch[] = ["download"];

export interface Plan {
  /** Duration of the load, all stretches together. */
  durationMs: number;
  stretches: readonly Stretch[];
  /** Limit of the Computer each way, Mbit/s; undefined for the profile's rate. */
  computerMbps: number | undefined;
  /** Whether a warm-up finds the rates for the Computer. */
  warmUp: boolean;
}

export function stretchMsOf({ durationMs, stretches }: Plan): number {
  return durationMs / stretches.length;
}

/** Return the tasks that have a warm-up, in their order. */
export function warmUpsOf({ stretches, warmUp }: Plan): readonly Task[] {
  return warmUp ? [...new Set(stretches.flatMap((stretch) => tasksOf[stretch]))] : [];
}

export function beforeLoadMs(plan: Plan): number {
  return baselineMs + warmUpsOf(plan).length * (warmUpMs + settleMs);
}

export function totalMsOf(plan: Plan): number {
  return beforeLoadMs(plan) + plan.durationMs + recoveryMs;
}
