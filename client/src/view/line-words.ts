import type { ShownRun } from "../core/run/stored-run.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

/** Share of the line's rate below which the report says what one connection gets. */
const filledShare = 0.9;

/** Return what a run says of the line's rate; empty without a warm-up. */
export function lineWordsOf({ warmUp, report }: Pick<ShownRun, "warmUp" | "report">, text: Text, format: Format): string {
  if (warmUp === null) return "";
  const { singleBps, lineBps, connections, computerMbps } = warmUp;
  const line = format.mbps(lineBps);
  if (report.attribution?.rate === "device") return text.report.deviceRate(line);
  const words = text.report.warmUp(line, format.decimal(computerMbps, 0));
  if (connections === 1 || singleBps >= filledShare * lineBps) return words;
  return `${words} ${text.report.singleConnection(format.mbps(singleBps), line, connections)}`;
}
