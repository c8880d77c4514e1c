import { activityOf, people, type Person } from "../people.js";
import type { Circumstances, PersonFacts, Probe, RunFacts } from "../scoring/measurements.js";
import type { Arrival } from "../scoring/playout.js";
import type { AnsweredPing } from "../scoring/retransmissions.js";
import { leastSeries } from "../scoring/statistics.js";
import type { Journal, Portion } from "../session/journal.js";
import type { ConnectionRecord, Snapshot } from "../session/snapshot.js";
import { fatesOf } from "./probes.js";
import { loadOf, trafficOf, within, type Span } from "./spans.js";

export function factsOf(
  probes: readonly Journal[],
  household: ReadonlyMap<Person, ConnectionRecord>,
  idleUntil: number,
  circumstances: Circumstances,
  now: number,
): RunFacts {
  const records = people.flatMap((who) => {
    const record = household.get(who);
    return record === undefined ? [] : [{ who, record, span: trafficOf(record.snapshot, now) }];
  });
  const lastsMs = records.reduce((most, { span }) => Math.max(most, span === undefined ? 0 : span.until - span.from), 0);
  return {
    probe: probeFacts(probes, idleUntil, loadOf(records.map(({ span }) => span))),
    people: records.map(({ who, record, span }) => personFacts(who, record, span)),
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
    // An answer under load has met its traffic.
    idleMs: line.filter(({ sentAt, ms }) => sentAt + ms <= idleUntil).map(({ ms }) => ms),
    loadedMs: loaded(line),
    loadedSent: probes.flatMap(({ pingsSentAt }) => pingsSentAt).filter((at) => within(at, span)).length,
    repairedMs: loaded(repaired),
    heldMs: loaded(held),
    kernelIdleMs: leastSeries(
      probes.map(({ kernelMs }) => kernelMs ?? []).filter(({ length }) => length > 0),
      50,
    ),
  };
}

function personFacts(who: Person, { snapshot, journal }: ConnectionRecord, span: Span | undefined): PersonFacts {
  const own = span ?? { from: Infinity, until: -Infinity };
  const received = journal.received.filter(({ at }) => within(at, own));
  const sent = journal.sent.filter(({ at }) => within(at, own));
  return {
    who,
    activity: activityOf[who],
    roundTripsMs: journal.roundTrips.filter(({ sentAt }) => within(sentAt, own)).map(({ ms }) => ms),
    pingsSent: journal.pingsSentAt.filter((at) => within(at, own)).length,
    download: { wantedBps: snapshot.wantedDownloadBps, gotBps: meanBps(received, span) },
    // Bytes that left the browser may wait in system buffers, so the server's count comes first.
    upload: { wantedBps: snapshot.wantedUploadBps, gotBps: snapshot.serverUploadBps ?? meanBps(sent, span) },
    lossShare: null,
    kernelMs: journal.kernelMs ?? [],
    receiverLimited: snapshot.serverTcp?.receiverLimited ?? null,
    clientLimited: snapshot.clientLimited,
    arrivals: received.map(({ at, bytes }): Arrival => [(at - own.from) / 1000, bytes]),
  };
}

/** Return whether this device sent more than one ping in twenty late, so that the 95th percentile would be its own. */
export function isOverloaded(snapshots: readonly Snapshot[]): boolean {
  const sum = (pick: "pings" | "latePings"): number => snapshots.reduce((total, one) => total + one[pick], 0);
  return sum("latePings") > sum("pings") / 20;
}

function meanBps(portions: readonly Portion[], span: Span | undefined): number {
  if (span === undefined || span.until <= span.from) return 0;
  return (8000 * portions.reduce((sum, { bytes }) => sum + bytes, 0)) / (span.until - span.from);
}
