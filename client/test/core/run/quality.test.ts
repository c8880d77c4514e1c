import { describe, expect, it } from "vitest";
import { qualityOf } from "../../../src/core/run/quality.js";
import { idle, type Snapshot } from "../../../src/core/session/snapshot.js";

describe("qualityOf", () => {
  function withP95(p95Ms: number, count = 100): Snapshot {
    return { ...idle, phase: "running", latency: { count, p50Ms: p95Ms, p95Ms } };
  }

  it("judges a gamer and a caller by the slow round trips", () => {
    expect(qualityOf("alex", withP95(50))).toBe("good");
    expect(qualityOf("alex", withP95(80))).toBe("fair");
    expect(qualityOf("sarah", withP95(101))).toBe("poor");
  });

  it("says nothing from a handful of answers", () => {
    expect(qualityOf("alex", withP95(500, 5))).toBe("unknown");
  });

  it("does not call a line good that has stopped to answer", () => {
    expect(qualityOf("alex", { ...withP95(10), waitingMs: 1500 })).toBe("poor");
  });

  it("judges a viewer by what arrives, and not by the queue of the own burst", () => {
    expect(qualityOf("jake", { ...withP95(900), delivery: 1 })).toBe("good");
    expect(qualityOf("jake", { ...withP95(10), delivery: 0.8 })).toBe("fair");
    expect(qualityOf("jake", { ...withP95(10), delivery: 0.3 })).toBe("poor");
    expect(qualityOf("jake", withP95(10))).toBe("unknown");
  });

  it("lets updates be as slow as they are", () => {
    expect(qualityOf("computer", { ...withP95(900), receivedBytes: 1 })).toBe("good");
  });
});
