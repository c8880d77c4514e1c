import { hurting, type Stretch } from "../scoring/directions.js";
import { remedyFor, type Remedy } from "../scoring/remedy.js";
import type { ShownRun } from "./stored-run.js";

/** Return what to do about a run; null if there is nothing. `lossy` is whether people suffer from the line's loss. */
export function shownRemedyOf({ report, stretches }: Pick<ShownRun, "report" | "stretches">, lossy: boolean): Remedy | null {
  const { valid, grade, attribution, people } = report;
  const isLine = attribution?.rate === "line";
  const filled = (way: Stretch) => stretches.find(({ stretch }) => stretch === way);
  // A run without stretches is one of downloads.
  const alone = stretches.length > 0 ? null : people.reduce((sum, person) => sum + person.download.gotBps, 0);
  return remedyFor({
    grade: valid ? grade : null,
    cause: attribution?.cause ?? "unknown",
    hurting: hurting(stretches),
    downloadBps: isLine ? (filled("download")?.downBps ?? alone) : null,
    uploadBps: isLine ? (filled("upload")?.upBps ?? null) : null,
    lossy,
  });
}
