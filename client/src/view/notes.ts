import { exampleMbps, maxBytes, maxMbps, maxSeconds, minSeconds, type Wish, type Wishes } from "../core/run/wishes.js";
import type { Text } from "../text/text.js";
import type { Format } from "./format.js";

const limits: Record<Wish, readonly [least: number, most: number]> = {
  seconds: [minSeconds, maxSeconds],
  computer: [1, maxMbps],
};

/** What a customer has to know before a run: what is wrong with the address or the browser, the data, the Wi-Fi. */
export function notesOf(wishes: Wishes, lacking: readonly string[], text: Text, format: Format): string[] {
  const { advance } = text;
  // No more digits than anybody knows.
  const bytes = (lineMbps: number): string => format.bytes(Number(maxBytes(wishes, lineMbps).toPrecision(2)));
  return [
    ...(lacking.length === 0 ? [] : [advance.lacking(lacking)]),
    ...wishes.wrong.map((wish) => advance.wrong[wish](...limits[wish])),
    ...(isMetered() ? [advance.metered] : []),
    wishes.computerMbps === undefined
      ? advance.data(bytes(1), exampleMbps, bytes(exampleMbps))
      : advance.dataAtMost(bytes(Infinity)),
    advance.wifi,
  ];
}

/** Whether the browser says that data are dear here; many do not say. */
function isMetered(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean; type?: string } };
  return connection?.saveData === true || connection?.type === "cellular";
}
