/** The calls that the vectors of scoring name, with arguments and results as JSON has them. */
import { attribute, meansAgree, type Evidence } from "../../../src/core/scoring/attribution.js";
import { callQuality, mosOfRating, transmissionRating } from "../../../src/core/scoring/call.js";
import { gradedIncrease, hurting, worst, type StretchResult } from "../../../src/core/scoring/directions.js";
import { grade } from "../../../src/core/scoring/grade.js";
import { baseline, latencyFigures } from "../../../src/core/scoring/latency.js";
import { lineLoss } from "../../../src/core/scoring/loss.js";
import type { Circumstances, RunFacts } from "../../../src/core/scoring/measurements.js";
import { component, qualityOfOutcome } from "../../../src/core/scoring/outcome.js";
import { play, type Arrival, type Playout } from "../../../src/core/scoring/playout.js";
import { openwrtLines, remedyFor } from "../../../src/core/scoring/remedy.js";
import { deliveryOf, report } from "../../../src/core/scoring/report.js";
import { requirementOf, shipped, type Requirement } from "../../../src/core/scoring/requirements.js";
import { tellFates, type AnsweredPing } from "../../../src/core/scoring/retransmissions.js";
import { shortfalls } from "../../../src/core/scoring/shortfall.js";
import { jitter, lossShare, movingMeans, percentile, percentiles } from "../../../src/core/scoring/statistics.js";
import { invalidReasons } from "../../../src/core/scoring/validity.js";
import { bandOf, verdictKey } from "../../../src/core/scoring/verdict.js";

const fine: Circumstances = {
  tabHidden: false,
  clockJumpMs: 0,
  clientOverloaded: false,
  serverOverloaded: false,
  serverLimited: false,
  stoppedEarly: false,
  connectionLost: false,
};

const nothing: Evidence = {
  baselineMs: null,
  loadedP95Ms: null,
  kernelIdleMs: null,
  kernelP95Ms: null,
  kernelCount: 0,
  meansAgree: false,
  lossShare: null,
  retransmitted: null,
  serverLate: false,
  clientLate: false,
  receiverLimited: null,
  clientLimited: false,
};

const calls = {
  attribute: (given: Partial<Evidence>) => attribute({ ...nothing, ...given }),
  baseline,
  callQuality,
  component: (measured: number, rop: number, cpup: number) => component(measured, { rop, cpup }),
  delivery: deliveryOf,
  grade,
  gradedIncrease: (facts: RunFacts) => gradedIncrease(report(facts, shipped)),
  hurting,
  invalidReasons: (given: Partial<Circumstances>, idleCount: number, loaded: readonly [number, number, number][]) =>
    invalidReasons(
      { ...fine, ...given },
      idleCount,
      loaded.map(([judged, answered, sent]) => ({ judged, answered, sent })),
    ),
  jitter,
  latencyFigures,
  lineLoss,
  lossShare,
  meansAgree,
  mosOfRating,
  movingMeans,
  openwrtLines,
  outcome: (
    requirement: string | Requirement,
    roundTripsMs: readonly number[],
    loss: number | null,
    delivery: number | null,
  ) =>
    qualityOfOutcome(
      typeof requirement === "string" ? requirementOf(shipped, requirement, "activity") : requirement,
      roundTripsMs,
      loss,
      delivery,
    ),
  percentile,
  percentiles,
  play: (arrivals: readonly Arrival[], videoBps: number, startS: number, resumeS: number, untilS: number) =>
    play(arrivals, { videoBps, startS, resumeS, untilS }),
  remedy: remedyFor,
  report: (facts: RunFacts) => report(facts, shipped),
  shortfalls,
  tellFates: (connections: readonly (readonly (readonly [number, number])[])[]) => {
    const fates = tellFates(connections.map((pings) => pings.map(([sentAt, ms]) => ({ sentAt, ms }))));
    const plain = (pings: readonly AnsweredPing[]): [number, number][] => pings.map(({ sentAt, ms }) => [sentAt, ms]);
    return { line: plain(fates.line), repaired: plain(fates.repaired), held: plain(fates.held) };
  },
  transmissionRating,
  verdict: (activity: string, score: number | null, playout: Playout | null) =>
    verdictKey(activity, bandOf(shipped, score, playout)),
  worst: (stretches: readonly StretchResult[]) => worst(stretches),
};

export type Call = keyof typeof calls;

export const callNames = Object.keys(calls);

/** What JSON cannot say: `{"repeat": [[value, times], ...]}` is a list, "NaN" and "Infinity" are numbers. */
export function revive(value: unknown): unknown {
  if (value === "NaN") return NaN;
  if (value === "Infinity") return Infinity;
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  if ("repeat" in value) {
    return (value.repeat as [number, number][]).flatMap(([each, times]) => Array.from({ length: times }, () => each));
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]));
}

export function evaluate(call: Call, args: readonly unknown[]): unknown {
  return (calls[call] as (...args: readonly unknown[]) => unknown)(...args);
}
