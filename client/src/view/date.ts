import { tried } from "./format.js";

/** The day of a Unix time in milliseconds, and with `timeStyle` its time of day, in the reader's own time zone. */
export function dateOf(ms: number, locale: string, timeStyle?: "short"): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "long", ...(timeStyle && { timeStyle }) };
  return tried(() => new Intl.DateTimeFormat(locale, options).format(ms)) ?? new Date(ms).toDateString();
}
