import { describe, expect, it } from "vitest";
import { phaseOf } from "../src/core/household.js";
import { moodOf } from "../src/core/mood.js";
import { computerMbpsOf, secondsOf } from "../src/core/settings.js";
import { idle, type Phase, type Snapshot } from "../src/core/snapshot.js";

describe("phaseOf", () => {
  it.each<[Phase, Phase[]]>([
    ["idle", ["idle", "idle"]],
    ["connecting", ["connecting", "connecting"]],
    ["connecting", ["connecting", "failed"]],
    ["running", ["connecting", "running"]],
    ["running", ["running", "failed"]],
    ["stopping", ["stopping", "done"]],
    ["done", ["done", "done"]],
    ["failed", ["done", "failed"]],
  ])("is %s for %j", (expected, persons) => {
    expect(phaseOf(persons)).toBe(expected);
  });
});

describe("moodOf", () => {
  function withP95(p95Ms: number, count = 100): Snapshot {
    return { ...idle, phase: "running", latency: { count, p50Ms: p95Ms, p95Ms } };
  }

  it("judges a gamer and a caller by the slow round trips", () => {
    expect(moodOf("alex", withP95(50))).toBe("good");
    expect(moodOf("alex", withP95(80))).toBe("fair");
    expect(moodOf("sarah", withP95(101))).toBe("poor");
  });

  it("says nothing from a handful of answers", () => {
    expect(moodOf("alex", withP95(500, 5))).toBe("unknown");
  });

  it("does not call a line good that has stopped to answer", () => {
    expect(moodOf("alex", { ...withP95(10), waitingMs: 1500 })).toBe("poor");
  });

  it("judges a viewer by what arrives, and not by the queue of the own burst", () => {
    expect(moodOf("jake", { ...withP95(900), delivery: 1 })).toBe("good");
    expect(moodOf("jake", { ...withP95(10), delivery: 0.8 })).toBe("fair");
    expect(moodOf("jake", { ...withP95(10), delivery: 0.3 })).toBe("poor");
    expect(moodOf("jake", withP95(10))).toBe("unknown");
  });

  it("lets updates be as slow as they are", () => {
    expect(moodOf("computer", { ...withP95(900), receivedBytes: 1 })).toBe("good");
  });
});

describe("secondsOf", () => {
  it.each([
    ["", 30],
    ["?seconds=20", 20],
    ["?lang=en&seconds=60", 60],
    ["?seconds=1", 5],
    ["?seconds=9999", 280],
    ["?seconds=-4", 30],
    ["?seconds=soon", 30],
  ])("reads %j as %i", (query, seconds) => {
    expect(secondsOf(query)).toBe(seconds);
  });
});

describe("computerMbpsOf", () => {
  it.each([
    ["", undefined],
    ["?computer=50", 50],
    ["?seconds=20&computer=0", 1],
    ["?computer=all", undefined],
  ])("reads %j as %s", (query, mbps) => {
    expect(computerMbpsOf(query)).toBe(mbps);
  });
});
