import { callQuality, type CallQuality } from "./call.js";
import { grade, type Grade } from "./grade.js";
import { baseline, latencyFigures, type LatencyFigures } from "./latency.js";
import type { Direction, PersonFacts, RunFacts } from "./measurements.js";
import { qualityOfOutcome, type Outcome } from "./outcome.js";
import { play, type Playout } from "./playout.js";
import { requirementOf, type Band, type Requirement, type Requirements } from "./requirements.js";
import { lossShare } from "./statistics.js";
import { requireAmount } from "./validation.js";
import { invalidReasons, type Invalid } from "./validity.js";
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
  /** Figures of the probe under load; `increaseP95Ms` decides the grade. */
  latency: LatencyFigures;
  /**
   * Share of the probe's pings under load that were lost, with their answers, and sent again. Those held behind one are
   * not counted, because their fate is unknown.
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

function playoutOf({ player }: Requirement, person: PersonFacts, loadS: number): Playout | null {
  if (player === undefined || person.download.wantedBps === 0) return null;
  const { startS, resumeS } = player;
  const videoBps = player.videoShare * person.download.wantedBps;
  return play(person.arrivals, { videoBps, startS, resumeS, untilS: loadS });
}

function personReport(
  requirements: Requirements,
  requirement: Requirement,
  person: PersonFacts,
  facts: RunFacts,
  baselineMs: number | null,
): PersonReport {
  const { who, activity, download, upload } = person;
  const { latencyFrom } = requirement;
  const judgedMs = latencyFrom === "own" ? person.roundTripsMs : facts.probe.loadedMs;
  const delivery = deliveryOf([download, upload]);
  const outcome = qualityOfOutcome(requirement, judgedMs, person.lossShare, delivery);
  const playout = playoutOf(requirement, person, facts.loadS);
  const band = bandOf(requirements, outcome.score, playout);
  return {
    who,
    activity,
    outcome,
    band,
    verdict: verdictKey(activity, band),
    latency: latencyFigures(judgedMs, baselineMs),
    latencyFrom,
    ownLatency: latencyFigures(person.roundTripsMs, baselineMs),
    download,
    upload,
    delivery,
    lossShare: person.lossShare,
    lossNote: person.lossShare === null ? "loss.hidden_by_tcp" : null,
    playout,
    call: requirement.call === true ? callQuality(judgedMs, person.lossShare) : null,
  };
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
  const invalid = invalidReasons(facts.circumstances, probe.idleMs.length, loaded);
  return {
    valid: invalid.length === 0,
    invalid,
    grade: baselineMs === null || latency.p95Ms === null ? null : grade(baselineMs, latency.p95Ms),
    baselineMs,
    idle: latencyFigures(probe.idleMs, baselineMs),
    latency,
    lossShare: lossShare(counted, probe.loadedMs.length),
    people: people.map(({ person, requirement }) =>
      personReport(requirements, requirement, person, facts, baselineMs),
    ),
  };
}
