import { describe, expect, it } from "vitest";
import { runReportOf } from "../../../src/core/run/report-builder.js";
import type { Result, RunTrace, ShownPerson } from "../../../src/core/run/run.js";
import { ownFindingOf, runIdOf, shownRunOf, storedRunOf } from "../../../src/core/run/stored-run.js";
import type { MeasuredStretch } from "../../../src/core/run/stretches.js";
import { movedBytes } from "../../../src/core/run/timeline.js";
import { hurting, stretchReport, worst } from "../../../src/core/scoring/directions.js";
import type { PersonFacts, RunFacts } from "../../../src/core/scoring/measurements.js";
import { report } from "../../../src/core/scoring/report.js";
import { shipped } from "../../../src/core/scoring/requirements.js";

const endedAt = 1_795_573_863_742;

function person(who: string, activity: string): PersonFacts {
  const rates = { wantedBps: 6_000_000, gotBps: 5_900_000.4 };
  const arrivals = Array.from({ length: 300 }, (_, i): [number, number] => [(i + 1) / 10, 75_000]);
  return { who, activity, roundTripsMs: Array(300).fill(12.3456), pingsSent: 300, download: rates, upload: rates, lossShare: null, arrivals };
}

function resultOf(stoppedEarly: boolean): Result {
  const facts: RunFacts = {
    probe: { idleMs: Array(100).fill(10), loadedMs: Array(600).fill(52), loadedSent: 600, repairedMs: [], heldMs: [] },
    people: [person("alex", "gaming"), person("sarah", "video_call"), person("jake", "streaming"), person("computer", "bulk_transfer")],
    loadS: 30,
    circumstances: { tabHidden: false, clockJumpMs: 0, serverOverloaded: false, serverLimited: false, clientOverloaded: false, stoppedEarly, connectionLost: false },
  };
  const warmUp = { singleBps: 4_000_000, lineBps: 20_000_000, connections: 8, computerMbps: 6 };
  const others = { uploadWarmUp: null, deviceMbps: null, serverTcp: [], stretches: [] };
  return { at: "2026-11-25T02:00:00.000Z", host: "isp.example", warmUp, ...others, facts, report: report(facts, shipped) };
}

const trace: RunTrace = {
  beganAt: 1000,
  now: 43_000,
  journals: new Map([
    ["probe", { pingsSentAt: [], roundTrips: Array.from({ length: 840 }, (_, i) => ({ sentAt: 1000 + 50 * i, ms: 123.456 })), received: [], sent: [] }],
    ["computer", { pingsSentAt: [], roundTrips: [], received: Array.from({ length: 2000 }, (_, i) => ({ at: 1000 + 21 * i, bytes: 2_345_678 })), sent: [] }],
  ]),
  warmUp: { from: 6000, until: 9000 },
  stretches: [{ stretch: "download", span: { from: 10_000, until: 40_000 } }],
};

/** A run of three stretches, of which the upload is worst. */
function inThree(): Result {
  const result = resultOf(false);
  const stretches = ([["download", 12], ["upload", 490], ["both", 300]] as const).map(([stretch, ms], index) => {
    const probe = { ...result.facts.probe, loadedMs: Array<number>(600).fill(ms) };
    const facts = { ...result.facts, probe };
    return { ...stretchReport(stretch, report(facts, shipped)), fromS: 9 + 13 * index, untilS: 22 + 13 * index, facts };
  });
  const { facts, report: judged } = worst(stretches);
  return { ...result, facts, report: judged, stretches };
}

const session = { tcp_min_round_trip_ms: null, tcp_retransmits: 3, tcp_delivery_rate_bps: 5e6, congestion_control: "cubic" };

const sessions = [
  { ...session, profile: "computer", duration_s: 3, tcp_round_trip_ms: 9 },
  { ...session, profile: "computer", duration_s: 30, tcp_round_trip_ms: 80 },
  { ...session, profile: "alex", duration_s: 30, tcp_round_trip_ms: null },
  { ...session, profile: "probe", duration_s: 40, tcp_round_trip_ms: 5 },
  { ...session, profile: "probe", duration_s: 39, tcp_round_trip_ms: 0.3 },
];

/** What the server found of a stretch. */
function answeredOf({ stretch, valid, increaseMs, report: { grade } }: MeasuredStretch): object {
  return { stretch, valid, grade, witness: "application", rate_cause: "line", increase_p95_ms: increaseMs, kernel_increase_p95_ms: null };
}

/** The run as the server returns it, with its own grade. */
function back(result: Result, found: object = {}): ReturnType<typeof storedRunOf> {
  const sent = runReportOf(result, endedAt, trace, "0.1.0");
  const stretches = result.stretches.map(answeredOf);
  const answer = { id: "ab", grade: result.report.grade, report: sent, stretches, sessions, ...found };
  return storedRunOf(JSON.stringify(answer), "isp.example");
}

describe("a stored run", () => {
  it("shows what the run itself did", () => {
    const result = resultOf(false);
    const run = back(result);
    expect(run.endedAt).toBe(endedAt);
    expect(run.report).toMatchObject({ valid: true, grade: "B", baselineMs: 10, latency: { p95Ms: 52, increaseP95Ms: 42 } });
    expect(run.warmUp).toEqual(result.warmUp);
    // Neither the session of the warm-up, nor those without kernel statistics.
    const tcp = { rttMs: 80, minRttMs: null, retransmits: 3, deliveryBps: 5e6, congestionControl: "cubic" };
    expect(run.serverTcp).toEqual([{ who: "probe", tcp: { ...tcp, rttMs: 0.3 } }, { who: "computer", tcp }]);
    for (const [i, { who, outcome, band, verdict }] of result.report.people.entries()) {
      expect(run.report.people[i]).toMatchObject({ who, outcome: { score: outcome.score }, band, verdict });
    }
    expect(run.phases.map(({ name, from_s, until_s }) => [name, from_s, until_s])).toEqual([
      ["idle", 0, 5],
      ["warm_up", 5, 9],
      ["load", 9, 39],
      ["recovery", 39, 42],
    ]);
    expect(run.timeline.seconds).toHaveLength(168);
    expect(run.timeline.delayMs.probe[0]).toBe(123.46);
  });

  it("tells the server what one connection got, and how many the Computer used", () => {
    expect(runReportOf(resultOf(false), endedAt, trace, "0.1.0")).toMatchObject({ warm_up_mbps: 20, single_connection_mbps: 4, connections: 8 });
    const without = { ...resultOf(false), warmUp: null };
    const report = runReportOf(without, endedAt, trace, "0.1.0");
    expect(report.warm_up_mbps).toBeNull();
    expect(report).not.toHaveProperty("single_connection_mbps");
    expect(report).not.toHaveProperty("connections");
    expect(back(without).warmUp).toBeNull();
  });

  it("of an older page has the line's rate of one connection", () => {
    const report = { ...runReportOf(resultOf(false), endedAt, trace, "0.1.0"), single_connection_mbps: undefined, connections: undefined };
    const run = storedRunOf(JSON.stringify({ grade: "B", report, sessions: [] }), "isp.example");
    expect(run.warmUp).toMatchObject({ singleBps: 20_000_000, lineBps: 20_000_000, connections: 1 });
  });

  it("has the finding of the server, whose kernel saw more than its client knew", () => {
    const kernel = { kernel_baseline_ms: 9, kernel_increase_p95_ms: 3 };
    const slow = back(resultOf(false), { grade: "A+", cause: "device", rate_cause: "line", witness: "kernel", ...kernel });
    expect(slow.report).toMatchObject({ valid: true, grade: "A+", attribution: { cause: "device", kernelIncreaseP95Ms: 3 } });
    const none = { kernel_baseline_ms: null, kernel_increase_p95_ms: null };
    const unseen = back(resultOf(false), { cause: "unknown", rate_cause: "unknown", witness: null, ...none });
    expect(unseen.report).toMatchObject({ valid: false, invalid: ["no_witness"] });
    const slowest = back(resultOf(false), { cause: "device", rate_cause: "unknown", witness: null, ...none });
    expect(slowest.report).toMatchObject({ valid: false, invalid: ["client_overloaded"] });
    expect(back(resultOf(false)).report).toMatchObject({ valid: true, attribution: null });
  });

  it("has a run's stretches, each with what it added", () => {
    const run = back(inThree());
    expect(run.report).toMatchObject({ valid: true, grade: "F", latency: { increaseP95Ms: 480 } });
    const rates = { downBps: 23_600_000, upBps: 23_600_000, rate: "line" };
    expect(run.stretches).toEqual([
      { stretch: "download", fromS: 9, untilS: 22, valid: true, increaseMs: 2, grade: "A+", ...rates },
      { stretch: "upload", fromS: 22, untilS: 35, valid: true, increaseMs: 480, grade: "F", ...rates },
      { stretch: "both", fromS: 35, untilS: 48, valid: true, increaseMs: 290, grade: "D", ...rates },
    ]);
    expect(hurting(run.stretches)).toBe("upload");
    expect(back(resultOf(false)).stretches).toEqual([]);
  });

  it("shows the stretch that is the worst for the server", () => {
    const stretches = inThree().stretches.map((each) => {
      const slow = { ...answeredOf(each), witness: "kernel", kernel_increase_p95_ms: 20, grade: "A" };
      return each.stretch === "upload" ? slow : answeredOf(each);
    });
    const run = back(inThree(), { grade: "D", stretches });
    expect(run.stretches.map(({ increaseMs, grade }) => [increaseMs, grade])).toEqual([[2, "A+"], [20, "A"], [290, "D"]]);
    expect(run.report).toMatchObject({ grade: "D", latency: { increaseP95Ms: 290 } });
  });

  it("has its own finding where the server has none", () => {
    const result = inThree();
    const run = shownRunOf(runReportOf(result, endedAt, trace, "0.1.0"), ownFindingOf(result), [], "isp.example");
    const stretches = back(result).stretches.map((each) => ({ ...each, rate: "unknown" }));
    expect(run).toMatchObject({ report: { grade: "F" }, stretches });
  });

  it("says why it does not count", () => {
    expect(back(resultOf(true)).report).toMatchObject({ valid: false, invalid: ["stopped_early"] });
  });

  it("does not claim that a picture that never came did not stop", () => {
    const result = resultOf(false);
    const people = result.facts.people.map((each) => ({ ...each, arrivals: [] }));
    const run = back({ ...result, report: report({ ...result.facts, people }, shipped) });
    expect(run.report.people.map(({ playout }) => playout?.startUpS)).toEqual([undefined, undefined, null, undefined]);
  });

  it("knows who got too little of the rate they want, as the run itself did", () => {
    const result = resultOf(false);
    const slow = { wantedBps: 5_000_000, gotBps: 1_400_000 };
    const people = result.facts.people.map((each) => ({ ...each, download: slow, arrivals: [] }));
    const judged = report({ ...result.facts, people }, shipped);
    const run = back({ ...result, report: judged });
    const limits = (all: readonly ShownPerson[]): unknown => all.map(({ outcome: { limitedBy } }) => limitedBy);
    expect(limits(judged.people)).toEqual(["throughput", "throughput", "throughput", null]);
    expect(limits(run.report.people)).toEqual(limits(judged.people));
    expect(limits(back(result).report.people)).toEqual([null, null, null, null]);
  });

  it("does not give a latency's score to the rate", () => {
    const result = resultOf(false);
    const people = result.facts.people.map((each) => ({ ...each, roundTripsMs: Array<number>(300).fill(80) }));
    const run = back({ ...result, report: report({ ...result.facts, people }, shipped) });
    expect(run.report.people[0]?.outcome).toMatchObject({ score: 40, limitedBy: null });
  });

  it("tells how much it moved", () => {
    // Portions of the last row may be missing.
    expect(movedBytes(back(resultOf(false)).timeline) / (2000 * 2_345_678)).toBeCloseTo(1, 2);
    expect(movedBytes({ seconds: [], delayMs: { probe: [], alex: [], sarah: [], jake: [] }, downBps: [], upBps: [] })).toBe(0);
  });

  it("fits into the server's limits, however long it was", () => {
    const long = { ...trace, now: 301_000, stretches: [{ stretch: "download", span: { from: 10_000, until: 298_000 } }] as const };
    for (const result of [resultOf(false), inThree()]) {
      const sent = runReportOf(result, endedAt, long, "0.1.0");
      expect(sent.timeline.length).toBeLessThanOrEqual(240);
      expect(new TextEncoder().encode(JSON.stringify(sent)).length).toBeLessThan(16_384);
    }
  });

  it("leaves out people that this page does not know", () => {
    const sent = runReportOf(resultOf(false), endedAt, trace, "0.1.0");
    const guest = sent.people.map((each) => ({ ...each, who: "__proto__" }));
    const answer = JSON.stringify({ grade: "A", report: { ...sent, people: guest }, sessions: [] });
    expect(storedRunOf(answer, "isp.example").report.people).toEqual([]);
  });

  it("is named by the page's query", () => {
    expect(runIdOf("?lang=de&run=0af3")).toBe("0af3");
    expect(runIdOf("?run=../health")).toBe("health");
    expect(runIdOf("?seconds=5")).toBeUndefined();
  });
});
