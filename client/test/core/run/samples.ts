import { people, type Person } from "../../../src/core/people.js";
import type { Journal } from "../../../src/core/session/journal.js";
import { idle, type ConnectionRecord, type Snapshot } from "../../../src/core/session/snapshot.js";

export const fine = {
  tabHidden: false,
  clockJumpMs: 0,
  clientOverloaded: false,
  serverOverloaded: false,
  serverLimited: false,
  stoppedEarly: false,
  connectionLost: false,
};

/** Pings at a steady pace, all answered after the same time. */
export function pings(from: number, until: number, everyMs: number, ms: number): Pick<Journal, "pingsSentAt" | "roundTrips"> {
  const pingsSentAt = Array.from({ length: (until - from) / everyMs }, (_, i) => from + i * everyMs);
  return { pingsSentAt, roundTrips: pingsSentAt.map((sentAt) => ({ sentAt, ms })) };
}

export const none = { received: [], sent: [] };

/** A person on the line from 5 s to 35 s, with a portion a second. */
export function person(ms: number, changes: Partial<Snapshot> = {}): ConnectionRecord {
  const snapshot: Snapshot = {
    ...idle,
    phase: "done",
    openedAt: 5000,
    trafficUntil: 35_000,
    wantedDownloadBps: 1_000_000,
    wantedUploadBps: 400_000,
    ...changes,
  };
  const received = Array.from({ length: 30 }, (_, i) => ({ at: 5500 + i * 1000, bytes: 125_000 }));
  const counts = Array.from({ length: 119 }, (_, i) => ({ at: 5250 + i * 250, bytes: 12_187.5 * i }));
  const kernel = counts.map(({ at }) => ({ at, ms: ms - 1 }));
  return { snapshot, journal: { ...pings(5000, 35_000, 100, ms), received, sent: [], counts, kernel } };
}

export function household(changes: Partial<Record<Person, ConnectionRecord>> = {}): Map<Person, ConnectionRecord[]> {
  return new Map(people.map((who) => [who, [changes[who] ?? person(20)]]));
}

export const probe: Journal = {
  pingsSentAt: [...pings(0, 5000, 50, 0).pingsSentAt, ...pings(5000, 38_000, 50, 0).pingsSentAt],
  roundTrips: [...pings(0, 5000, 50, 10).roundTrips, ...pings(5000, 38_000, 50, 12).roundTrips],
  ...none,
};

/** A journal of `mbps` that arrive from `from` to `until`, in portions of 20 ms. */
export function arriving(...stretches: { mbps: number; from: number; until: number }[]): Journal {
  const received = stretches.flatMap(({ mbps, from, until }) =>
    Array.from({ length: (until - from) / 20 }, (_, i) => ({ at: from + 20 * (i + 1), bytes: mbps * 2500 })),
  );
  return { pingsSentAt: [], roundTrips: [], received, sent: [] };
}

/** A journal of an upload of `mbps`, which the server counts four times a second. */
export function counted(mbps: number, from: number, until: number): Journal {
  const counts = Array.from({ length: Math.floor((until - from) / 250) }, (_, i) => ({ at: from + 250 * i, bytes: 31_250 * mbps * i }));
  return { ...arriving(), counts };
}

/** A connection that runs from `openedAt` on and was last heard of at `now`; a dropped or refused one never opens. */
export function running(openedAt: number | undefined, now: number, journal: Journal, changes: Partial<Snapshot> = {}): ConnectionRecord {
  const elapsedMs = openedAt === undefined ? 0 : now - openedAt;
  return { snapshot: { ...idle, phase: openedAt === undefined ? "connecting" : "running", openedAt, elapsedMs, ...changes }, journal };
}
