import type { Cause } from "../scoring/attribution.js";
import { worst, type StretchResult } from "../scoring/directions.js";
import type { Grade } from "../scoring/grade.js";
import type { RunReportMessage, StoredStretch } from "../session/run-report.js";
import type { MeasuredStretch } from "./stretches.js";

/** What was found of a stretch, by the server or else by this client. */
export interface FoundStretch extends StretchResult {
  grade: Grade | null;
  /** What limited the Computer; null if not known. */
  rate: Cause | null;
}

/** A stretch as every view shows it. */
export interface ShownStretch extends FoundStretch {
  /** Seconds since the run began. */
  fromS: number;
  untilS: number;
  /** Payload of all people together. */
  downBps: number;
  upBps: number;
}

export function foundOf({ stretch, valid, increaseMs, report }: MeasuredStretch): FoundStretch {
  return { stretch, valid, increaseMs, grade: report.grade, rate: report.attribution.rate };
}

/** Return the reported stretches of which something was found. */
export function shownStretchesOf({ stretches = [] }: RunReportMessage, found: readonly FoundStretch[]): readonly ShownStretch[] {
  return stretches.flatMap((each) => {
    const own = found.find(({ stretch }) => stretch === each.stretch);
    if (own === undefined) return [];
    const times = { fromS: each.from_s, untilS: each.until_s };
    return [{ ...own, ...times, downBps: gotBps(each, "download"), upBps: gotBps(each, "upload") }];
  });
}

/** Return what a run shows of its load: the figures of the worst stretch, which may be another for the server. */
export function loadedOf(report: RunReportMessage, shown: readonly ShownStretch[]): Omit<StoredStretch, "stretch" | "from_s" | "until_s"> {
  if (shown.length === 0) return report;
  const { stretch } = worst(shown);
  return report.stretches?.find((each) => each.stretch === stretch) ?? report;
}

function gotBps({ people }: StoredStretch, way: "download" | "upload"): number {
  return people.reduce((sum, person) => sum + person[way].got_bps, 0);
}
