import { describe, expect, it } from "vitest";
import { people, type Person } from "../../../src/core/people.js";
import { factsOf, isOverloaded } from "../../../src/core/run/run-facts.js";
import { report } from "../../../src/core/scoring/report.js";
import { shipped } from "../../../src/core/scoring/requirements.js";
import type { Journal } from "../../../src/core/session/journal.js";
import { idle, type ConnectionRecord } from "../../../src/core/session/snapshot.js";
import { fine, household, none, person, pings, probe } from "./samples.js";

const empty: Journal = { pingsSentAt: [], roundTrips: [], ...none };

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

  it("tells that the device held the Computer back", () => {
    const limited = household({ computer: person(20, { clientLimited: true }) });
    expect(factsOf([probe], limited, 5000, fine, 38_000).people.map(({ clientLimited }) => clientLimited)).toEqual([false, false, false, true]);
  });

  it("counts uploads itself where the server says nothing", () => {
    const quiet = person(20);
    const journal = { ...quiet.journal, counts: [], sent: [{ at: 6000, bytes: 375_000 }] };
    const [alex] = factsOf([probe], household({ alex: { ...quiet, journal } }), 5000, fine, 38_000).people;
    expect(alex?.upload.gotBps).toBe(100_000);
  });

  it("has no figures of people who never connected, and a report all the same", () => {
    const absent = new Map(people.map((who): [Person, ConnectionRecord[]] => [who, [{ snapshot: idle, journal: probe }]]));
    const facts = factsOf([probe], absent, 5000, { ...fine, connectionLost: true }, 9000);
    expect(facts.people[0]).toMatchObject({ roundTripsMs: [], pingsSent: 0, arrivals: [] });
    expect(report(facts, shipped)).toMatchObject({ valid: false, invalid: ["connection_lost", "too_few_samples"] });
  });

  it("has a stretch's own figures", () => {
    const { probe: cut, people: all, loadS } = factsOf([probe], household(), 5000, fine, 38_000, { from: 19_000, until: 31_000 });
    expect(loadS).toBe(12);
    expect(cut.idleMs).toHaveLength(100);
    expect(cut.loadedSent).toBe(241);
    expect(all[0]).toMatchObject({ pingsSent: 121, download: { gotBps: 1_000_000 }, upload: { gotBps: 390_000 } });
    expect(all[0]?.roundTripsMs).toHaveLength(121);
    expect(all[0]?.kernelMs).toHaveLength(49);
    expect(all[0]?.arrivals[0]).toEqual([0.5, 125_000]);
  });

  it("adds up the connections of the Computer that were open in the stretch", () => {
    const up = person(20, { openedAt: 18_000, trafficUntil: 31_000, wantedDownloadBps: 0, wantedUploadBps: 9_000_000 });
    const down = person(20, { openedAt: 5000, trafficUntil: 18_000, wantedUploadBps: 0 });
    const computer = [down, up];
    const facts = (from: number, until: number): unknown => {
      const people = new Map([...household(), ["computer", computer] as const]);
      return factsOf([probe], people, 5000, fine, 38_000, { from, until }).people[3];
    };
    expect(facts(5000, 18_000)).toMatchObject({ download: { wantedBps: 1e6, gotBps: 1e6 }, upload: { wantedBps: 0 } });
    expect(facts(19_000, 31_000)).toMatchObject({ download: { wantedBps: 0 }, upload: { wantedBps: 9e6, gotBps: 390_000 } });
  });

  it("adds up eight connections of the Computer, and leaves out one that the server refused", () => {
    const tcp = { rttMs: 20, minRttMs: 10, deliveryBps: 1e6, congestionControl: "cubic" };
    const parts = Array.from({ length: 8 }, (_, i) =>
      person(20 + i, { openedAt: 5000 + 50 * i, clientLimited: i === 6, serverTcp: { ...tcp, retransmits: 3, receiverLimited: i === 5 ? 0.4 : 0 } }),
    );
    const refused: ConnectionRecord = { snapshot: { ...idle, phase: "failed", trafficUntil: 6000 }, journal: empty };
    const people = new Map([...household(), ["computer", [...parts, refused]] as const]);
    const { people: all, loadS } = factsOf([probe], people, 5000, fine, 38_000);
    expect(all[3]).toMatchObject({ download: { wantedBps: 8e6, gotBps: 8e6 }, receiverLimited: 0.4, retransmits: 24, clientLimited: true });
    // Together from the last opening on.
    expect(all[3]?.pingsSent).toBe(8 * 296);
    expect(loadS).toBe(30);
  });

  it("takes the kernel's samples from the connection that waits least", () => {
    const parts = [person(60), person(20), person(90)];
    const kernelOf = (records: ConnectionRecord[]): readonly number[] | undefined =>
      factsOf([probe], new Map([...household(), ["computer", records] as const]), 5000, fine, 38_000).people[3]?.kernelMs;
    expect(kernelOf(parts)).toEqual(new Array(119).fill(19));
    // One with few samples proves nothing.
    const few = { ...person(20), journal: { ...person(20).journal, kernel: [{ at: 6000, ms: 1 }] } };
    expect(kernelOf([few, person(60)])).toEqual(new Array(119).fill(59));
    expect(kernelOf([{ ...few, journal: empty }, few])).toEqual([1]);
  });

  it("does not know the receive window of connections without figures", () => {
    const tcp = { rttMs: 20, minRttMs: 10, retransmits: 0, deliveryBps: 1e6, congestionControl: "cubic" };
    const parts = [person(20), person(20, { serverTcp: tcp })];
    const people = new Map([...household(), ["computer", parts] as const]);
    expect(factsOf([probe], people, 5000, fine, 38_000).people[3]).toMatchObject({ receiverLimited: null, retransmits: 0 });
  });

  it("takes rates from whole bursts and pauses", () => {
    const jake = person(20, { wantedDownloadBps: 5e6 });
    // 25 Mbit/s for a second of five.
    const received = Array.from({ length: 6 }, (_, i) => ({ at: 6000 + i * 5000, bytes: 3_125_000 }));
    const people = household({ jake: { ...jake, journal: { ...jake.journal, received } } });
    const got = [5000, 9000, 17_900].map(
      (from) => factsOf([probe], people, 5000, fine, 38_000, { from, until: from + 13_000 }).people[2]?.download.gotBps,
    );
    expect(got).toEqual([5e6, 5e6, 5e6]);
  });

  it("makes a report with a grade", () => {
    expect(report(factsOf([probe], household(), 5000, fine, 38_000), shipped)).toMatchObject({ valid: true, grade: "A+" });
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
