import { describe, expect, it } from "vitest";
import { computerSnapshot, takesPart } from "../../../src/core/run/computer.js";
import { idle, type Snapshot } from "../../../src/core/session/snapshot.js";

const down: Snapshot = { ...idle, phase: "running", receivedBytes: 50, sentBytes: 1, downloadBps: 8, uploadBps: 1 };
const up: Snapshot = { ...idle, phase: "running", sentBytes: 20, uploadBps: 4 };

describe("the Computer's snapshot", () => {
  it("adds up the connections in use, and the bytes of all", () => {
    const before: Snapshot = { ...down, phase: "done" };
    expect(computerSnapshot([down, up], [before, down, up])).toMatchObject({
      phase: "running",
      receivedBytes: 100,
      sentBytes: 22,
      downloadBps: 8,
      uploadBps: 5,
    });
  });

  it("has the failure of either", () => {
    const done: Snapshot = { ...down, phase: "done", ending: { kind: "stopped" } };
    const failed: Snapshot = { ...up, phase: "failed", ending: { kind: "lost" } };
    expect(computerSnapshot([done, failed], [])).toMatchObject({ phase: "failed", ending: { kind: "lost" } });
  });

  it("has the wishes of all connections, and the delay of the first", () => {
    const first: Snapshot = { ...down, wantedDownloadBps: 5, latestMs: 300, waitingMs: 20 };
    const other: Snapshot = { ...down, wantedDownloadBps: 5, latestMs: 700, waitingMs: 900 };
    const all = Array.from({ length: 8 }, (_, i) => (i === 0 ? first : other));
    expect(computerSnapshot(all, all)).toMatchObject({ wantedDownloadBps: 40, downloadBps: 64, latestMs: 300, waitingMs: 20 });
  });

  it("is silent only if no connection hears from the server", () => {
    const silent: Snapshot = { ...down, silentMs: 4000 };
    expect(computerSnapshot([silent, { ...down, silentMs: 30 }], []).silentMs).toBe(30);
    expect(computerSnapshot([silent, silent], []).silentMs).toBe(4000);
  });

  it("runs while any connection does", () => {
    const failed: Snapshot = { ...down, phase: "failed", ending: { kind: "lost" } };
    expect(computerSnapshot([down, failed], [])).toMatchObject({ phase: "running", ending: { kind: "lost" } });
  });

  it("is idle without any", () => {
    expect(computerSnapshot([], [])).toEqual(idle);
  });
});

describe("a parallel connection", () => {
  it("takes part while it opens, and once it has opened, however it ends", () => {
    expect(takesPart({ ...idle, phase: "connecting" })).toBe(true);
    expect(takesPart({ ...down, openedAt: 1000 })).toBe(true);
    expect(takesPart({ ...down, openedAt: 1000, phase: "failed", ending: { kind: "lost" } })).toBe(true);
  });

  it("takes no part if it was refused, or could not open", () => {
    expect(takesPart({ ...idle, phase: "failed", ending: { kind: "refused", cause: "run_full", retryAfterS: 5 } })).toBe(false);
    expect(takesPart({ ...idle, phase: "failed", ending: { kind: "unreachable" } })).toBe(false);
    expect(takesPart({ ...idle, phase: "done", ending: { kind: "stopped" } })).toBe(false);
  });
});
