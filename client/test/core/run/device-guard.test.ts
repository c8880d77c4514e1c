import { beforeEach, describe, expect, it } from "vitest";
import { DeviceGuard } from "../../../src/core/run/device-guard.js";
import { idle, type Snapshot } from "../../../src/core/session/snapshot.js";

const baselineMs = 10;
const everyMs = 250;

let guard: DeviceGuard;
let now: number;

beforeEach(() => {
  guard = new DeviceGuard(baselineMs);
  now = 0;
});

/** Snapshots of probes whose last pings took `roundTripsMs`. */
function probes(...roundTripsMs: number[]): Snapshot[] {
  return roundTripsMs.map((latestMs) => ({ ...idle, phase: "running", latestMs }));
}

/** Snapshot of a Computer that receives `mbps`, with the kernel's round trip. */
function computer(mbps: number, kernelMs: number, changes: Partial<Snapshot> = {}): Snapshot {
  const serverTcp = { rttMs: kernelMs, minRttMs: baselineMs, retransmits: 0, deliveryBps: 0, congestionControl: "cubic" };
  return { ...idle, phase: "running", downloadBps: mbps * 1e6, serverTcp, ...changes };
}

/** Return the limits that the guard sets in `forMs`. */
function limits(forMs: number, delays: Snapshot[], ...persons: Snapshot[]): number[] {
  const found: number[] = [];
  for (const end = now + forMs; now < end; now += everyMs) {
    const limit = guard.look(delays, persons, now);
    if (limit !== undefined) found.push(limit);
  }
  return found;
}

describe("the guard of a device", () => {
  it("lowers the rate while all probes wait and the kernel does not", () => {
    expect(limits(1500, probes(500, 510, 520, 530), computer(900, 11))).toEqual([540]);
    expect(limits(2000, probes(300, 300, 310, 300), computer(540, 11))).toEqual([324]);
    expect(guard.mbps).toBe(324);
  });

  it("counts the wait of a ping that has no answer", () => {
    const waiting = probes(11, 11).map((probe) => ({ ...probe, waitingMs: 400 }));
    expect(limits(1250, waiting, computer(900, 11))).toEqual([540]);
  });

  it("leaves a line alone whose queue the kernel sees as well", () => {
    expect(limits(10_000, probes(210, 205, 200, 220), computer(20, 195))).toEqual([]);
    expect(limits(10_000, probes(290, 260, 255, 250), computer(5, 220))).toEqual([]);
    expect(guard.mbps).toBeUndefined();
  });

  it("leaves a line alone that is lossy: one probe at least does not wait for a retransmission", () => {
    expect(limits(10_000, probes(230, 240, 12, 240), computer(20, 11))).toEqual([]);
  });

  it("waits for the kernel's figure, which comes late by the queue that it tells of", () => {
    const filling = probes(310, 310, 310, 310);
    expect(limits(750, filling, computer(30, 11))).toEqual([]);
    expect(limits(10_000, filling, computer(20, 305))).toEqual([]);
  });

  it("takes a moment of delay for a moment", () => {
    for (let i = 0; i < 10; i += 1) {
      expect(limits(500, probes(300, 300, 300, 300), computer(100, 11))).toEqual([]);
      expect(limits(250, probes(12, 12, 12, 12), computer(100, 11))).toEqual([]);
    }
  });

  it("gives the device time to recover, and stops at 10 Mbit/s", () => {
    const late = probes(900, 900, 900, 900);
    expect(limits(1750, late, computer(900, 11))).toEqual([540]);
    expect(limits(30_000, late, computer(15, 11))).toEqual([10]);
  });

  it("says whether the device still works off what it got", () => {
    const late = probes(900, 900, 900, 900);
    expect(guard.isBehind(late)).toBe(false);
    limits(1500, late, computer(900, 11));
    expect(guard.isBehind(late)).toBe(true);
    expect(guard.isBehind(probes(900, 900, 25, 900))).toBe(false);
  });

  it("knows nothing without a fresh figure of the kernel", () => {
    const late = probes(900, 900, 900, 900);
    for (const changes of [{ serverTcp: undefined }, { silentMs: 600 }, { phase: "connecting" as const }]) {
      expect(limits(5000, late, computer(900, 11, changes))).toEqual([]);
    }
  });
  it("limits all connections of the Computer together", () => {
    const four = Array.from({ length: 4 }, () => computer(225, 11));
    expect(limits(1500, probes(500, 510, 520, 530), ...four)).toEqual([540]);
  });

  it("goes by the least round trip of the kernel: others may wait for a retransmission", () => {
    const late = probes(500, 510, 520, 530);
    expect(limits(1500, late, computer(450, 600), computer(450, 11))).toEqual([540]);
  });

  it("leaves a line alone whose queue was there when other connections opened", () => {
    const opened = computer(10, 205);
    const least = { ...opened, serverTcp: opened.serverTcp && { ...opened.serverTcp, minRttMs: 195 } };
    expect(limits(10_000, probes(210, 205, 200, 220), computer(10, 195), least)).toEqual([]);
  });

  it("goes by the connections that still have fresh figures", () => {
    const late = probes(900, 900, 900, 900);
    expect(limits(1500, late, computer(900, 11), computer(900, 500, { silentMs: 600 }))).toEqual([1080]);
    expect(limits(5000, late)).toEqual([]);
  });
});
