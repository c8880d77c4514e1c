import { activityOf, people, type Person } from "../people.js";
import type { Circumstances, Direction, PersonFacts, Probe, RunFacts } from "../scoring/measurements.js";
import { neededKernel } from "../scoring/attribution.js";
import type { AnsweredPing } from "../scoring/retransmissions.js";
import { leastSeries } from "../scoring/statistics.js";
import type { Count, Journal, Portion } from "../session/journal.js";
import type { ConnectionRecord, Snapshot } from "../session/snapshot.js";
import { filmIn } from "./film.js";
import { fatesOf } from "./probes.js";
import { loadOf, nothing, overlapOf, trafficOf, wholeCyclesOf, within, type Span } from "./spans.js";

/** Connections of each person; the Computer has several. */
export type Records = ReadonlyMap<Person, readonly ConnectionRecord[]>;

/** A connection, and the part of its traffic that counts. */
interface Part {
  record: ConnectionRecord;
  span: Span;
}

const everything: Span = { from: -Infinity, until: Infinity };

/** Return the facts of a stretch: of what happened within a span under load. */
export function factsOf(
  probes: readonly Journal[],
  household: Records,
  idleUntil: number,
  circumstances: Circumstances,
  now: number,
  stretch = everything,
): RunFacts {
  const present = people.flatMap((who) => {
    const records = household.get(who);
    return records === undefined ? [] : [{ who, parts: partsOf(records, stretch, now) }];
  });
  const spans = present.map(({ parts }) => togetherOf(parts));
  const lastsMs = spans.reduce((most, span) => Math.max(most, span === undefined ? 0 : span.until - span.from), 0);
  return {
    probe: probeFacts(probes, idleUntil, loadOf(spans) ?? nothing),
    people: present.map(({ who, parts }) => personFacts(who, parts)),
    loadS: lastsMs / 1000,
    circumstances,
  };
}

function partsOf(records: readonly ConnectionRecord[], stretch: Span, now: number): Part[] {
  return records.flatMap((record) => {
    const span = overlapOf(trafficOf(record.snapshot, now), stretch);
    return span === undefined ? [] : [{ record, span }];
  });
}

/** Return when all connections of a person had traffic. */
function togetherOf(parts: readonly Part[]): Span | undefined {
  return loadOf(parts.map(({ span }) => span));
}

function probeFacts(probes: readonly Journal[], idleUntil: number, span: Span): Probe {
  const { line, repaired, held } = fatesOf(probes);
  const loaded = (pings: readonly AnsweredPing[]): number[] =>
    pings.filter(({ sentAt }) => within(sentAt, span)).map(({ ms }) => ms);
  return {
    // An answer under load has met its traffic.
    idleMs: line.filter(({ sentAt, ms }) => sentAt + ms <= idleUntil).map(({ ms }) => ms),
    loadedMs: loaded(line),
    loadedSent: probes.flatMap(({ pingsSentAt }) => pingsSentAt).filter((at) => within(at, span)).length,
    repairedMs: loaded(repaired),
    heldMs: loaded(held),
    kernelIdleMs: leastSeries(
      probes.map(({ kernel = [] }) => kernel.map(({ ms }) => ms)).filter(({ length }) => length > 0),
      50,
    ),
  };
}

function personFacts(who: Person, parts: readonly Part[]): PersonFacts {
  const span = togetherOf(parts) ?? nothing;
  const roundTrips = parts.flatMap(({ record: { journal } }) => journal.roundTrips);
  const pingsSentAt = parts.flatMap(({ record: { journal } }) => journal.pingsSentAt);
  return {
    who,
    activity: activityOf[who],
    roundTripsMs: roundTrips.filter(({ sentAt }) => within(sentAt, span)).map(({ ms }) => ms),
    pingsSent: pingsSentAt.filter((at) => within(at, span)).length,
    download: sumOf(parts.map(({ record }) => downloadOf(record, span))),
    upload: sumOf(parts.map(({ record }) => uploadOf(record, span))),
    lossShare: null,
    kernelMs: kernelOf(parts.map(({ record }) => record.journal), span),
    receiverLimited: receiverLimitedOf(parts),
    retransmits: retransmitsOf(parts),
    clientLimited: parts.some(({ record }) => record.snapshot.clientLimited),
    arrivals: parts.flatMap(({ record: { snapshot, journal } }) =>
      filmIn(journal.received, snapshot.openedAt ?? span.from, span, activityOf[who], snapshot.wantedDownloadBps),
    ),
  };
}

/**
 * Return the kernel's samples of the connection that tells most of the line: of those with enough samples, the one with
 * the least p95, because flaws make it longer; else the one with the most samples.
 */
function kernelOf(journals: readonly Journal[], span: Span): readonly number[] {
  const all = journals.map(({ kernel = [] }) => kernel.filter(({ at }) => within(at, span)).map(({ ms }) => ms));
  const enough = all.filter(({ length }) => length >= neededKernel);
  if (enough.length > 0) return leastSeries(enough, 95);
  return all.reduce((most, each) => (each.length > most.length ? each : most), []);
}

/** Return the greatest share: the window of one connection may limit the rate of all. */
function receiverLimitedOf(parts: readonly Part[]): number | null {
  const shares = parts.flatMap(({ record: { snapshot } }) => snapshot.serverTcp?.receiverLimited ?? []);
  return shares.length === 0 ? null : Math.max(...shares);
}

function retransmitsOf(parts: readonly Part[]): number | null {
  const counts = parts.flatMap(({ record: { snapshot } }) => snapshot.serverTcp?.retransmits ?? []);
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
}

function sumOf(directions: readonly Direction[]): Direction {
  const sum = (pick: keyof Direction): number => directions.reduce((total, one) => total + one[pick], 0);
  return { wantedBps: sum("wantedBps"), gotBps: sum("gotBps") };
}

function downloadOf({ snapshot, journal }: ConnectionRecord, span: Span): Direction {
  return { wantedBps: snapshot.wantedDownloadBps, gotBps: meanBps(journal.received, wholeCyclesOf(span)) };
}

/** Bytes that left the browser may wait in system buffers, so the server's count comes first. */
function uploadOf({ snapshot, journal }: ConnectionRecord, span: Span): Direction {
  const counted = wholeCyclesOf(span);
  return { wantedBps: snapshot.wantedUploadBps, gotBps: countedBps(journal.counts ?? [], counted) ?? meanBps(journal.sent, counted) };
}

/** Return whether this device sent more than one ping in twenty late, so that the 95th percentile would be its own. */
export function isOverloaded(snapshots: readonly Snapshot[]): boolean {
  const sum = (pick: "pings" | "latePings"): number => snapshots.reduce((total, one) => total + one[pick], 0);
  return sum("latePings") > sum("pings") / 20;
}

/** Return the mean rate between the first and the last count within a span; undefined below two. */
export function countedBps(counts: readonly Count[], span: Span): number | undefined {
  const all = counts.filter(({ at }) => within(at, span));
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  return (8000 * (last.bytes - first.bytes)) / (last.at - first.at);
}

export function meanBps(portions: readonly Portion[], span: Span): number {
  if (span.until <= span.from) return 0;
  const bytes = portions.reduce((sum, portion) => sum + (within(portion.at, span) ? portion.bytes : 0), 0);
  return (8000 * bytes) / (span.until - span.from);
}
