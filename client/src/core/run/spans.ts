import type { Snapshot } from "../session/snapshot.js";

export interface Span {
  from: number;
  until: number;
}

/** A span that has no time in it. */
export const nothing: Span = { from: Infinity, until: -Infinity };

/** Return the span of a connection's traffic, up to `now` if it goes on. */
export function trafficOf({ openedAt, trafficUntil }: Snapshot, now: number): Span | undefined {
  return openedAt === undefined ? undefined : { from: openedAt, until: trafficUntil ?? now };
}

/** Return the span in which all who connected were on the line together. */
export function loadOf(spans: readonly (Span | undefined)[]): Span | undefined {
  const open = spans.filter((span) => span !== undefined);
  const from = Math.max(...open.map((span) => span.from));
  const until = Math.min(...open.map((span) => span.until));
  return open.length > 0 && from < until ? { from, until } : undefined;
}

/** Return the span from the first beginning to the last end; undefined without any. */
export function wholeOf(spans: readonly Span[]): Span | undefined {
  if (spans.length === 0) return undefined;
  return { from: Math.min(...spans.map(({ from }) => from)), until: Math.max(...spans.map(({ until }) => until)) };
}

export function within(at: number, { from, until }: Span): boolean {
  return at >= from && at <= until;
}

/** Return what two spans have in common. */
export function overlapOf(one: Span | undefined, other: Span): Span | undefined {
  return one && loadOf([one, other]);
}

/** Longest period of people's traffic, ms: Jake's burst and pause. */
const cycleMs = 5000;

/** Return the end of a span that has whole bursts and pauses only; all of a shorter one. */
export function wholeCyclesOf({ from, until }: Span): Span {
  const cycles = Math.floor((until - from) / cycleMs);
  return { from: cycles < 1 ? from : until - cycles * cycleMs, until };
}
