import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TaskConnections } from "../../src/page/task-connections.js";
import { leavePage, openPage, workers } from "./fake-worker.js";

let connections: TaskConnections;

beforeEach(() => {
  openPage();
  connections = new TaskConnections("computer", "7", 12_000, () => undefined);
});

afterEach(() => {
  leavePage();
});

describe("the connections of a task", () => {
  it("are one, which asks for all", () => {
    connections.start(1, 30);
    workers()[0].open();
    expect(workers().map(({ queries }) => queries)).toEqual([{ test_id: "7", throughput: "30", token: "secret" }]);
  });

  it("are others that join the first once it is open, each with an equal share", () => {
    connections.start(8, 47);
    expect(workers()).toHaveLength(1);
    expect(connections.areOpening).toBe(true);
    workers()[0].open();
    expect(workers()).toHaveLength(8);
    const [first, ...parallel] = workers().map(({ queries }) => queries);
    expect(first).toEqual({ test_id: "7", throughput: "5.88", token: "secret" });
    expect(parallel).toEqual(new Array(7).fill({ ...first, parallel: "1" }));
    const pings = workers().map(({ orders: [order] }) => (order?.kind === "start" ? order.pingEveryMs : undefined));
    expect(pings).toEqual([100, ...new Array<number>(7).fill(1000)]);
  });

  it("ask for the rate of the profile without a warm-up", () => {
    connections.start(1, undefined);
    expect(workers()[0].queries).toEqual({ test_id: "7", token: "secret" });
  });

  it("go on with those that the server lets in", () => {
    connections.start(4, 40);
    workers()[0].open();
    const [, one, two, three] = workers();
    one?.open();
    two?.refuse();
    three?.tell({ phase: "failed", ending: { kind: "unreachable" } });
    expect(connections.areOpening).toBe(false);
    expect(connections.isFull).toBe(true);
    expect(connections.opened).toBe(2);
    expect(connections.sessions.map(({ phase }) => phase)).toEqual(["running", "running"]);
  });

  it("lose one that was open", () => {
    connections.start(2, 40);
    for (const worker of workers()) worker.open();
    workers()[1]?.lose();
    expect(connections.sessions.map(({ phase }) => phase)).toEqual(["running", "failed"]);
    expect(connections.isFull).toBe(false);
  });

  it("share a limit", () => {
    connections.start(3, 90);
    for (const worker of workers()) worker.open();
    workers()[2]?.lose();
    connections.limit(25);
    expect(workers().map(({ limits }) => limits)).toEqual([[12.5], [12.5], []]);
  });

  it("give up those that take too long to open", () => {
    connections.start(1, undefined);
    workers()[0].open();
    connections.add(3);
    workers()[1]?.open();
    connections.dropOpening();
    expect(connections.areOpening).toBe(false);
    expect(connections.joined).toHaveLength(1);
    expect(connections.isFull).toBe(false);
  });

  it("wait three seconds for them", () => {
    connections.start(4, 40);
    workers()[0].open();
    workers()[1]?.open();
    vi.advanceTimersByTime(2900);
    expect(connections.areOpening).toBe(true);
    vi.advanceTimersByTime(100);
    expect(connections.areOpening).toBe(false);
    expect(connections.opened).toBe(2);
  });

  it("open no others without the first", () => {
    connections.start(8, 47);
    workers()[0].refuse();
    expect(workers()).toHaveLength(1);
    expect(connections.sessions.map(({ phase }) => phase)).toEqual(["failed"]);
    expect(connections.areOpening).toBe(false);
  });

  it("stop together, also those that have not begun", () => {
    connections.start(8, 47);
    connections.stop();
    expect(connections.sessions.map(({ phase }) => phase)).toEqual(["stopping"]);
    expect(workers()[0].orders.map(({ kind }) => kind)).toEqual(["start", "stop"]);
  });
});
