import { isNormal } from "../session/ending.js";
import { phaseOf } from "../session/phase.js";
import { idle, type Snapshot } from "../session/snapshot.js";

/** Return the Computer's connections as one snapshot: the state of those in use, and the bytes of all. */
export function computerSnapshot(used: readonly Snapshot[], all: readonly Snapshot[]): Snapshot {
  const endings = used.flatMap(({ ending }) => (ending === undefined ? [] : [ending]));
  return {
    ...(used[0] ?? idle),
    phase: phaseOf(used.map(({ phase }) => phase)),
    ending: endings.find((ending) => !isNormal(ending)) ?? endings[0],
    receivedBytes: sumOf(all, "receivedBytes"),
    sentBytes: sumOf(all, "sentBytes"),
    downloadBps: sumOf(used, "downloadBps"),
    uploadBps: sumOf(used, "uploadBps"),
  };
}

function sumOf(all: readonly Snapshot[], pick: "receivedBytes" | "sentBytes" | "downloadBps" | "uploadBps"): number {
  return all.reduce((sum, one) => sum + one[pick], 0);
}
