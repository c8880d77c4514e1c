import { describe, expect, it } from "vitest";
import { personPingEveryMs, probePingEveryMs } from "../../../src/core/plan.js";
import { maxBytes, minSeconds, queryOptionsOf } from "../../../src/core/run/query-options.js";
import { neededLoaded } from "../../../src/core/scoring/validity.js";

describe("queryOptionsOf", () => {
  it.each([
    ["", 36, []],
    ["?seconds=20", 20, []],
    ["?lang=en&seconds=60", 60, []],
    ["?seconds=12", 12, []],
    ["?directions=download", 30, []],
    ["?seconds=260", 260, []],
    ["?seconds=11", 36, ["seconds"]],
    ["?seconds=5", 36, ["seconds"]],
    ["?seconds=261", 36, ["seconds"]],
    ["?seconds=-4", 36, ["seconds"]],
    ["?seconds=soon", 36, ["seconds"]],
    ["?seconds=", 36, ["seconds"]],
    ["?seconds=12.5", 36, ["seconds"]],
    ["?seconds=999999999", 36, ["seconds"]],
  ])("reads the length in %j as %i, with %j wrong", (query, seconds, wrong) => {
    expect(queryOptionsOf(query)).toMatchObject({ seconds, wrong });
  });

  it.each([
    ["", 3],
    ["?seconds=36", 3],
    ["?seconds=35", 1],
    ["?seconds=60&directions=download", 1],
    ["?directions=upload", 3],
  ])("plays with %j %i stretches", (query, stretches) => {
    expect(queryOptionsOf(query).stretches).toHaveLength(stretches);
  });

  it("lets the shortest run have the answers that a grade needs", () => {
    expect((minSeconds * 1000) / personPingEveryMs).toBeGreaterThan(neededLoaded);
    expect((minSeconds * 1000) / probePingEveryMs).toBeGreaterThan(neededLoaded);
  });

  it.each([
    ["", undefined, []],
    ["?computer=50", 50, []],
    ["?seconds=20&computer=0", undefined, ["computer"]],
    ["?computer=all", undefined, ["computer"]],
    ["?computer=all&seconds=x", undefined, ["seconds", "computer"]],
  ])("reads the Computer's limit in %j as %s, with %j wrong", (query, computerMbps, wrong) => {
    expect(queryOptionsOf(query)).toMatchObject({ computerMbps, wrong });
  });

  it.each([
    ["", true],
    ["?seconds=20&warmup=1", true],
    ["?computer=all", true],
    ["?seconds=20&warmup=0", false],
    ["?computer=50", false],
  ])("has in %j a warm-up: %s", (query, warmUp) => {
    expect(queryOptionsOf(query).warmUp).toBe(warmUp);
  });
});

describe("maxBytes", () => {
  it.each([
    ["", 1, 0, 3_625_000],
    ["", 100, 10, 398_750_000],
    ["?directions=download", 100, 10, 437_500_000],
    ["?directions=download&warmup=0", 100, 10, 375_000_000],
    ["?seconds=20&computer=10", 1000, 1000, 60_000_000],
    ["?seconds=39&computer=10", Infinity, Infinity, 156_000_000],
    ["?seconds=20&computer=10", 5, 1, 12_500_000],
  ])("with %j moves on a line of %s and %s Mbit/s at most %i bytes", (query, computer, backup, bytes) => {
    expect(maxBytes(queryOptionsOf(query), { computer, backup })).toBe(bytes);
  });
});
