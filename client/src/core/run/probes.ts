import { tellFates, type Fates } from "../scoring/retransmissions.js";
import { percentile } from "../scoring/statistics.js";
import { isNormal } from "../session/ending.js";
import type { Journal } from "../session/journal.js";
import { phaseOf } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";

export function fatesOf(journals: readonly Journal[]): Fates {
  return tellFates(journals.map(({ roundTrips }) => roundTrips));
}

/** Return the probes as one connection, with the line's round trips only. */
export function lineJournal(journals: readonly Journal[]): Journal {
  return {
    pingsSentAt: journals.flatMap(({ pingsSentAt }) => pingsSentAt).sort((a, b) => a - b),
    roundTrips: fatesOf(journals).line,
    received: [],
    sent: [],
  };
}

/**
 * Return the probes as one snapshot. A probe that waits for a retransmission is in the minority, so figures are
 * medians, and waits are minima.
 */
export function combinedSnapshot(snapshots: readonly Snapshot[]): Snapshot {
  const endings = snapshots.flatMap(({ ending }) => (ending === undefined ? [] : [ending]));
  return {
    ...(snapshots[0] ?? idle),
    phase: phaseOf(snapshots.map(({ phase }) => phase)),
    ending: endings.find((ending) => !isNormal(ending)) ?? endings[0],
    latency: {
      count: snapshots.reduce((sum, { latency }) => sum + latency.count, 0),
      p50Ms: median(snapshots.map(({ latency }) => latency.p50Ms)),
      p95Ms: median(snapshots.map(({ latency }) => latency.p95Ms)),
    },
    latestMs: median(snapshots.map(({ latestMs }) => latestMs)),
    waitingMs: Math.min(...snapshots.map(({ waitingMs }) => waitingMs)),
    silentMs: Math.min(...snapshots.map(({ silentMs }) => silentMs)),
    // A stored run shows the same one.
    serverTcp: snapshots
      .flatMap(({ serverTcp }) => (serverTcp === undefined ? [] : [serverTcp]))
      .sort((a, b) => a.rttMs - b.rttMs)[0],
  };
}

function median(values: readonly (number | undefined)[]): number | undefined {
  return percentile(values.filter((value) => value !== undefined), 50) ?? undefined;
}
