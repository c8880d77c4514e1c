import { isNormal } from "../session/ending.js";
import { isOver, phaseOf } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";

/**
 * Return whether a parallel connection counts. One that did not open is left out: a server may have no room for it, and
 * the others carry the load.
 */
export function takesPart({ phase, openedAt }: Snapshot): boolean {
  return openedAt !== undefined || !isOver(phase);
}

/**
 * Return the Computer's connections as one snapshot: the state of those in use, and the bytes of all. The delay is that
 * of the first, because the others ping seldom.
 */
export function computerSnapshot(used: readonly Snapshot[], all: readonly Snapshot[]): Snapshot {
  const endings = used.flatMap(({ ending }) => (ending === undefined ? [] : [ending]));
  return {
    ...(used[0] ?? idle),
    phase: phaseOf(used.map(({ phase }) => phase)),
    ending: endings.find((ending) => !isNormal(ending)) ?? endings[0],
    wantedDownloadBps: sumOf(used, "wantedDownloadBps"),
    wantedUploadBps: sumOf(used, "wantedUploadBps"),
    receivedBytes: sumOf(all, "receivedBytes"),
    sentBytes: sumOf(all, "sentBytes"),
    downloadBps: sumOf(used, "downloadBps"),
    uploadBps: sumOf(used, "uploadBps"),
    // The server is silent only where no connection hears from it.
    silentMs: used.reduce((least, { silentMs }) => Math.min(least, silentMs), used[0]?.silentMs ?? 0),
  };
}

type Amount = "wantedDownloadBps" | "wantedUploadBps" | "receivedBytes" | "sentBytes" | "downloadBps" | "uploadBps";

function sumOf(all: readonly Snapshot[], pick: Amount): number {
  return all.reduce((sum, one) => sum + one[pick], 0);
}
