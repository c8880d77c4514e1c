import type { LatencyFigures } from "../scoring/latency.js";
import type { Direction } from "../scoring/measurements.js";
import type { Playout } from "../scoring/playout.js";
import type { PersonReport } from "../scoring/report.js";
import type {
  Point,
  RunReportMessage,
  StoredLatency,
  StoredPerson,
  StoredPhase,
  StoredRates,
} from "../session/run-report.js";
import type { Result, RunTrace } from "./run.js";
import { thinned, timelineOf } from "./timeline.js";

/** Maximum points of a timeline, which keep the message below the server's limit of 16 KiB. */
const maxPoints = 240;

/** Return the `run_report` message (docs/protocol.md) for a run that ended at `endedAt` (Unix time, ms). */
export function runReportOf(result: Result, endedAt: number, trace: RunTrace, version: string): RunReportMessage {
  const { report, facts, warmUp } = result;
  return {
    type: "run_report",
    ended_at: endedAt,
    client: { kind: "page", version },
    load_s: rounded(facts.loadS),
    phases: phasesOf(trace),
    baseline_ms: orNull(report.baselineMs),
    idle: latencyOf(report.idle),
    loaded: latencyOf(report.latency),
    loss_share: orNull(report.lossShare, 4),
    invalid: report.invalid,
    people: report.people.map(personOf),
    timeline: pointsOf(trace),
    warm_up_mbps: warmUp === null ? null : rounded(warmUp.lineBps / 1_000_000),
    ...(report.attribution.kernelBaselineMs === null ? {} : { cause: report.attribution.cause, means_agree: report.attribution.meansAgree }),
  };
}

function phasesOf({ beganAt, now, warmUp, load }: RunTrace): StoredPhase[] {
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

function pointsOf({ journals, beganAt, now }: RunTrace): Point[] {
  const { seconds, delayMs, downBps, upBps } = thinned(timelineOf(journals, beganAt, now), maxPoints);
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
