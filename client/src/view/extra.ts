import type { Format } from "../core/format.js";
import type { PersonReport } from "../core/scoring/report.js";
import type { Text } from "../text/text.js";

/** The figure that means most to somebody: a viewer's stalls, a caller's quality, what a download got. */
export function extraOf({ activity, call, download, playout }: PersonReport, text: Text, format: Format): string {
  const words = text.report;
  if (playout !== null) {
    if (playout.startUpS === null) return words.neverStarted;
    return playout.stalls === 0 ? words.noStalls : words.stalls(playout.stalls, format.decimal(playout.stallS, 1));
  }
  if (call !== null) return words.mos(format.decimal(call.mos, 1));
  return activity === "bulk_transfer" ? words.rate(format.mbps(download.gotBps)) : "";
}
