import type { LatencyFigures } from "../scoring/latency.js";
import type { Direction } from "../scoring/measurements.js";
import type { Playout } from "../scoring/playout.js";
import type { PersonReport, RunReport } from "../scoring/report.js";
import type {
  Point,
  RunReportMessage,
  StoredLatency,
  StoredPerson,
  StoredPhase,
  StoredRates,
  StoredStretch,
} from "../session/run-report.js";
import { loadSpanOf, type Result, type RunTrace } from "./run.js";
import type { MeasuredStretch } from "./stretches.js";
import { thinned, timelineOf } from "./timeline.js";

/** Maximum points of a timeline, which keep the message below the server's limit of 16 KiB. */
const maxPoints = { oneStretch: 240, severalStretches: 140 };

/** Return the `run_report` message (docs/protocol.md) for a run that ended at `endedAt` (Unix time, ms). */
export function runReportOf(result: Result, endedAt: number, trace: RunTrace, version: string): RunReportMessage {
  const { report, facts, warmUp, stretches } = result;
  const isOne = stretches.length < 2;
  return {
    type: "run_report",
    ended_at: endedAt,
    client: { kind: "page", version },
    load_s: isOne ? rounded(facts.loadS) : lengthOf(trace),
    phases: phasesOf(trace),
    baseline_ms: orNull(report.baselineMs),
    idle: latencyOf(report.idle),
    ...loadedOf(report),
    timeline: pointsOf(trace, isOne ? maxPoints.oneStretch : maxPoints.severalStretches),
    warm_up_mbps: warmUp === null ? null : rounded(warmUp.lineBps / 1_000_000),
    ...connectionsOf(warmUp),
    ...(isOne ? {} : { stretches: stretches.map(stretchOf) }),
  };
}

/** What a run and a stretch have in common. */
type Loaded = Pick<StoredStretch, "loaded" | "loss_share" | "people" | "cause" | "means_agree"> & { invalid: readonly string[] };

/** Return what one connection gets of a line that it does not fill; an older server knows no such fields. */
function connectionsOf(warmUp: Result["warmUp"]): Pick<RunReportMessage, "single_connection_mbps" | "connections"> {
  if (warmUp === null || warmUp.connections === 1) return {};
  return { single_connection_mbps: rounded(warmUp.singleBps / 1_000_000), connections: warmUp.connections };
}

function loadedOf({ latency, lossShare, invalid, people, attribution }: RunReport): Loaded {
  return {
    loaded: latencyOf(latency),
    loss_share: orNull(lossShare, 4),
    invalid,
    people: people.map(personOf),
    ...(attribution.kernelBaselineMs === null ? {} : { cause: attribution.cause, means_agree: attribution.meansAgree }),
  };
}

function stretchOf({ stretch, fromS, untilS, report }: MeasuredStretch): StoredStretch {
  return { stretch, from_s: rounded(fromS), until_s: rounded(untilS), ...loadedOf(report) };
}

function lengthOf(trace: RunTrace): number {
  const { from, until } = loadSpanOf(trace) ?? { from: 0, until: 0 };
  return rounded((until - from) / 1000);
}

function phasesOf(trace: RunTrace): StoredPhase[] {
  const { beganAt, now, warmUp } = trace;
  const load = loadSpanOf(trace);
  const phases: StoredPhase[] = [];
  const add = (name: StoredPhase["name"], from: number, until: number): void => {
    phases.push({ name, from_s: rounded((from - beganAt) / 1000), until_s: rounded((until - beganAt) / 1000) });
  };
  add("idle", beganAt, warmUp?.from ?? load?.from ?? now);
  if (warmUp !== undefined) add("warm_up", warmUp.from, load?.from ?? warmUp.until);
  if (load !== undefined) {
    add("load", load.from, load.until);
    add("recovery", load.until, Math.max(load.until, now));
  }
  return phases;
}

function personOf(person: PersonReport): StoredPerson {
  const { who, activity, outcome, band, verdict, download, upload, ownLatency, playout, call, rendition } = person;
  return {
    who,
    activity,
    score: orNull(outcome.score),
    band,
    verdict,
    download: ratesOf(download),
    upload: ratesOf(upload),
    latency: latencyOf(ownLatency),
    stall_s: playout === null ? null : stallOf(playout),
    mos: orNull(call?.mos ?? null),
    rendition,
    qoo: orNull(outcome.qoo),
    percentiles_ms: person.percentilesMs.map((each) => rounded(each)),
  };
}

/** A picture that never started has no stall. */
function stallOf({ startUpS, stallS }: Playout): number | null {
  return startUpS === null ? null : rounded(stallS);
}

function pointsOf({ journals, beganAt, now }: RunTrace, most: number): Point[] {
  const { seconds, delayMs, downBps, upBps } = thinned(timelineOf(journals, beganAt, now), most);
  return seconds.map((second, row) => [
    rounded(second),
    orNull(delayMs.probe[row] ?? null),
    Math.round(downBps[row] ?? 0),
    Math.round(upBps[row] ?? 0),
  ]);
}

function latencyOf({ count, p50Ms, p95Ms, p99Ms, jitterMs }: LatencyFigures): StoredLatency {
  return { count, p50_ms: orNull(p50Ms), p95_ms: orNull(p95Ms), p99_ms: orNull(p99Ms), jitter_ms: orNull(jitterMs) };
}

function ratesOf({ wantedBps, gotBps }: Direction): StoredRates {
  return { wanted_bps: Math.round(wantedBps), got_bps: Math.round(gotBps) };
}

function orNull(value: number | null, digits = 2): number | null {
  return value === null ? null : rounded(value, digits);
}

function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
