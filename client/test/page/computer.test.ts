import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { monotonic } from "../../src/browser/monotonic.js";
import { allStretches, type Plan, type Task } from "../../src/core/plan.js";
import { idle, type Snapshot } from "../../src/core/session/snapshot.js";
import { Computer } from "../../src/page/computer.js";
import { FakeWorker, leavePage, openPage, workers } from "./fake-worker.js";

const plan: Plan = { durationMs: 36_000, stretches: allStretches, computerMbps: undefined, warmUp: true };

let computer: Computer;
/** Workers that have opened, or were refused. */
let known: Set<FakeWorker>;

beforeEach(() => {
  openPage();
  computer = new Computer("7", () => undefined);
  known = new Set();
});

afterEach(() => {
  leavePage();
});

/** Let all new connections open, or as many as the server takes; others are refused. */
function connect(most = Infinity): void {
  let left = most;
  // Others may start as one opens.
  for (const worker of [...workers()]) {
    if (known.has(worker)) continue;
    known.add(worker);
    if (left-- > 0) worker.open();
    else worker.refuse();
  }
}

/** Play a warm-up in which each connection gets `mbps`. */
function warmUp(task: Task, mbps: number, most = Infinity): void {
  const before = workers().length;
  computer.warmUp(task);
  connect();
  while (!computer.stepWarmUp(task)) {
    connect(most);
    for (const worker of workers().slice(before)) {
      if (worker.isOpen) worker.carry(mbps, 100);
    }
    vi.advanceTimersByTime(100);
  }
}

/** Return the queries of the connections started after the first `before`. */
function queriesSince(before: number): Record<string, string>[] {
  return workers().slice(before).map(({ queries }) => queries);
}

describe("the Computer", () => {
  it("loads the line with as many connections as its warm-up called for", () => {
    warmUp("computer", 4);
    expect(workers()).toHaveLength(4);
    const found = computer.warmUpOf("computer");
    expect(found?.connections).toBe(8);
    computer.begin("download", plan);
    expect(computer.noteConnected()).toBe(false);
    connect();
    expect(computer.noteConnected()).toBe(false);
    connect();
    expect(computer.noteConnected()).toBe(true);
    const queries = queriesSince(4);
    expect(queries).toHaveLength(8);
    expect(queries.map(({ throughput }) => throughput)).toEqual(new Array(8).fill(String(Math.round(100 * (found?.computerMbps ?? 0) / 8) / 100)));
    expect(queries.filter(({ parallel }) => parallel === "1")).toHaveLength(7);
    expect(computer.snapshot.phase).toBe("running");
    expect(computer.current).toHaveLength(8);
    expect(computer.warmUpOf("computer")?.connections).toBe(8);
  });

  it("goes on with those that the server lets in, and says how many", () => {
    warmUp("computer", 4);
    computer.begin("download", plan);
    connect();
    connect(2);
    expect(computer.noteConnected()).toBe(true);
    expect(computer.sessions.map(({ phase }) => phase)).toEqual(["running", "running", "running"]);
    expect(computer.warmUpOf("computer")?.connections).toBe(3);
  });

  it("plans with those that the server let into the warm-up", () => {
    warmUp("computer", 4, 1);
    expect(computer.warmUpOf("computer")?.connections).toBe(2);
  });

  it("has one connection each way without a warm-up", () => {
    computer.begin("both", { ...plan, warmUp: false });
    connect();
    connect();
    expect(queriesSince(0)).toEqual([{ test_id: "7", token: "secret" }, { test_id: "7", token: "secret" }]);
    expect(computer.warmUpOf("computer")).toBeUndefined();
  });

  it("leaves a warm-up to one connection that the device limited, and claims nothing of the line", () => {
    computer.watch(10);
    const serverTcp = { rttMs: 11, minRttMs: 10, retransmits: 0, deliveryBps: 0, congestionControl: "cubic" };
    const probes: Snapshot[] = [{ ...idle, phase: "running", latestMs: 500 }];
    computer.warmUp("computer");
    connect();
    for (let i = 0; i < 40 && !computer.stepWarmUp("computer"); i += 1) {
      workers()[0].tell({ phase: "running", downloadBps: 100e6, serverTcp }, { received: [{ at: monotonic(), bytes: 1_250_000 }] });
      computer.guard(probes, monotonic());
      vi.advanceTimersByTime(100);
    }
    expect(workers()).toHaveLength(1);
    expect(computer.deviceMbps).toBe(60);
    expect(computer.warmUpOf("computer")).toBeUndefined();
    computer.begin("download", plan);
    connect();
    expect(queriesSince(1)).toEqual([{ test_id: "7", throughput: "60", token: "secret" }]);
  });

  it("forgets a stretch whose upload the server refused", () => {
    warmUp("computer", 50);
    const before = workers().length;
    computer.begin("upload", plan);
    workers()[before]?.refuse();
    expect(computer.isBackupRefused).toBe(true);
    expect(computer.noteConnected()).toBe(true);
    computer.dropStretch();
    expect(computer.sessions).toEqual([]);
    expect(computer.stretch).toBeUndefined();
  });

  it("stops all connections of a stretch together", () => {
    warmUp("computer", 4);
    computer.begin("download", plan);
    connect();
    connect();
    computer.endStretch();
    expect(computer.current.map(({ phase }) => phase)).toEqual(new Array(8).fill("stopping"));
  });
});
