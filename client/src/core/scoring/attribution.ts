import { harmlessMs, type Grade } from "./grade.js";
import { increase } from "./latency.js";

/** Minimum of samples by the server's kernel. */
export const neededKernel = 100;
/** Excess over the kernel that names the device: the greater of the two, both above what a line alone makes of them. */
const minExcessMs = 10;
const minExcessShare = 0.25;
/** Samples in a row whose means are compared: a second. */
export const meansOf = 20;
/** Excess of means that names the device on a line that adds hardly anything. */
const minMeansExcessMs = 3;
/** Loss from which pings may wait for TCP's retransmissions, which the kernel's round trip leaves out. */
export const maxLossShare = 0.01;
/** Share of the time with a shut receive window from which the device limited the rate. */
const maxReceiverLimited = 0.1;

export type Cause = "line" | "device" | "server" | "unknown";
export type Witness = "application" | "kernel";

/** What the witnesses say of a run; null where nothing was measured. */
export interface Evidence {
  /** Median of the probe's idle pings. */
  baselineMs: number | null;
  /** 95th percentile of the probe's pings under load. */
  loadedP95Ms: number | null;
  /** Median of the kernel's idle round trips, of the probe. */
  kernelIdleMs: number | null;
  /** 95th percentile of the kernel's round trips under load, of the connection where it is least. */
  kernelP95Ms: number | null;
  /** Samples of that connection. */
  kernelCount: number;
  /** Whether the means of a second agree. */
  meansAgree: boolean;
  /** Of the probe's pings under load. */
  lossShare: number | null;
  /** Whether the server's kernel sent any segment again. If not, a device changed the order of answers, and nothing was lost. */
  retransmitted: boolean | null;
  serverLate: boolean;
  /** Timers of the client were late, or pings stayed unanswered. */
  clientLate: boolean;
  /** Share of the time in which the Computer's receive window was shut. */
  receiverLimited: number | null;
  /** The Computer confirmed less than arrived, and was slowed. */
  clientLimited: boolean;
}

export interface Attribution {
  /** Of the delay. */
  cause: Cause;
  /** Whose figures carry the grade; null if no one's do. */
  witness: Witness | null;
  /** What limited the Computer; only `line` allows to speak of the line's rate. */
  rate: Cause;
  /** Idle round trip of the kernel; null unless it measured the client's path. */
  kernelBaselineMs: number | null;
  kernelIncreaseP95Ms: number | null;
  /** Whether the means of a second agree with the kernel's. */
  meansAgree: boolean;
}

function isFarAbove(aboveMs: number, belowMs: number): boolean {
  return aboveMs - belowMs > Math.max(minExcessMs, minExcessShare * belowMs);
}

/**
 * Return whether two increases of the 95th percentile, of means of a second, are of the same queue. A line that stands
 * still for a moment, as Wi-Fi does, delays single packets, which the kernel smooths away in a percentile, but not in a
 * mean; a device's delay is in no mean of the kernel.
 */
export function meansAgree(applicationMs: number, kernelMs: number): boolean {
  const leastMs = Math.min(minExcessMs, Math.max(minMeansExcessMs, kernelMs));
  return applicationMs - kernelMs <= Math.max(leastMs, minExcessShare * kernelMs);
}

/** Return whether the line, the device or the server caused the delay and the rate. */
export function attribute(evidence: Evidence): Attribution {
  const { baselineMs, loadedP95Ms, kernelIdleMs, kernelP95Ms, serverLate, clientLate } = evidence;
  const found = (cause: Cause, witness: Witness | null, rate = rateOf(evidence)): Attribution => ({
    cause,
    witness,
    rate,
    kernelBaselineMs: null,
    kernelIncreaseP95Ms: null,
    meansAgree: false,
  });
  if (serverLate) return found("server", null);
  if (baselineMs === null || loadedP95Ms === null) return found("unknown", null);
  const addedMs = increase(baselineMs, loadedP95Ms);
  if (kernelIdleMs === null && evidence.kernelCount === 0) return found("unknown", "application");
  // A small increase blames no one, and late timers the device.
  const unsure = addedMs < harmlessMs ? "application" : null;
  const suspect = clientLate && unsure === null ? "device" : "unknown";
  // The server has the samples: they wait behind payload that the device, or the line, has not worked off.
  if (kernelIdleMs === null || kernelP95Ms === null || evidence.kernelCount < neededKernel) return found(suspect, unsure);
  // The kernel's path ends at a proxy, or the device is slow even when idle.
  if (isFarAbove(baselineMs, kernelIdleMs)) return found(suspect, unsure, "unknown");
  // An application's round trip contains the kernel's; one that is longer has delayed acknowledgements in it.
  const kernelBaselineMs = Math.min(kernelIdleMs, baselineMs);
  const kernelIncreaseP95Ms = increase(kernelBaselineMs, kernelP95Ms);
  const byKernel = clientLate || (isFarAbove(addedMs, kernelIncreaseP95Ms) && !evidence.meansAgree);
  const isLossy = (evidence.lossShare ?? 0) >= maxLossShare && evidence.retransmitted !== false;
  return {
    ...found(byKernel && (clientLate || !isLossy) ? "device" : "line", byKernel ? "kernel" : "application"),
    kernelBaselineMs,
    kernelIncreaseP95Ms,
    meansAgree: evidence.meansAgree,
  };
}

/**
 * Name the line as the limit of an upload if its queue shows that it was full. Without a queue, nothing tells whether the
 * device could have sent more: the receive window is that of a download.
 */
export function withLimitOfUpload(found: Attribution, graded: Grade | null): Attribution {
  const isFull = found.cause === "line" && graded !== null && graded !== "A+" && graded !== "A";
  return found.rate === "unknown" && isFull ? { ...found, rate: "line" } : found;
}

function rateOf({ serverLate, receiverLimited, clientLimited }: Evidence): Cause {
  if (serverLate) return "server";
  if (clientLimited) return "device";
  if (receiverLimited === null) return "unknown";
  return receiverLimited > maxReceiverLimited ? "device" : "line";
}
