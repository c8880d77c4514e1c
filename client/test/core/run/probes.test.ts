import { describe, expect, it } from "vitest";
import { combinedSnapshot, lineJournal } from "../../../src/core/run/probes.js";
import { idle, type Snapshot } from "../../../src/core/session/snapshot.js";
import { none, pings } from "./samples.js";

describe("the probes together", () => {
  const running = (latestMs: number, waitingMs: number, changes: Partial<Snapshot> = {}): Snapshot => ({
    ...idle,
    phase: "running",
    latency: { count: 10, p50Ms: latestMs, p95Ms: latestMs },
    latestMs,
    waitingMs,
    ...changes,
  });

  it("show the line, and not the one that waits for a repair", () => {
    expect(combinedSnapshot([running(10, 5), running(900, 400), running(12, 30)])).toMatchObject({
      phase: "running",
      ending: undefined,
      latency: { count: 30, p50Ms: 12, p95Ms: 12 },
      latestMs: 12,
      waitingMs: 5,
    });
  });

  it("have the ending of the one that did not end well", () => {
    const stopped = running(10, 0, { phase: "done", ending: { kind: "stopped" } });
    const lost = running(10, 0, { phase: "failed", ending: { kind: "lost" } });
    expect(combinedSnapshot([stopped, lost]).ending).toEqual({ kind: "lost" });
    expect(combinedSnapshot([stopped, stopped]).ending).toEqual({ kind: "stopped" });
    expect(combinedSnapshot([running(10, 0), stopped]).phase).toBe("running");
  });

  it("show what the server's kernel said of the one with the shortest round trip", () => {
    const told = (rttMs: number) =>
      running(10, 0, { serverTcp: { rttMs, minRttMs: null, retransmits: 0, deliveryBps: 1e6, congestionControl: "cubic" } });
    expect(combinedSnapshot([told(5), running(10, 0), told(0.3)]).serverTcp?.rttMs).toBe(0.3);
    expect(combinedSnapshot([running(10, 0)]).serverTcp).toBeUndefined();
  });

  it("have the line's round trips only", () => {
    const one = { ...none, ...pings(0, 200, 100, 10) };
    const other = { ...none, pingsSentAt: [50], roundTrips: [{ sentAt: 50, ms: 250 }] };
    expect(lineJournal([one, other])).toEqual({ ...none, pingsSentAt: [0, 50, 100], roundTrips: one.roundTrips });
  });
});
