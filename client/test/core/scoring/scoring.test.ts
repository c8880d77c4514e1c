import { describe, expect, it } from "vitest";
import attribution from "../../../../tests/vectors/scoring/attribution.json";
import call from "../../../../tests/vectors/scoring/call.json";
import directions from "../../../../tests/vectors/scoring/directions.json";
import grade from "../../../../tests/vectors/scoring/grade.json";
import latency from "../../../../tests/vectors/scoring/latency.json";
import loss from "../../../../tests/vectors/scoring/loss.json";
import outcome from "../../../../tests/vectors/scoring/outcome.json";
import playout from "../../../../tests/vectors/scoring/playout.json";
import remedy from "../../../../tests/vectors/scoring/remedy.json";
import repairs from "../../../../tests/vectors/scoring/repairs.json";
import report from "../../../../tests/vectors/scoring/report.json";
import shortfall from "../../../../tests/vectors/scoring/shortfall.json";
import statistics from "../../../../tests/vectors/scoring/statistics.json";
import validity from "../../../../tests/vectors/scoring/validity.json";
import verdict from "../../../../tests/vectors/scoring/verdict.json";
import { requirementOf, shipped } from "../../../src/core/scoring/requirements.js";
import { bandOf } from "../../../src/core/scoring/verdict.js";
import { callNames, evaluate, revive, type Call } from "./calls.js";

interface Case {
  name: string;
  call: string;
  args: readonly unknown[];
  result?: unknown;
  error?: string;
}

const files: Record<string, { cases: readonly Case[] }> = {
  attribution,
  call,
  directions,
  grade,
  latency,
  loss,
  outcome,
  playout,
  remedy,
  repairs,
  report,
  shortfall,
  statistics,
  validity,
  verdict,
};

/** The expectation with numbers to 1e-9; of an object only the members named. */
function near(expected: unknown): unknown {
  if (typeof expected === "number") {
    return expect.toSatisfy((actual: unknown) => {
      return typeof actual === "number" && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected));
    }, `${expected}`) as unknown;
  }
  if (Array.isArray(expected)) return expected.map(near);
  if (typeof expected !== "object" || expected === null) return expected;
  const members = Object.entries(expected).map(([key, each]) => [key, near(each)]);
  return expect.objectContaining(Object.fromEntries(members) as Record<string, unknown>) as unknown;
}

describe.each(Object.entries(files))("the vectors of %s", (_, { cases }) => {
  it.each(cases)("$call: $name", ({ call, args, result, error }) => {
    const evaluated = (): unknown => evaluate(call as Call, revive(args) as readonly unknown[]);
    if (error === undefined) expect(evaluated()).toEqual(near(result));
    else expect(evaluated).toThrow(new RangeError(error));
  });
});

describe("the vectors", () => {
  it("hold every call", () => {
    const called = Object.values(files).flatMap(({ cases }) => cases.map((each) => each.call));
    expect(new Set(called)).toEqual(new Set(callNames));
  });
});

describe("requirements", () => {
  it("take no activity from the prototype of an object", () => {
    expect(() => requirementOf(shipped, "constructor", "activity")).toThrow(
      "activity must be one of bulk_transfer, gaming, streaming, video_call, not 'constructor'",
    );
  });

  it("without bands give none", () => {
    const bare = { activities: {}, bands: [] };
    expect(bandOf(bare, 50, null)).toBeNull();
    expect(bandOf(bare, 50, { startUpS: null, stalls: 0, stallS: 0, playedS: 0 })).toBeNull();
  });
});
