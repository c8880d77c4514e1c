import { describe, expect, it } from "vitest";
import { computerSnapshot } from "../../../src/core/run/computer.js";
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

  it("is idle without any", () => {
    expect(computerSnapshot([], [])).toEqual(idle);
  });
});
