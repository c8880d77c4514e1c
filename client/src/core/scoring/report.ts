import { attribute, maxLossShare, meansAgree, meansOf, neededKernel, withLimitOfUpload, type Attribution } from "./attribution.js";
import { callQuality, type CallQuality } from "./call.js";
import { grade, type Grade } from "./grade.js";
import { baseline, increase, latencyFigures, type LatencyFigures } from "./latency.js";
import type { Direction, PersonFacts, RunFacts } from "./measurements.js";
import { qualityOfOutcome, type Outcome } from "./outcome.js";
import { play, type Playout } from "./playout.js";
import { requirementOf, type Band, type Rendition, type Requirement, type Requirements } from "./requirements.js";
import { leastSeries, lossShare, movingMeans, percentile, percentiles } from "./statistics.js";
import { requireAmount } from "./validation.js";
import { invalidReasons, neededAnsweredShare, type Invalid } from "./validity.js";
import { bandOf, verdictKey } from "./verdict.js";

export interface PersonReport {
  who: string;
  activity: string;
  outcome: Outcome;
  band: Band | null;
  /** Message key. */
  verdict: string;
  /** Figures of the round trips that were scored. */
  latency: LatencyFigures;
  /** The same at the percentiles to report; empty without any. */
  percentilesMs: readonly number[];
  latencyFrom: "own" | "probe";
  /** Figures of the person's connection; a bulk transfer's include the queue of its own bytes. */
  ownLatency: LatencyFigures;
  download: Direction;
  upload: Direction;
  /** Share of the wanted rate that arrived, in the worse direction; null if none was wanted. */
  delivery: number | null;
  lossShare: number | null;
  /** Message key for the reason that loss is unknown. */
  lossNote: "loss.hidden_by_tcp" | null;
  /** Null for other activities. */
  playout: Playout | null;
  /** Version of the video that was played; null for other activities. */
  rendition: Rendition | null;
  /** Null for other activities, or without round trips. */
  call: CallQuality | null;
}

/** Verdicts of a run; figures of an invalid run prove nothing. */
export interface RunReport {
  valid: boolean;
  invalid: readonly Invalid[];
  /** Null without round trips of the probe, idle or loaded. */
  grade: Grade | null;
  /** Median round trip of the probe without load. */
  baselineMs: number | null;
  idle: LatencyFigures;
  /** Figures of the probe under load; `increaseP95Ms` decides the grade, unless the kernel carries it. */
  latency: LatencyFigures;
  /** Figures of the server's kernel under load, of the person's connection with the least p95. */
  kernel: LatencyFigures;
  attribution: Attribution;
  /**
   * Share of the probe's pings under load that were lost, with their answers, and sent again. Those held behind one are
   * not counted, because their fate is unknown. Null without pings, or if a device changed the order of answers.
   */
  lossShare: number | null;
  people: readonly PersonReport[];
}

/** Return the share of the wanted rate that arrived, in the worst direction; null if none was wanted. */
export function deliveryOf(directions: readonly Direction[]): number | null {
  let least: number | null = null;
  for (const { wantedBps, gotBps } of directions) {
    requireAmount(wantedBps, "wanted_bps");
    requireAmount(gotBps, "got_bps");
    if (wantedBps > 0) least = Math.min(least ?? Infinity, gotBps / wantedBps);
  }
  return least;
}

/** A video as an adaptive player shows it: the best rendition that starts and does not stop, else the last one. */
interface Watched {
  playout: Playout | null;
  rendition: Rendition | null;
  /** Score of a rendition that played without a stop. */
  smooth: number | null;
}

function watch({ player }: Requirement, person: PersonFacts, loadS: number): Watched {
  let watched: Watched = { playout: null, rendition: null, smooth: null };
  if (player === undefined || person.download.wantedBps === 0) return watched;
  const { startS, resumeS } = player;
  for (const { rendition, share, score } of player.renditions) {
    const videoBps = share * person.download.wantedBps;
    const playout = play(person.arrivals, { videoBps, startS, resumeS, untilS: loadS });
    const isSmooth = playout.startUpS !== null && playout.stalls === 0;
    watched = { playout, rendition, smooth: isSmooth ? score : null };
    if (isSmooth) break;
  }
  return watched;
}

/** Kernel's p95 up to which an answer that never came was not held by the line: the recovery lasts three times that. */
const maxQueueMs = 1000;

/** Round trips, and the idle one to compare them with. */
interface Series {
  ms: readonly number[];
  baselineMs: number | null;
}

const figuresOf = ({ ms, baselineMs }: Series): LatencyFigures => latencyFigures(ms, baselineMs);

function personReport(
  requirements: Requirements,
  requirement: Requirement,
  person: PersonFacts,
  judged: Series,
  own: Series,
  loadS: number,
): PersonReport {
  const { who, activity, download, upload } = person;
  const { latencyFrom } = requirement;
  const delivery = deliveryOf([download, upload]);
  const { playout, rendition, smooth } = watch(requirement, person, loadS);
  const outcome = qualityOfOutcome(requirement, judged.ms, person.lossShare, delivery, smooth);
  const band = bandOf(requirements, outcome.score, playout);
  return {
    who,
    activity,
    outcome,
    band,
    verdict: verdictKey(activity, band),
    latency: figuresOf(judged),
    percentilesMs: percentiles(judged.ms),
    latencyFrom,
    ownLatency: figuresOf(own),
    download,
    upload,
    delivery,
    lossShare: person.lossShare,
    lossNote: person.lossShare === null ? "loss.hidden_by_tcp" : null,
    playout,
    rendition,
    call: requirement.call === true ? callQuality(judged.ms, person.lossShare) : null,
  };
}

/** Judge no one by a rate that a busy device may have limited. */
function withoutRate(person: PersonReport): PersonReport {
  const { playout, outcome, activity } = person;
  const isStalled = playout !== null && (playout.stalls > 0 || playout.startUpS === null);
  if (!isStalled && outcome.limitedBy !== "throughput") return person;
  return { ...person, outcome: { ...outcome, score: null, qoo: null, limitedBy: null }, band: null, verdict: verdictKey(activity, null) };
}

/**
 * Return the kernel's round trips of the connection with the least p95; empty if none has enough. Each has its own flaw,
 * and every flaw makes it longer: acknowledgements that the device delays, and the queue of its own bulk behind fair
 * queues.
 */
function witnessOf(people: readonly PersonFacts[]): readonly number[] {
  return leastSeries(
    people.map(({ kernelMs }) => kernelMs ?? []).filter(({ length }) => length >= neededKernel),
    95,
  );
}

function areRetransmitted(people: readonly PersonFacts[]): boolean | null {
  const counts = people.flatMap(({ retransmits }) => retransmits ?? []);
  return counts.length === 0 ? null : counts.some((count) => count > 0);
}

/** Return whether pings seem lost, but a late device changed the order of their answers: nothing was sent again. */
function isDisproved(lost: number | null, people: readonly PersonFacts[]): boolean {
  return lost !== null && lost > 0 && areRetransmitted(people) === false;
}

function areMeansAlike(pings: Series, kernel: Series): boolean {
  const p95Of = ({ ms }: Series): number | null => percentile(movingMeans(ms, meansOf), 95);
  const [loadedMs, kernelMs] = [p95Of(pings), p95Of(kernel)];
  if (pings.baselineMs === null || kernel.baselineMs === null || loadedMs === null || kernelMs === null) return false;
  const idleMs = Math.min(pings.baselineMs, kernel.baselineMs);
  return meansAgree(increase(pings.baselineMs, loadedMs), increase(idleMs, kernelMs));
}

/** Score a run. @throws RangeError for an unknown activity or impossible figures. */
export function report(facts: RunFacts, requirements: Requirements): RunReport {
  requireAmount(facts.loadS, "load_s");
  const { probe } = facts;
  const people = facts.people.map((person, index) => ({
    person,
    requirement: requirementOf(requirements, person.activity, `people[${index}].activity`),
  }));
  const baselineMs = baseline(probe.idleMs);
  const latency = latencyFigures(probe.loadedMs, baselineMs);
  const judged = people
    .filter(({ requirement }) => requirement.latencyFrom === "own")
    .map(({ person: { roundTripsMs: { length }, pingsSent } }) => ({ judged: length, answered: length, sent: pingsSent }));
  const counted = probe.loadedMs.length + probe.repairedMs.length;
  const answered = counted + probe.heldMs.length;
  const loaded = [{ judged: probe.loadedMs.length, answered, sent: probe.loadedSent }, ...judged];
  const lost = lossShare(counted, probe.loadedMs.length);
  const { circumstances } = facts;
  const bulk = facts.people.find(({ activity }) => activity === "bulk_transfer");
  const isUpload = bulk?.download.wantedBps === 0 && bulk.upload.wantedBps > 0;
  const kernelMs = witnessOf(facts.people);
  const kernelIdleMs = percentile(probe.kernelIdleMs ?? [], 50);
  const kernelP95Ms = percentile(kernelMs, 95);
  // No queue of the line holds an answer for as long as the recovery lasts while the kernel's round trip is short.
  const isSilent =
    loaded.some((series) => series.answered < neededAnsweredShare * series.sent) &&
    (lost ?? 0) < maxLossShare &&
    kernelP95Ms !== null &&
    kernelP95Ms < maxQueueMs;
  const attribution = attribute({
    baselineMs,
    loadedP95Ms: latency.p95Ms,
    kernelIdleMs,
    kernelP95Ms,
    kernelCount: kernelMs.length,
    meansAgree: areMeansAlike({ ms: probe.loadedMs, baselineMs }, { ms: kernelMs, baselineMs: kernelIdleMs }),
    lossShare: lost,
    retransmitted: areRetransmitted(facts.people),
    serverLate: circumstances.serverOverloaded || circumstances.serverLimited,
    clientLate: circumstances.clientOverloaded || isSilent,
    receiverLimited: isUpload ? null : (bulk?.receiverLimited ?? null),
    clientLimited: bulk?.clientLimited ?? false,
  });
  const { cause, witness, kernelBaselineMs } = attribution;
  const byKernel = witness === "kernel";
  const carrying: Series = byKernel ? { ms: kernelMs, baselineMs: kernelBaselineMs } : { ms: probe.loadedMs, baselineMs };
  const carryingP95Ms = percentile(carrying.ms, 95);
  const invalid = invalidReasons(
    // The kernel needs neither timers nor answers of the client.
    { ...circumstances, clientOverloaded: !byKernel && (circumstances.clientOverloaded || cause === "device") },
    probe.idleMs.length,
    byKernel ? [] : loaded,
    cause !== "unknown" || witness !== null || latency.increaseP95Ms === null,
  );
  const seriesOf = ({ latencyFrom }: Requirement, person: PersonFacts): Series => {
    const ms = byKernel ? (person.kernelMs ?? []) : person.roundTripsMs;
    const isOwn = latencyFrom === "own" && !(byKernel && ms.length < neededKernel);
    return isOwn ? { ms, baselineMs: carrying.baselineMs } : carrying;
  };
  const reports = people.map(({ person, requirement }) => {
    const own = { ms: person.roundTripsMs, baselineMs };
    return personReport(requirements, requirement, person, seriesOf(requirement, person), own, facts.loadS);
  });
  const graded = carrying.baselineMs === null || carryingP95Ms === null ? null : grade(carrying.baselineMs, carryingP95Ms);
  return {
    valid: invalid.length === 0,
    invalid,
    grade: graded,
    baselineMs,
    idle: latencyFigures(probe.idleMs, baselineMs),
    latency,
    kernel: latencyFigures(kernelMs, kernelBaselineMs),
    attribution: isUpload ? withLimitOfUpload(attribution, graded) : attribution,
    lossShare: cause === "device" || isDisproved(lost, facts.people) ? null : lost,
    people: cause === "device" ? reports.map(withoutRate) : reports,
  };
}
