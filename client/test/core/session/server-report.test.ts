import { describe, expect, it } from "vitest";
import { ServerRate } from "../../../src/core/session/server-report.js";

describe("ServerRate", () => {
  it("is taken between the first total and the last", () => {
    const rate = new ServerRate();
    expect(rate.bps).toBeUndefined();
    rate.add(0, 0.25);
    expect(rate.bps).toBeUndefined();
    rate.add(undefined, 4);
    rate.add(125_000, 10.25);
    expect(rate.bps).toBe(100_000);
  });
});
