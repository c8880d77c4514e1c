export const defaultSeconds = 30;
const leastSeconds = 5;
const mostSeconds = 300;

/** How long the run lasts, from the page's query (`?seconds=N`); what is no number counts as not given. */
export function secondsOf(query: string): number {
  const match = /[?&]seconds=(\d{1,6})(?:&|$)/.exec(query);
  if (match?.[1] === undefined) return defaultSeconds;
  return Math.min(mostSeconds, Math.max(leastSeconds, Number(match[1])));
}
