import { people } from "../people.js";
import type { Attribution, Cause, Witness } from "../scoring/attribution.js";
import type { Stretch } from "../scoring/directions.js";
import type { Grade } from "../scoring/grade.js";
import { increase, type LatencyFigures } from "../scoring/latency.js";
import type { Direction } from "../scoring/measurements.js";
import { throughputScore } from "../scoring/outcome.js";
import { deliveryOf } from "../scoring/report.js";
import { shipped } from "../scoring/requirements.js";
import type { Invalid } from "../scoring/validity.js";
import type { RunReportMessage, StoredLatency, StoredPerson, StoredPhase, StoredRates } from "../session/run-report.js";
import { lineLossOf } from "./line-loss.js";
import type { Conclusion, Result, ShownPerson } from "./run.js";
import { foundOf, loadedOf, shownStretchesOf, type FoundStretch, type ShownStretch } from "./shown-stretch.js";
import type { Timeline } from "./timeline.js";
import type { WarmUp } from "./warm-up.js";

/** Rounding error of stored scores, which have two decimals. */
const roundingScore = 0.01;

/** Just ended, or stored. */
export interface ShownRun extends Conclusion {
  /** None where there was only one. */
  stretches: readonly ShownStretch[];
  /** Share of packets that the line itself loses; null if none is known. */
  lineLoss: number | null;
  phases: readonly StoredPhase[];
  timeline: Timeline;
}

/** Answer to `GET /virtual-household/runs/ID`, validated by the server. */
interface StoredRunAnswer {
  grade: Grade | null;
  cause: Cause | null;
  rate_cause: Cause | null;
  witness: Witness | null;
  kernel_baseline_ms: number | null;
  kernel_increase_p95_ms: number | null;
  /** Left out by an older server. */
  stretches?: readonly AnsweredStretch[];
  report: RunReportMessage;
  sessions: readonly StoredSession[];
}

interface AnsweredStretch {
  stretch: Stretch;
  valid: boolean;
  grade: Grade | null;
  witness: Witness | null;
  increase_p95_ms: number | null;
  kernel_increase_p95_ms: number | null;
  rate_cause: Cause | null;
}

/** The server's record of a session; null for what its kernel did not report. */
interface StoredSession {
  profile: string;
  duration_s: number;
  tcp_round_trip_ms: number | null;
  tcp_min_round_trip_ms: number | null;
  tcp_retransmits: number | null;
  tcp_delivery_rate_bps: number | null;
  congestion_control: string | null;
}

/** Return the id in the page's query (`?run=ID`), without characters that no id has. */
export function runIdOf(query: string): string | undefined {
  return /[?&]run=([^&]*)/.exec(query)?.[1]?.replace(/[^0-9a-z]/gi, "");
}

/** What was found of a run; `attribution` is null of an older server. */
export interface Finding {
  grade: Grade | null;
  attribution: Attribution | null;
  stretches: readonly FoundStretch[];
}

/** Return the stored run in an answer. @throws TypeError for other text. */
export function storedRunOf(text: string, host: string): ShownRun {
  const answer = JSON.parse(text) as StoredRunAnswer;
  return shownRunOf(answer.report, findingOf(answer), serverTcpOf(answer.sessions), host);
}

/** Return the server's finding in an answer. @throws TypeError for other text. */
export function findingIn(text: string): Finding {
  return findingOf(JSON.parse(text) as StoredRunAnswer);
}

/** Return the client's own finding, where the server has none. */
export function ownFindingOf({ report, stretches }: Result): Finding {
  return { grade: report.grade, attribution: report.attribution, stretches: stretches.map(foundOf) };
}

function findingOf({ grade, cause, witness, rate_cause: rate, stretches = [], ...found }: StoredRunAnswer): Finding {
  const attribution = cause && rate && {
    cause,
    witness,
    rate,
    kernelBaselineMs: found.kernel_baseline_ms,
    kernelIncreaseP95Ms: found.kernel_increase_p95_ms,
    meansAgree: false,
  };
  return { grade, attribution: attribution ?? null, stretches: stretches.map(answeredOf) };
}

function answeredOf({ stretch, valid, grade, witness, rate_cause: rate, ...increase }: AnsweredStretch): FoundStretch {
  const increaseMs = witness === "kernel" ? increase.kernel_increase_p95_ms : increase.increase_p95_ms;
  return { stretch, valid, grade, increaseMs, rate };
}

/** Return a run for all views; a run just ended and a stored one are the same report. */
export function shownRunOf(
  report: RunReportMessage,
  { grade, attribution, stretches: found }: Finding,
  serverTcp: ShownRun["serverTcp"],
  host: string,
): ShownRun {
  const baselineMs = report.baseline_ms;
  const stretches = shownStretchesOf(report, found);
  const { loaded: stored, invalid: reasons = [], loss_share: lossShare, people: all } = loadedOf(report, stretches);
  const loaded = latencyOf(stored, baselineMs);
  // The server has more samples than its client: it may find no witness where the client had one.
  const isUnwitnessed = reasons.length === 0 && attribution?.witness === null && loaded.increaseP95Ms !== null;
  const unwitnessed = attribution?.cause === "device" ? "client_overloaded" : "no_witness";
  const invalid = isUnwitnessed ? [unwitnessed] : reasons;
  const household = all.filter(({ who }) => (people as readonly string[]).includes(who));
  const computer = (report.stretches?.[0] ?? report).people.find(({ who }) => who === "computer");
  return {
    endedAt: report.ended_at,
    host,
    warmUp: computer === undefined ? null : warmUpIn(report, computer),
    serverTcp,
    report: {
      valid: invalid.length === 0,
      invalid: invalid as readonly Invalid[],
      grade,
      baselineMs,
      idle: latencyOf(report.idle, baselineMs),
      latency: loaded,
      lossShare,
      attribution,
      people: household.map((person) => personOf(person, baselineMs)),
    },
    stretches,
    lineLoss: lineLossOf(report),
    phases: report.phases,
    timeline: timelineOf(report),
  };
}

/** Return the result of the warm-up; an older page had one connection, whose rate was the line's. */
function warmUpIn(report: RunReportMessage, { download }: StoredPerson): WarmUp | null {
  const { warm_up_mbps: lineMbps, single_connection_mbps: singleMbps, connections = 1 } = report;
  if (lineMbps === null) return null;
  const singleBps = (singleMbps ?? lineMbps) * 1_000_000;
  return { singleBps, lineBps: lineMbps * 1_000_000, connections, computerMbps: download.wanted_bps / 1_000_000 };
}

/** Take the probe with the shortest round trip, and of each person the longest session: not that of the warm-up. */
function serverTcpOf(sessions: readonly StoredSession[]): ShownRun["serverTcp"] {
  const longest = [...sessions].sort((a, b) => b.duration_s - a.duration_s);
  const [probe] = sessions
    .filter(({ profile, tcp_round_trip_ms: ms }) => profile === "probe" && ms !== null)
    .sort((a, b) => (a.tcp_round_trip_ms ?? 0) - (b.tcp_round_trip_ms ?? 0));
  return (["probe", ...people] as const).flatMap((who) => {
    const session = who === "probe" ? probe : longest.find(({ profile }) => profile === who);
    const rttMs = session?.tcp_round_trip_ms ?? null;
    if (session === undefined || rttMs === null) return [];
    const tcp = {
      rttMs,
      minRttMs: session.tcp_min_round_trip_ms,
      retransmits: session.tcp_retransmits ?? 0,
      deliveryBps: session.tcp_delivery_rate_bps ?? 0,
      congestionControl: session.congestion_control ?? "",
    };
    return [{ who, tcp }];
  });
}

function personOf(person: StoredPerson, baselineMs: number | null): ShownPerson {
  const { who, activity, score, band, verdict, mos } = person;
  const [download, upload] = [directionOf(person.download), directionOf(person.upload)];
  const own = latencyOf(person.latency, baselineMs);
  const delivery = deliveryOf([download, upload]);
  const requirement = Object.hasOwn(shipped.activities, activity) ? shipped.activities[activity] : undefined;
  const rendition = person.rendition ?? null;
  const bound = requirement?.player?.renditions.find((each) => each.rendition === rendition);
  const throughput = (person.stall_s === 0 ? bound?.score : undefined) ?? throughputScore(requirement?.delivery, delivery);
  const isShort = score !== null && score < 100 && throughput !== null && throughput <= score + roundingScore;
  return {
    who,
    activity,
    percentilesMs: person.percentiles_ms ?? [],
    rendition,
    outcome: { score, qoo: person.qoo ?? null, latency: null, loss: null, throughput, limitedBy: isShort ? "throughput" : null },
    band,
    verdict,
    latency: own,
    latencyFrom: "own",
    ownLatency: own,
    download,
    upload,
    delivery,
    lossShare: null,
    lossNote: "loss.hidden_by_tcp",
    playout: requirement?.player === undefined || score === null ? null : playoutOf(person.stall_s),
    call: mos === null ? null : { mos, rating: 0, mouthToEarMs: 0, lateShare: 0 },
  };
}

/** The number of stalls is not stored; null is a picture that never started. */
function playoutOf(stallS: number | null): ShownPerson["playout"] {
  return { startUpS: stallS === null ? null : 0, stalls: null, stallS: stallS ?? 0, playedS: 0 };
}

function latencyOf(stored: StoredLatency, baselineMs: number | null): LatencyFigures {
  const { count, p50_ms: p50Ms, p95_ms: p95Ms, p99_ms: p99Ms, jitter_ms: jitterMs } = stored;
  const increaseP95Ms = p95Ms === null || baselineMs === null ? null : increase(baselineMs, p95Ms);
  return { count, p50Ms, p95Ms, p99Ms, jitterMs, increaseP95Ms };
}

function directionOf({ wanted_bps, got_bps }: StoredRates): Direction {
  return { wantedBps: wanted_bps, gotBps: got_bps };
}

function timelineOf({ timeline }: RunReportMessage): Timeline {
  const none = timeline.map(() => null);
  return {
    seconds: timeline.map(([seconds]) => seconds),
    delayMs: { probe: timeline.map(([, delayMs]) => delayMs), alex: none, sarah: none, jake: none },
    downBps: timeline.map(([, , downBps]) => downBps),
    upBps: timeline.map(([, , , upBps]) => upBps),
  };
}
