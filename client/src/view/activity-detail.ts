import type { ShownPerson } from "../core/run/run.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

/** Score below which a person lacks speed. */
export const goodScore = 70;

/** Return whether speed was what a person lacked. */
export function isTooSlow({ outcome: { limitedBy, score } }: ShownPerson): boolean {
  return limitedBy === "throughput" && (score ?? 100) < goodScore;
}

/** Return whether a person lacked speed, or a film stopped for want of it. */
export function lackedSpeed(person: ShownPerson): boolean {
  const { playout } = person;
  return isTooSlow(person) || (playout !== null && (playout.startUpS === null || playout.stallS > 0));
}

/** Return a person's most telling figure: stalls, call quality, or rate. */
export function activityDetailOf(person: ShownPerson, text: Text, format: Format): string {
  const { activity, call, download, upload, playout } = person;
  const words = text.report;
  if (playout !== null) {
    if (playout.startUpS === null) return words.neverStarted;
    const { stalls, stallS } = playout;
    const rates = [format.mbps(download.gotBps), format.mbps(download.wantedBps)] as const;
    if (stallS === 0 && isTooSlow(person)) return words.tooSlow(...rates);
    if (stallS === 0) return person.rendition === "medium" ? words.lessSharp(...rates) : words.noStalls;
    const seconds = format.decimal(stallS, 1);
    return stalls === null ? words.stalled(seconds) : words.stalls(stalls, seconds);
  }
  if (call !== null) return words.mos(format.decimal(call.mos, 1));
  if (activity !== "bulk_transfer") return "";
  return download.gotBps < upload.gotBps ? words.sent(format.mbps(upload.gotBps)) : words.rate(format.mbps(download.gotBps));
}
