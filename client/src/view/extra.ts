import type { Format } from "../core/format.js";
import type { ShownPerson } from "../core/run.js";
import type { Text } from "../text/text.js";

/** The figure that means most to somebody: a viewer's stalls, a caller's quality, what a download got. */
export function extraOf({ activity, call, download, playout }: ShownPerson, text: Text, format: Format): string {
  const words = text.report;
  if (playout !== null) {
    if (playout.startUpS === null) return words.neverStarted;
    const { stalls, stallS } = playout;
    if (stallS === 0) return words.noStalls;
    const seconds = format.decimal(stallS, 1);
    return stalls === null ? words.stalled(seconds) : words.stalls(stalls, seconds);
  }
  if (call !== null) return words.mos(format.decimal(call.mos, 1));
  return activity === "bulk_transfer" ? words.rate(format.mbps(download.gotBps)) : "";
}
