import type { ShownPerson } from "../core/run/run.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

/** Below this score a person got too little of the rate they want. */
export const goodScore = 70;

/** Whether the rate was what a person lacked. */
export function isTooSlow({ outcome: { limitedBy, score } }: ShownPerson): boolean {
  return limitedBy === "throughput" && (score ?? 100) < goodScore;
}

/** The figure that means most to somebody: a viewer's stalls, a caller's quality, what a download got. */
export function activityDetailOf(person: ShownPerson, text: Text, format: Format): string {
  const { activity, call, download, playout } = person;
  const words = text.report;
  if (playout !== null) {
    if (playout.startUpS === null) return words.neverStarted;
    const { stalls, stallS } = playout;
    // A player would have shown less of a picture, and never stopped.
    if (stallS === 0 && isTooSlow(person)) return words.tooSlow(format.mbps(download.gotBps), format.mbps(download.wantedBps));
    if (stallS === 0) return words.noStalls;
    const seconds = format.decimal(stallS, 1);
    return stalls === null ? words.stalled(seconds) : words.stalls(stalls, seconds);
  }
  if (call !== null) return words.mos(format.decimal(call.mos, 1));
  return activity === "bulk_transfer" ? words.rate(format.mbps(download.gotBps)) : "";
}
