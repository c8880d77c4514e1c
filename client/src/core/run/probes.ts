import { tellFates, type Fates } from "../scoring/retransmissions.js";
import { percentile } from "../scoring/statistics.js";
import { isNormal } from "../session/ending.js";
import type { Journal } from "../session/journal.js";
import { phaseOf } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";

/** What became of the pings of all probes. */
export function fatesOf(journals: readonly Journal[]): Fates {
  return tellFates(journals.map(({ roundTrips }) => roundTrips));
}

/** All probes as one connection, whose round trips are those of the line. */
export function lineJournal(journals: readonly Journal[]): Journal {
  return {
    pingsSentAt: journals.flatMap(({ pingsSentAt }) => pingsSentAt).sort((a, b) => a - b),
    roundTrips: fatesOf(journals).line,
    received: [],
    sent: [],
  };
}

/**
 * How the probes stand together. One that waits for a repair is in the minority: figures are the median of theirs, and
 * nothing is waited for as long as one of them gets its answers.
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
  };
}

function median(values: readonly (number | undefined)[]): number | undefined {
  return percentile(values.filter((value) => value !== undefined), 50) ?? undefined;
}
