import { describe, expect, it } from "vitest";
import { isRising, mayGainMore, rateOf, shareOf, togetherRampMs, warmUpOf } from "../../../src/core/run/warm-up.js";
import { arriving, counted } from "./samples.js";

describe("the rate of connections", () => {
  it("is what arrived on all of them within the span", () => {
    const all = [arriving({ mbps: 4, from: 0, until: 5000 }), arriving({ mbps: 6, from: 3000, until: 5000 })];
    expect(rateOf("computer", all, { from: 4000, until: 5000 }) / 1e6).toBeCloseTo(10, 0);
    expect(rateOf("computer", [], { from: 4000, until: 5000 })).toBe(0);
  });

  it("is of an upload what the server counted, by its own clock", () => {
    const all = [counted(8, 0, 5000), counted(2, 3100, 5000)];
    expect(rateOf("backup", all, { from: 4000, until: 5000 })).toBeCloseTo(10e6, -1);
    expect(rateOf("backup", [counted(8, 0, 4000)], { from: 4000, until: 5000 })).toBe(0);
  });
});

describe("a rate", () => {
  const span = { from: 1000, until: 3000 };

  it.each([
    [20, 20, false],
    [20, 24, false],
    [20, 26, true],
    [0, 1, true],
    [0, 0, false],
    [20, 5, false],
  ])("of %i, then %i Mbit/s still rises: %s", (before, after, rises) => {
    const download = arriving({ mbps: before, from: 1000, until: 2000 }, { mbps: after, from: 2000, until: 3000 });
    expect(isRising("computer", download, span)).toBe(rises);
  });

  it("of an upload rises by what the server counted", () => {
    expect(isRising("backup", counted(8, 0, 3000), span)).toBe(false);
    const { counts = [], ...journal } = counted(8, 0, 3000);
    const faster = counts.map(({ at, bytes }) => ({ at, bytes: (bytes * at) / 1000 }));
    expect(isRising("backup", { ...journal, counts: faster }, span)).toBe(true);
  });
});

describe("the time left out of several connections", () => {
  it.each([
    [5, 1000],
    [250, 1000],
    [400, 1600],
    [900, 2400],
  ])("on a line of %i ms is %i ms", (roundTripMs, ms) => {
    expect(togetherRampMs(roundTripMs)).toBe(ms);
  });
});

describe("others join a single connection", () => {
  it.each([
    [0, false],
    [3.9e6, true],
    [299e6, true],
    [300e6, false],
    [940e6, false],
  ])("of %d bit/s: %s", (bps, joins) => {
    expect(mayGainMore(bps)).toBe(joins);
  });
});

describe("the result of a warm-up", () => {
  it.each([
    ["one that fills the line", 50, 52, 1, 52, 78],
    ["one, with a tenth to gain", 50, 55, 1, 55, 83],
    ["three, with more than that to gain", 50, 56, 3, 56, 84],
    ["four, with half as much again", 20, 30, 3, 30, 45],
    ["all, where each gets what one got", 3.9, 15.6, 8, 15.6, 47],
    ["no more than all", 3, 50, 8, 50, 150],
    ["one, without any that joined", 20, 0, 1, 20, 30],
    ["one, which got less beside others", 20, 18, 1, 20, 30],
    ["one, at 1 Mbit/s at least", 0.1, 0.1, 1, 0.1, 1],
  ])("is %s", (_, single, together, connections, line, computerMbps) => {
    const found = warmUpOf(single * 1e6, together * 1e6);
    expect(found).toEqual({ singleBps: single * 1e6, lineBps: line * 1e6, connections, computerMbps });
  });

  it("has no more connections than the server takes, and asks for what these may get", () => {
    expect(warmUpOf(4e6, 8e6, 2)).toEqual({ singleBps: 4e6, lineBps: 8e6, connections: 2, computerMbps: 12 });
    expect(warmUpOf(4e6, 8e6, 1)?.connections).toBe(1);
  });

  it("is none if nothing arrived", () => {
    expect(warmUpOf(0, 0)).toBeUndefined();
    expect(warmUpOf(0, 5e6)).toBeUndefined();
  });
});

describe("the share of a connection", () => {
  it("is equal, in hundredths of a megabit, and a tenth at least", () => {
    expect(shareOf(47, 8)).toBe(5.88);
    expect(shareOf(30, 1)).toBe(30);
    expect(shareOf(10, 3)).toBe(3.33);
    expect(shareOf(0.4, 8)).toBe(0.1);
  });
});
