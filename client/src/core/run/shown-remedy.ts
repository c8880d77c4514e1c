import { remedyFor, type Remedy } from "../scoring/remedy.js";
import type { ShownReport } from "./run.js";

/** Return what to do about a run; null if there is nothing. `lossy` is whether people suffer from the line's loss. */
export function shownRemedyOf({ valid, grade, attribution, people }: ShownReport, lossy: boolean): Remedy | null {
  const gotBps = people.reduce((sum, person) => sum + person.download.gotBps, 0);
  return remedyFor({
    grade: valid ? grade : null,
    cause: attribution?.cause ?? "unknown",
    hurting: null,
    downloadBps: attribution?.rate === "line" ? gotBps : null,
    uploadBps: null,
    lossy,
  });
}
