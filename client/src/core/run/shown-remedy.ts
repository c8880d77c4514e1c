import { hurting, type Stretch } from "../scoring/directions.js";
import { remedyFor, type Remedy } from "../scoring/remedy.js";
import type { ShownStretch } from "./shown-stretch.js";
import type { ShownRun } from "./stored-run.js";

/** Return what to do about a run; null if there is nothing. `lossy` is whether people suffer from the line's loss. */
export function shownRemedyOf({ report, stretches }: Pick<ShownRun, "report" | "stretches">, lossy: boolean): Remedy | null {
  const { valid, grade, attribution, people } = report;
  // Of the stretch alone: the run's attribution is that of its worst.
  const filled = (way: Stretch): ShownStretch | undefined =>
    stretches.find(({ stretch, rate }) => stretch === way && rate === "line");
  // A run without stretches is one of downloads.
  const isAlone = stretches.length === 0 && attribution?.rate === "line";
  const alone = isAlone ? people.reduce((sum, person) => sum + person.download.gotBps, 0) : null;
  return remedyFor({
    grade: valid ? grade : null,
    cause: attribution?.cause ?? "unknown",
    hurting: hurting(stretches),
    downloadBps: filled("download")?.downBps ?? alone,
    uploadBps: filled("upload")?.upBps ?? null,
    lossy,
  });
}
