import { describe, expect, it } from "vitest";
import { people, type Party, type Person } from "../src/core/people.js";
import { csvOf, fileNameOf, jsonOf } from "../src/core/run/export.js";
import { combinedSnapshot, lineJournal } from "../src/core/run/probes.js";
import { factsOf, isOverloaded } from "../src/core/run/run-facts.js";
import type { Result } from "../src/core/run/run.js";
import { busyOf, loadOf } from "../src/core/run/spans.js";
import { timelineOf } from "../src/core/run/timeline.js";
import { report } from "../src/core/scoring/report.js";
import { shipped } from "../src/core/scoring/requirements.js";
import { JournalWriter, Recording, type Journal } from "../src/core/session/journal.js";
import { ServerRate } from "../src/core/session/server-rate.js";
import { idle, type ConnectionRecord, type Snapshot } from "../src/core/session/snapshot.js";

const fine = {
  tabHidden: false,
  clockJumpMs: 0,
  clientOverloaded: false,
  serverOverloaded: false,
  serverLimited: false,
  stoppedEarly: false,
  connectionLost: false,
};

/** Pings at a steady pace, all answered after the same time. */
function pings(from: number, until: number, everyMs: number, ms: number): Pick<Journal, "pingsSentAt" | "roundTrips"> {
  const pingsSentAt = Array.from({ length: (until - from) / everyMs }, (_, i) => from + i * everyMs);
  return { pingsSentAt, roundTrips: pingsSentAt.map((sentAt) => ({ sentAt, ms })) };
}

const none = { received: [], sent: [] };

/** Somebody on the line from 5 s to 35 s, with a portion a second. */
function person(ms: number, changes: Partial<Snapshot> = {}): ConnectionRecord {
  const snapshot: Snapshot = {
    ...idle,
    phase: "done",
    openedAt: 5000,
    trafficUntil: 35_000,
    wantedDownloadBps: 1_000_000,
    wantedUploadBps: 400_000,
    serverUploadBps: 390_000,
    ...changes,
  };
  const received = Array.from({ length: 30 }, (_, i) => ({ at: 5500 + i * 1000, bytes: 125_000 }));
  return { snapshot, journal: { ...pings(5000, 35_000, 100, ms), received, sent: [] } };
}

function household(changes: Partial<Record<Person, ConnectionRecord>> = {}): Map<Person, ConnectionRecord> {
  return new Map(people.map((who) => [who, changes[who] ?? person(20)]));
}

const probe: Journal = {
  pingsSentAt: [...pings(0, 5000, 50, 0).pingsSentAt, ...pings(5000, 38_000, 50, 0).pingsSentAt],
  roundTrips: [...pings(0, 5000, 50, 10).roundTrips, ...pings(5000, 38_000, 50, 12).roundTrips],
  ...none,
};

describe("a journal", () => {
  it("hands over in instalments, and a recording puts them together", () => {
    const writer = new JournalWriter();
    const recording = new Recording();
    writer.pinged(100);
    writer.received(10, 100);
    recording.add(writer.take());
    writer.answered({ sentAt: 100, ms: 20 });
    writer.received(5, 125);
    recording.add(writer.take());
    recording.add(writer.take());
    expect(recording).toMatchObject({
      pingsSentAt: [100],
      roundTrips: [{ sentAt: 100, ms: 20 }],
      received: [
        { at: 100, bytes: 10 },
        { at: 125, bytes: 5 },
      ],
    });
  });

  it("merges what comes close together, at the later time", () => {
    const writer = new JournalWriter();
    writer.received(10, 0);
    writer.received(10, 19);
    writer.received(10, 20);
    expect(writer.take().received).toEqual([
      { at: 19, bytes: 20 },
      { at: 20, bytes: 10 },
    ]);
  });
});

describe("factsOf", () => {
  it("tells the idle line from the loaded one by when pings were sent", () => {
    const facts = factsOf([probe], household(), 5000, fine, 38_000);
    // The last ping at rest, sent at 4950, was answered at 4960.
    expect(facts.probe.idleMs).toEqual(new Array(100).fill(10));
    expect(facts.probe.loadedMs).toEqual(new Array(601).fill(12));
    expect(facts.probe.loadedSent).toBe(601);
    expect(facts.loadS).toBe(30);
  });

  it("takes no answer for idle that met the household's traffic", () => {
    const late: Journal = { ...none, pingsSentAt: [4990], roundTrips: [{ sentAt: 4990, ms: 300 }] };
    expect(factsOf([late], household(), 5000, fine, 38_000).probe.idleMs).toEqual([]);
  });

  it("takes no repair for the line's delay", () => {
    const one = { ...none, ...pings(0, 38_000, 100, 10) };
    const other = { ...none, ...pings(50, 38_050, 100, 10) };
    // Sent at 6050, lost, and answered at 6300 together with the next two.
    const roundTrips = other.roundTrips.map(({ sentAt, ms }) => ({ sentAt, ms: within(sentAt) ? 6300 - sentAt : ms }));
    function within(sentAt: number): boolean {
      return sentAt >= 6050 && sentAt <= 6250;
    }
    const { probe: facts } = factsOf([one, { ...other, roundTrips }], household(), 5000, fine, 38_000);
    expect(facts.repairedMs).toEqual([250]);
    expect(facts.heldMs).toEqual([150, 50]);
    expect(facts.loadedMs).toEqual(new Array(598).fill(10));
    expect(facts.loadedSent).toBe(601);
    expect(facts.idleMs).toEqual(new Array(100).fill(10));
  });

  it("counts late answers and pings that never got one", () => {
    const slow = person(20);
    const { pingsSentAt, roundTrips } = slow.journal;
    const journal = { ...slow.journal, roundTrips: roundTrips.slice(0, -2).concat({ sentAt: 34_800, ms: 2500 }) };
    const [alex] = factsOf([probe], household({ alex: { ...slow, journal } }), 5000, fine, 38_000).people;
    expect(alex?.pingsSent).toBe(pingsSentAt.length);
    expect(alex?.roundTripsMs.at(-1)).toBe(2500);
    expect(alex?.roundTripsMs).toHaveLength(299);
  });

  it("counts downloads here and uploads as the server did", () => {
    const [alex] = factsOf([probe], household(), 5000, fine, 38_000).people;
    expect(alex?.download).toEqual({ wantedBps: 1_000_000, gotBps: 1_000_000 });
    expect(alex?.upload).toEqual({ wantedBps: 400_000, gotBps: 390_000 });
    expect(alex?.arrivals[0]).toEqual([0.5, 125_000]);
  });

  it("counts uploads itself where the server says nothing", () => {
    const quiet = person(20, { serverUploadBps: undefined });
    const journal = { ...quiet.journal, sent: [{ at: 6000, bytes: 375_000 }] };
    const [alex] = factsOf([probe], household({ alex: { ...quiet, journal } }), 5000, fine, 38_000).people;
    expect(alex?.upload.gotBps).toBe(100_000);
  });

  it("has nobody's figures who never came, and a report all the same", () => {
    const nobody = new Map(people.map((who): [Person, ConnectionRecord] => [who, { snapshot: idle, journal: probe }]));
    const facts = factsOf([probe], nobody, 5000, { ...fine, connectionLost: true }, 9000);
    expect(facts.people[0]).toMatchObject({ roundTripsMs: [], pingsSent: 0, arrivals: [] });
    expect(report(facts, shipped)).toMatchObject({ valid: false, invalid: ["connection_lost", "too_few_samples"] });
  });

  it("makes a report with a grade", () => {
    expect(report(factsOf([probe], household(), 5000, fine, 38_000), shipped)).toMatchObject({ valid: true, grade: "A+" });
  });
});

describe("loadOf", () => {
  it("is the time when everybody is there", () => {
    expect(loadOf([{ from: 1, until: 9 }, undefined, { from: 3, until: 12 }])).toEqual({ from: 3, until: 9 });
    expect(loadOf([undefined])).toBeUndefined();
    expect(loadOf([{ from: 1, until: 2 }, { from: 3, until: 4 }])).toBeUndefined();
  });
});

describe("busyOf", () => {
  it("lasts until the last one has left, also where one was ended early", () => {
    expect(busyOf([{ from: 1, until: 4 }, undefined, { from: 3, until: 12 }])).toEqual({ from: 3, until: 12 });
    expect(busyOf([undefined])).toBeUndefined();
  });
});

describe("the probes together", () => {
  const running = (latestMs: number, waitingMs: number, changes: Partial<Snapshot> = {}): Snapshot => ({
    ...idle,
    phase: "running",
    latency: { count: 10, p50Ms: latestMs, p95Ms: latestMs },
    latestMs,
    waitingMs,
    ...changes,
  });

  it("show the line, and not the one that waits for a repair", () => {
    expect(combinedSnapshot([running(10, 5), running(900, 400), running(12, 30)])).toMatchObject({
      phase: "running",
      ending: undefined,
      latency: { count: 30, p50Ms: 12, p95Ms: 12 },
      latestMs: 12,
      waitingMs: 5,
    });
  });

  it("have the ending of the one that did not end well", () => {
    const stopped = running(10, 0, { phase: "done", ending: { kind: "stopped" } });
    const lost = running(10, 0, { phase: "failed", ending: { kind: "lost" } });
    expect(combinedSnapshot([stopped, lost]).ending).toEqual({ kind: "lost" });
    expect(combinedSnapshot([stopped, stopped]).ending).toEqual({ kind: "stopped" });
    expect(combinedSnapshot([running(10, 0), stopped]).phase).toBe("running");
  });

  it("have the line's round trips only", () => {
    const one = { ...none, ...pings(0, 200, 100, 10) };
    const other = { ...none, pingsSentAt: [50], roundTrips: [{ sentAt: 50, ms: 250 }] };
    expect(lineJournal([one, other])).toEqual({ ...none, pingsSentAt: [0, 50, 100], roundTrips: one.roundTrips });
  });
});

describe("ServerRate", () => {
  it("is taken between the first total and the last", () => {
    const rate = new ServerRate();
    expect(rate.bps).toBeUndefined();
    rate.add(0, 0.25);
    expect(rate.bps).toBeUndefined();
    rate.add(undefined, 4);
    rate.add(125_000, 10.25);
    expect(rate.bps).toBe(100_000);
  });
});

describe("timelineOf", () => {
  it("has a row per quarter of a second, and gaps where nothing was measured", () => {
    const journals = new Map<Party, Journal>([
      ["probe", { ...none, pingsSentAt: [], roundTrips: [10, 30, 20].map((ms, i) => ({ sentAt: 1000 + i * 50, ms })) }],
      ["jake", { pingsSentAt: [], roundTrips: [], received: [{ at: 1300, bytes: 31_250 }], sent: [] }],
      ["computer", { pingsSentAt: [], roundTrips: [], received: [{ at: 1400, bytes: 31_250 }], sent: [] }],
    ]);
    expect(timelineOf(journals, 1000, 1700)).toEqual({
      seconds: [0, 0.25],
      delayMs: { probe: [20, null], alex: [null, null], sarah: [null, null], jake: [null, null] },
      downBps: [0, 2_000_000],
      upBps: [0, 0],
    });
  });
});

describe("isOverloaded", () => {
  it("is true from the 95th percentile on", () => {
    const one = { ...idle, pings: 100, latePings: 5 };
    expect(isOverloaded([one, one])).toBe(false);
    expect(isOverloaded([one, { ...one, latePings: 6 }])).toBe(true);
    expect(isOverloaded([idle])).toBe(false);
  });
});

describe("a shared run", () => {
  const facts = factsOf([probe], household(), 5000, fine, 38_000);
  const result: Result = {
    at: "2026-11-23T19:00:05.000Z",
    host: 'ho"st,1',
    warmUp: { lineBps: 20e6, computerMbps: 30 },
    facts,
    serverTcp: [
      {
        who: "alex",
        tcp: { rttMs: 21.5, minRttMs: null, retransmits: 3, deliveryBps: 4_000_000, congestionControl: "cubic" },
      },
    ],
    report: report(facts, shipped),
  };

  it("is whole as JSON", () => {
    expect(JSON.parse(jsonOf(result))).toEqual(JSON.parse(JSON.stringify(result)));
  });

  it("is a table as CSV", () => {
    const rows = csvOf(result).split("\r\n");
    expect(rows.slice(0, 2)).toEqual(["who,figure,unit,value", "household,ended_at,,2026-11-23T19:00:05.000Z"]);
    expect(rows).toContain('household,host,,"ho""st,1"');
    expect(rows).toContain("household,grade,,A+");
    expect(rows).toContain("probe,increase_p95,ms,2");
    expect(rows).toContain("probe,loss,,0");
    expect(rows).toContain("alex,tcp_round_trip,ms,21.5");
    expect(rows).toContain("alex,tcp_least_round_trip,ms,");
    expect(rows).toContain("alex,congestion_control,,cubic");
    expect(rows).toContain("household,warm_up_rate,bit/s,20000000");
    expect(rows.filter((row) => row.startsWith("alex,round_trip,ms,"))).toHaveLength(300);
  });

  it("is named by its time", () => {
    expect(fileNameOf(result.at, "csv")).toBe("household-2026-11-23-19-00-05.csv");
  });
});
