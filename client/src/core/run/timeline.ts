import { people, type Party } from "../people.js";
import { percentile } from "../scoring/statistics.js";
import type { Journal, Portion } from "../session/journal.js";

export const bucketMs = 250;

/** Parties whose delay is the line's. The Computer's includes the queue of its own bytes. */
export const chartParties = ["probe", "alex", "sarah", "jake"] as const satisfies readonly Party[];
export type ChartParty = (typeof chartParties)[number];

/** Columns of a run with a row per 250 ms; null without a measurement. */
export interface Timeline {
  /** Start of the row. */
  seconds: readonly number[];
  /** Median round trip of the pings sent in the row. */
  delayMs: Readonly<Record<ChartParty, readonly (number | null)[]>>;
  /** Payload of all people together. */
  downBps: readonly number[];
  upBps: readonly number[];
}

export function timelineOf(journals: ReadonlyMap<Party, Journal>, beganAt: number, now: number): Timeline {
  const rows = Math.max(0, Math.floor((now - beganAt) / bucketMs));
  const portions = (pick: (journal: Journal) => readonly Portion[]): number[] =>
    rates(people.flatMap((person) => pick(journals.get(person) ?? nothing)), beganAt, rows);
  const delay = (party: Party): (number | null)[] => medians(journals.get(party) ?? nothing, beganAt, rows);
  return {
    seconds: Array.from({ length: rows }, (_, row) => (row * bucketMs) / 1000),
    delayMs: { probe: delay("probe"), alex: delay("alex"), sarah: delay("sarah"), jake: delay("jake") },
    downBps: portions((journal) => journal.received),
    upBps: portions((journal) => journal.sent),
  };
}

export function movedBytes({ seconds, downBps, upBps }: Timeline): number {
  const [first = 0, second = first] = seconds;
  const bps = [...downBps, ...upBps].reduce((sum, each) => sum + each, 0);
  return (bps * (second - first)) / 8;
}

/** Return the timeline with at most `most` rows, of median delays and mean rates. */
export function thinned(timeline: Timeline, most: number): Timeline {
  const size = Math.ceil(timeline.seconds.length / most);
  if (size <= 1) return timeline;
  const { seconds, delayMs, downBps, upBps } = timeline;
  const delay = (party: ChartParty): (number | null)[] =>
    chunked(delayMs[party], size).map((values) => percentile(values.filter((value) => value !== null), 50));
  return {
    seconds: seconds.filter((_, row) => row % size === 0),
    delayMs: { probe: delay("probe"), alex: delay("alex"), sarah: delay("sarah"), jake: delay("jake") },
    downBps: chunked(downBps, size).map(meanOf),
    upBps: chunked(upBps, size).map(meanOf),
  };
}

function chunked<T>(values: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const nothing: Journal = { pingsSentAt: [], roundTrips: [], received: [], sent: [] };

function medians({ roundTrips }: Journal, beganAt: number, rows: number): (number | null)[] {
  const buckets = Array.from({ length: rows }, (): number[] => []);
  for (const { sentAt, ms } of roundTrips) buckets[rowOf(sentAt, beganAt)]?.push(ms);
  return buckets.map((values) => percentile(values, 50));
}

function rates(portions: readonly Portion[], beganAt: number, rows: number): number[] {
  const bps = new Array<number>(rows).fill(0);
  for (const { at, bytes } of portions) {
    const row = rowOf(at, beganAt);
    const sum = bps[row];
    if (sum !== undefined) bps[row] = sum + (bytes * 8000) / bucketMs;
  }
  return bps;
}

function rowOf(at: number, beganAt: number): number {
  return Math.floor((at - beganAt) / bucketMs);
}
