import { beforeEach, describe, expect, it } from "vitest";
import { WarmUpCourse, type WarmUpConnections, type WarmUpStep } from "../../../src/core/run/warm-up-course.js";
import type { Journal } from "../../../src/core/session/journal.js";
import { idle, type ConnectionRecord } from "../../../src/core/session/snapshot.js";
import { arriving, counted, running } from "./samples.js";

const beganAt = 10_000;
const openedAt = beganAt + 100;
/** Longer than any warm-up. */
const until = beganAt + 12_000;

let course: WarmUpCourse;

beforeEach(() => {
  course = new WarmUpCourse("computer", 20, beganAt);
});

/** A download of a steady rate since it opened. */
function steady(mbps: number, from = openedAt): Journal {
  return arriving({ mbps, from, until });
}

interface Others {
  /** Connections that join, and when they open after being asked. */
  journals?: Journal[];
  openMs?: number;
  /** Those that never open. */
  stuck?: boolean;
  limitedAt?: number;
}

/** Play a warm-up; return its steps, without the waits, each with the time since the first connection opened. */
function play(journal: Journal, { journals = [], openMs = 200, stuck = false, limitedAt = Infinity }: Others = {}): [WarmUpStep, number][] {
  const steps: [WarmUpStep, number][] = [];
  let joinedAt = Infinity;
  for (let now = beganAt; now <= until; now += 100) {
    const areOpen = now >= joinedAt + openMs;
    const connections: WarmUpConnections = {
      first: running(now < openedAt ? undefined : openedAt, now, journal),
      joined: areOpen ? journals.map((each) => running(joinedAt + openMs, now, each)) : [],
      areOpening: now >= joinedAt && (!areOpen || stuck),
      isLimited: now >= limitedAt,
    };
    const step = course.step(connections, now);
    if (step !== "wait") steps.push([step, now - openedAt]);
    if (step === "join") joinedAt = now;
    if (step === "stop") return steps;
  }
  return steps;
}

function record(journal: Journal): ConnectionRecord {
  return { snapshot: idle, journal };
}

describe("a warm-up", () => {
  it("has one connection for three seconds, then several for two", () => {
    const others = [steady(4), steady(4), steady(4)];
    expect(play(steady(4), { journals: others })).toEqual([["join", 3000], ["measure", 3200], ["stop", 5200]]);
    const found = course.resultOf(record(steady(4)), others.map(record));
    expect(found?.singleBps).toBeCloseTo(4e6, -5);
    expect(found?.lineBps).toBeCloseTo(16e6, -6);
    expect(found?.connections).toBe(8);
  });

  it("leaves out the first second of each", () => {
    const first = arriving({ mbps: 1, from: openedAt, until: openedAt + 1000 }, { mbps: 20, from: openedAt + 1000, until });
    const others = [arriving({ mbps: 90, from: openedAt + 3200, until: openedAt + 4180 }, { mbps: 20, from: openedAt + 4180, until })];
    play(first, { journals: others });
    const found = course.resultOf(record(first), others.map(record));
    expect(found?.singleBps).toBeCloseTo(20e6, -6);
    expect((found?.lineBps ?? 0) / 40e6).toBeCloseTo(1, 1);
  });

  it("counts an upload as the server does", () => {
    course = new WarmUpCourse("backup", 20, beganAt);
    const upload = counted(8, openedAt, until);
    expect(play(upload, { journals: [counted(2, openedAt + 3200, until)] }).map(([step]) => step)).toEqual(["join", "measure", "stop"]);
    const found = course.resultOf(record(upload), [record(counted(2, openedAt + 3200, until))]);
    expect(found).toMatchObject({ connections: 3, computerMbps: 15 });
    expect(found?.singleBps).toBeCloseTo(8e6, -2);
    expect(found?.lineBps).toBeCloseTo(10e6, -2);
  });

  it("goes on for half a second at a time while the rate rises", () => {
    const rising = arriving({ mbps: 10, from: openedAt, until: openedAt + 2000 }, { mbps: 20, from: openedAt + 2000, until });
    expect(play(rising, { journals: [steady(1)] })[0]).toEqual(["join", 4000]);
    const found = course.resultOf(record(rising), []);
    // Of the last two seconds: with those before, it would seem to be less than the line.
    expect(found?.singleBps).toBeCloseTo(20e6, -6);
  });

  it("goes on for five seconds at most, and nine in all", () => {
    const slow = arriving(...Array.from({ length: 12 }, (_, i) => ({ mbps: 2 ** i, from: openedAt + 1000 * i, until: openedAt + 1000 * (i + 1) })));
    expect(play(slow, { journals: [steady(1)], stuck: true })).toEqual([["join", 5000], ["measure", 6900], ["stop", 8900]]);
  });

  it.each([
    ["that the device limited", steady(50), { limitedAt: beganAt + 2000 }],
    ["of 300 Mbit/s", steady(300), {}],
    ["in which nothing arrived", arriving(), {}],
  ])("has no others join one %s", (_, journal, others) => {
    expect(play(journal, { journals: [steady(50)], ...others })).toEqual([["stop", 3000]]);
  });

  it("is not prolonged for a device that does not keep up", () => {
    const rising = arriving({ mbps: 10, from: openedAt, until: openedAt + 2000 }, { mbps: 90, from: openedAt + 2000, until });
    expect(play(rising, { limitedAt: beganAt + 2500 })).toEqual([["stop", 3000]]);
  });

  it("has the single rate for the line's where all others are refused", () => {
    expect(play(steady(4))).toEqual([["join", 3000], ["stop", 3200]]);
    expect(course.resultOf(record(steady(4)), [], 1)).toMatchObject({ connections: 1, computerMbps: 6 });
  });

  it("uses those that open where the server refuses some", () => {
    play(steady(4), { journals: [steady(4)] });
    const found = course.resultOf(record(steady(4)), [record(steady(4))], 2);
    expect(found?.connections).toBe(2);
    expect(found?.lineBps).toBeCloseTo(8e6, -6);
  });

  it("waits two seconds for others to open", () => {
    expect(play(steady(4), { journals: [steady(4)], stuck: true })).toEqual([["join", 3000], ["measure", 5000], ["stop", 7000]]);
  });

  it("gives others four round trips to find their rate, but takes no more than nine seconds", () => {
    course = new WarmUpCourse("computer", 400, beganAt);
    expect(play(steady(4), { journals: [steady(4)] })).toEqual([["join", 3000], ["measure", 3200], ["stop", 5800]]);
    course = new WarmUpCourse("computer", 900, beganAt);
    expect(play(steady(4), { journals: [steady(4)], stuck: true })).toEqual([["join", 3000], ["measure", 5000], ["stop", 8400]]);
    course = new WarmUpCourse("computer", 900, beganAt);
    const slow = arriving(...Array.from({ length: 12 }, (_, i) => ({ mbps: 2 ** i, from: openedAt + 1000 * i, until: openedAt + 1000 * (i + 1) })));
    expect(play(slow, { journals: [steady(1)], stuck: true }).at(-1)).toEqual(["stop", 8900]);
  });

  it("is over with its first connection, or if that does not open", () => {
    const failed = { ...idle, phase: "failed" as const };
    const others = { joined: [], areOpening: false, isLimited: false };
    expect(course.step({ first: { snapshot: failed, journal: arriving() }, ...others }, beganAt + 500)).toBe("stop");
    expect(course.resultOf(record(steady(4)), [])).toBeUndefined();
    course = new WarmUpCourse("computer", 20, beganAt);
    const connecting = running(undefined, beganAt, arriving());
    expect(course.step({ first: connecting, ...others }, beganAt + 3900)).toBe("wait");
    expect(course.step({ first: connecting, ...others }, beganAt + 4000)).toBe("stop");
  });

  it("has no result before it is over", () => {
    course.step({ first: running(openedAt, beganAt + 2000, steady(4)), joined: [], areOpening: false, isLimited: false }, beganAt + 2000);
    expect(course.resultOf(record(steady(4)), [])).toBeUndefined();
  });
});
