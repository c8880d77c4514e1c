import type { Snapshot } from "../session/snapshot.js";

/** A time from `from` up to `until`; milliseconds. */
export interface Span {
  from: number;
  until: number;
}

/** When a connection carried its traffic; undefined where it never opened. One that still does lasts until `now`. */
export function trafficOf({ openedAt, trafficUntil }: Snapshot, now: number): Span | undefined {
  return openedAt === undefined ? undefined : { from: openedAt, until: trafficUntil ?? now };
}

/** When everybody who came was on the line at once; undefined where nobody came, or they never met. */
export function loadOf(spans: readonly (Span | undefined)[]): Span | undefined {
  const open = spans.filter((span) => span !== undefined);
  const from = Math.max(...open.map((span) => span.from));
  const until = Math.min(...open.map((span) => span.until));
  return open.length > 0 && from < until ? { from, until } : undefined;
}

/** When somebody was on the line, from the time on when all who came were; undefined where nobody came. */
export function busyOf(spans: readonly (Span | undefined)[]): Span | undefined {
  const open = spans.filter((span) => span !== undefined);
  if (open.length === 0) return undefined;
  return { from: Math.max(...open.map((span) => span.from)), until: Math.max(...open.map((span) => span.until)) };
}

/** Whether a time is in a span, its ends included. */
export function within(at: number, { from, until }: Span): boolean {
  return at >= from && at <= until;
}
