import type { Journal, Portion } from "./journal.js";
import { activityOf, people, type Person } from "./people.js";
import { fatesOf } from "./probe.js";
import type { Arrival } from "./scoring/playout.js";
import type { Circumstances, PersonFacts, Probe, RunFacts } from "./scoring/facts.js";
import type { AnsweredPing } from "./scoring/repairs.js";
import type { Snapshot } from "./snapshot.js";

/** All that is known of one connection: how it stands, and what happened on it. */
export interface Course {
  snapshot: Snapshot;
  journal: Journal;
}

/** A time from `from` up to `until`; milliseconds. */
export interface Span {
  from: number;
  until: number;
}

/** When a connection carried its traffic; undefined where it never opened. One that still does lasts until `now`. */
export function trafficOf({ openedAt, trafficUntil }: Snapshot, now: number): Span | undefined {
  return openedAt === undefined ? undefined : { from: openedAt, until: trafficUntil ?? now };
}

/** When everybody who came was on the line at once; undefined where nobody came, or they never met. */
export function loadOf(spans: readonly (Span | undefined)[]): Span | undefined {
  const open = spans.filter((span) => span !== undefined);
  const from = Math.max(...open.map((span) => span.from));
  const until = Math.min(...open.map((span) => span.until));
  return open.length > 0 && from < until ? { from, until } : undefined;
}

/** When somebody was on the line, from the time on when all who came were; undefined where nobody came. */
export function busyOf(spans: readonly (Span | undefined)[]): Span | undefined {
  const open = spans.filter((span) => span !== undefined);
  if (open.length === 0) return undefined;
  return { from: Math.max(...open.map((span) => span.from)), until: Math.max(...open.map((span) => span.until)) };
}

/** A run's measurements in the form that the scoring takes. */
export function factsOf(
  probes: readonly Journal[],
  household: ReadonlyMap<Person, Course>,
  idleUntil: number,
  circumstances: Circumstances,
  now: number,
): RunFacts {
  const courses = people.flatMap((who) => {
    const course = household.get(who);
    return course === undefined ? [] : [{ who, course, span: trafficOf(course.snapshot, now) }];
  });
  const lastsMs = courses.reduce((most, { span }) => Math.max(most, span === undefined ? 0 : span.until - span.from), 0);
  return {
    probe: probeFacts(probes, idleUntil, loadOf(courses.map(({ span }) => span))),
    people: courses.map(({ who, course, span }) => personFacts(who, course, span)),
    loadS: lastsMs / 1000,
    circumstances,
  };
}

function probeFacts(probes: readonly Journal[], idleUntil: number, load: Span | undefined): Probe {
  const span = load ?? { from: Infinity, until: -Infinity };
  const { line, repaired, held } = fatesOf(probes);
  const loaded = (pings: readonly AnsweredPing[]): number[] =>
    pings.filter(({ sentAt }) => within(sentAt, span)).map(({ ms }) => ms);
  return {
    // An answer that comes after the household does has met its traffic.
    idleMs: line.filter(({ sentAt, ms }) => sentAt + ms <= idleUntil).map(({ ms }) => ms),
    loadedMs: loaded(line),
    loadedSent: probes.flatMap(({ pingsSentAt }) => pingsSentAt).filter((at) => within(at, span)).length,
    repairedMs: loaded(repaired),
    heldMs: loaded(held),
  };
}

function personFacts(who: Person, { snapshot, journal }: Course, span: Span | undefined): PersonFacts {
  const own = span ?? { from: Infinity, until: -Infinity };
  const received = journal.received.filter(({ at }) => within(at, own));
  const sent = journal.sent.filter(({ at }) => within(at, own));
  return {
    who,
    activity: activityOf[who],
    roundTripsMs: journal.roundTrips.filter(({ sentAt }) => within(sentAt, own)).map(({ ms }) => ms),
    pingsSent: journal.pingsSentAt.filter((at) => within(at, own)).length,
    download: { wantedBps: snapshot.wantedDownloadBps, gotBps: meanBps(received, span) },
    // What left the browser may still wait in the system's buffers, so the server's own count comes first.
    upload: { wantedBps: snapshot.wantedUploadBps, gotBps: snapshot.serverUploadBps ?? meanBps(sent, span) },
    lossShare: null,
    arrivals: received.map(({ at, bytes }): Arrival => [(at - own.from) / 1000, bytes]),
  };
}

/** Whether this device sent more than one ping in twenty too late: the 95th percentile would be its own. */
export function isLate(snapshots: readonly Snapshot[]): boolean {
  const sum = (pick: "pings" | "latePings"): number => snapshots.reduce((total, one) => total + one[pick], 0);
  return sum("latePings") > sum("pings") / 20;
}

function meanBps(portions: readonly Portion[], span: Span | undefined): number {
  if (span === undefined || span.until <= span.from) return 0;
  return (8000 * portions.reduce((sum, { bytes }) => sum + bytes, 0)) / (span.until - span.from);
}

/** Whether a time is in a span, its ends included. */
export function within(at: number, { from, until }: Span): boolean {
  return at >= from && at <= until;
}
