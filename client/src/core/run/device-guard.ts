import type { Snapshot } from "../session/snapshot.js";

/** Time for which the delay must exceed the kernel's, which is read four times a second. */
const patienceMs = 500;
/** Most by which that time is longer while answers are late: the kernel's figures wait in the line's queue as well. */
const maxLagMs = 500;
/** Time for the device to work off what it holds before the next decision. */
const settleMs = 1000;
/** Delay beyond the kernel's, ms, that is not explained by event loops at work. */
const minExcessMs = 20;
/** Factor of the kernel's delay, which is smoothed over several round trips. */
const kernelMargin = 1.25;
/** Factor of the rate that the device did not keep up with. */
const decrease = 0.6;
/** Lowest limit, Mbit/s: below it the delay has other causes than the Computer's payload. */
const minMbps = 10;
/** Silence after which the kernel's figure is out of date. */
const staleMs = 500;

/**
 * Finds the rate that this device keeps up with.
 *
 * Firefox and WebKit accept payload faster than a page handles it, and queue it without bound. The pings of all
 * connections then wait in the device, for seconds, while the server's kernel sees short round trips. That delay is not
 * the line's, so the Computer asks for less until it is gone. A queue in the line delays the kernel's round trips as
 * much, and lowers nothing.
 */
export class DeviceGuard {
  /** Limit found, Mbit/s; undefined while the device keeps up. */
  mbps: number | undefined;
  readonly #baselineMs: number;
  /** Time since which the delay has been the device's. */
  #since: number | undefined;

  /** `baselineMs` is the probe's round trip on the idle line. */
  constructor(baselineMs: number) {
    this.#baselineMs = baselineMs;
  }

  /**
   * Take the latest snapshots, also of all the Computer's downloads; call a few times a second. Return the limit for
   * these together, Mbit/s, if they must ask for less from now on.
   */
  look(probes: readonly Snapshot[], computer: readonly Snapshot[], now: number): number | undefined {
    const excessMs = excessOf(probes, computer, this.#baselineMs);
    if (excessMs === undefined || excessMs <= minExcessMs) {
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= now;
    if (now - this.#since < patienceMs + Math.min(delayOf(probes) - this.#baselineMs, maxLagMs)) return undefined;
    this.#since = now + settleMs;
    const downloadBps = computer.reduce((sum, each) => sum + each.downloadBps, 0);
    const carried = Math.min(downloadBps / 1_000_000, this.mbps ?? Infinity);
    const limit = Math.max(minMbps, Math.floor(decrease * carried));
    if (limit >= (this.mbps ?? Infinity)) return undefined;
    this.mbps = limit;
    return limit;
  }

  /** Return whether the device still works off payload that it did not keep up with. */
  isBehind(probes: readonly Snapshot[]): boolean {
    return this.mbps !== undefined && delayOf(probes) - this.#baselineMs > minExcessMs;
  }
}

/** Return the least delay of the probes, ms: a retransmission delays one of them, and payload in the device all. */
function delayOf(probes: readonly Snapshot[]): number {
  return Math.min(...probes.map(({ latestMs, waitingMs }) => Math.max(latestMs ?? 0, waitingMs)));
}

/** Return by how much the probe's delay exceeds the kernel's, ms; undefined without a fresh figure of the kernel. */
function excessOf(probes: readonly Snapshot[], computer: readonly Snapshot[], baselineMs: number): number | undefined {
  const kernelMs = kernelDelayOf(computer.filter(({ phase, silentMs }) => phase === "running" && silentMs <= staleMs));
  return kernelMs === undefined ? undefined : delayOf(probes) - baselineMs - kernelMargin * kernelMs;
}

/**
 * Return the least delay by the server's kernel, ms. Its minima are compared over all connections: one that opened under
 * load has never seen the idle line.
 */
function kernelDelayOf(computer: readonly Snapshot[]): number | undefined {
  const all = computer.flatMap(({ serverTcp }) => serverTcp ?? []);
  const leastMs = all.flatMap(({ minRttMs }) => minRttMs ?? []);
  if (all.length === 0) return undefined;
  return Math.min(...all.map(({ rttMs }) => rttMs)) - (leastMs.length === 0 ? 0 : Math.min(...leastMs));
}
