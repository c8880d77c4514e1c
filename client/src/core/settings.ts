export const defaultSeconds = 30;
const leastSeconds = 5;
/** With the baseline and the warm-up before and the recovery after, the probe stays below the 300 s that a session may last. */
const mostSeconds = 280;

/** How long the line measures itself without load. */
export const baselineMs = 5000;
/** How long answers to the pings under load are waited for, and the line is watched as it recovers. */
export const recoveryMs = 3000;

/** Connections that take turns to ping: a lost packet holds up one of them, and the others show that it is one. */
export const probes = 4;
/** 20 Hz of all probes together: what grades the household. */
export const probePingEveryMs = 50;
/** 10 Hz. */
export const personPingEveryMs = 100;

/** The most that the Computer asks for, Mbit/s, from the page's query (`?computer=N`); undefined is no limit. */
export function computerMbpsOf(query: string): number | undefined {
  const match = /[?&]computer=(\d{1,5})(?:&|$)/.exec(query);
  return match?.[1] === undefined ? undefined : Math.max(1, Number(match[1]));
}

/** Whether to measure first what the line carries: yes, but where the query says no (`?warmup=0`) or knows it. */
export function wantsWarmUp(query: string): boolean {
  return computerMbpsOf(query) === undefined && !/[?&]warmup=0(?:&|$)/.test(query);
}

/** How long the load lasts, from the page's query (`?seconds=N`); what is no number counts as not given. */
export function secondsOf(query: string): number {
  const match = /[?&]seconds=(\d{1,6})(?:&|$)/.exec(query);
  if (match?.[1] === undefined) return defaultSeconds;
  return Math.min(mostSeconds, Math.max(leastSeconds, Number(match[1])));
}
