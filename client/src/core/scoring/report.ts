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

/** How it was for one person under load. */
export interface PersonReport {
  who: string;
  activity: string;
  outcome: Outcome;
  /** Null where there is no score. */
  band: Band | null;
  /** A message key. */
  verdict: string;
  /** Of the round trips that were judged. */
  latency: LatencyFigures;
  latencyFrom: "own" | "probe";
  /** Of the person's own connection; of a bulk transfer it holds the queue in front of its own bytes too. */
  ownLatency: LatencyFigures;
  download: Direction;
  upload: Direction;
  /** Share of the wanted rate that arrived, in the worse direction; null where none was wanted. */
  delivery: number | null;
  lossShare: number | null;
  /** A message key that says why there is no loss. */
  lossNote: "loss.hidden_by_tcp" | null;
  /** What a video player would have done; null where the person watches none. */
  playout: Playout | null;
  /** What a call would have sounded like; null where the person makes none, or without round trips. */
  call: CallQuality | null;
}

/** A run's verdicts; the figures of an invalid run are there, and prove nothing. */
export interface RunReport {
  valid: boolean;
  /** Why it is not valid. */
  invalid: readonly Invalid[];
  /** Null without round trips of the probe, idle or under load. */
  grade: Grade | null;
  /** Median round trip of the probe before any load. */
  baselineMs: number | null;
  idle: LatencyFigures;
  /** The probe's under load: the grade is that of its `increaseP95Ms`. */
  latency: LatencyFigures;
  /**
   * Of the probe's pings under load, those that were lost, or their answers, and sent again; null without any. Those
   * held behind one are not counted, because nobody knows whether they were lost as well.
   */
  lossShare: number | null;
  people: readonly PersonReport[];
}

/** Share of the wanted rate that arrived, in the worst direction that wants any; null where none does. */
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

/** The report of a run. @throws RangeError for an unknown activity and for figures that cannot be. */
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
