import {
  example,
  maxBytes,
  maxMbps,
  maxSeconds,
  minSeconds,
  type QueryOption,
  type QueryOptions,
} from "../core/run/query-options.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

const limits: Record<QueryOption, readonly [least: number, most: number]> = {
  seconds: [minSeconds, maxSeconds],
  computer: [1, maxMbps],
};

/** Return notes before a run: invalid options, missing features, data volume, Wi-Fi. */
export function notesOf(options: QueryOptions, lacking: readonly string[], text: Text, format: Format): string[] {
  const { advance } = text;
  // Two digits: it is an estimate.
  const bytes = (computer: number, backup: number): string =>
    format.bytes(Number(maxBytes(options, { computer, backup }).toPrecision(2)));
  return [
    ...(lacking.length === 0 ? [] : [advance.lacking(lacking)]),
    ...options.wrong.map((option) => advance.wrong[option](...limits[option])),
    ...(isMetered() ? [advance.metered] : []),
    options.computerMbps === undefined
      ? advance.data(bytes(1, 0), example.computer, options.stretches.length > 1 ? example.backup : undefined, bytes(example.computer, example.backup))
      : advance.dataAtMost(bytes(Infinity, Infinity)),
    advance.wifi,
  ];
}

/** Return whether the browser reports a metered line; many report nothing. */
function isMetered(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean; type?: string } };
  return connection?.saveData === true || connection?.type === "cellular";
}
