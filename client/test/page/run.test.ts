import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { monotonic } from "../../src/browser/monotonic.js";
import { allStretches, type Plan } from "../../src/core/plan.js";
import { isOver } from "../../src/core/session/phase.js";
import { Run } from "../../src/page/run.js";
import { leavePage, openPage, workers } from "./fake-worker.js";

const plan: Plan = { durationMs: 36_000, stretches: allStretches, computerMbps: undefined, warmUp: true };
const everyMs = 100;

/** Most connections of each kind that were open at once. */
let most: Map<string, number>;

beforeEach(() => {
  openPage();
  vi.stubGlobal("document", { baseURI: "https://isp.example/", hidden: false, addEventListener: () => undefined, removeEventListener: () => undefined });
  vi.stubGlobal("location", { search: "", host: "isp.example" });
  most = new Map();
});

afterEach(() => {
  leavePage();
});

/** Rate of a connection, Mbit/s. */
type Rate = (profile: string, ageMs: number) => number;

/** Let each connection open, carry its rate, and end when it is told to. */
function serve(mbps: Rate): void {
  const all = [...workers()];
  for (const worker of all) if (worker.isOpen) worker.carry(mbps(worker.profile, worker.ageMs), everyMs);
  for (const worker of all) if (worker.isNew) worker.open();
  for (const worker of all) if (worker.isStopped) worker.finish();
  for (const { profile } of all) most.set(profile, Math.max(most.get(profile) ?? 0, openOf(profile)));
}

/** Return how many connections of a kind are open. */
function openOf(profile: string): number {
  return workers().filter((worker) => worker.profile === profile && worker.isOpen).length;
}

interface Played {
  /** Progress. */
  shares: number[];
  lastedMs: number;
  loadAtMs: number;
  run: Run;
}

function play(mbps: Rate): Played {
  const began = monotonic();
  const run = new Run(plan, () => undefined);
  const shares: number[] = [];
  let loadAtMs = NaN;
  run.start();
  for (let i = 0; i < 1200 && !isOver(run.phase); i += 1) {
    serve(mbps);
    vi.advanceTimersByTime(everyMs);
    const { elapsedMs, totalMs, runPhase } = run.state();
    shares.push(elapsedMs / totalMs);
    if (runPhase === "load" && Number.isNaN(loadAtMs)) loadAtMs = monotonic() - began;
  }
  return { shares, lastedMs: monotonic() - began, loadAtMs, run };
}

describe("a run", () => {
  it("uses one connection each way on a line that one fills, and takes less than a minute", () => {
    const { run, lastedMs, shares } = play((profile) => (["computer", "backup"].includes(profile) ? 50 / openOf(profile) : 1));
    expect([most.get("computer"), most.get("backup")]).toEqual([4, 4]);
    expect(run.outcome().report).toMatchObject({ warm_up_mbps: 50 });
    expect(lastedMs).toBeLessThan(60_000);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });

  it("uses eight where each gets as much as one alone, and tells the server", () => {
    const { run, lastedMs } = play(() => 4);
    expect([most.get("computer"), most.get("backup")]).toEqual([8, 8]);
    const { report, result } = run.outcome();
    expect(report).toMatchObject({ warm_up_mbps: 16, single_connection_mbps: 4, connections: 8, invalid: [] });
    expect(result.stretches.map(({ report: { people } }) => people[3]?.download.gotBps ?? 0).map((bps) => Math.round(bps / 1e6))).toEqual([32, 0, 32]);
    expect(lastedMs).toBeLessThan(60_000);
  });

  it("goes on with its progress, and stays within the whole, while a rate rises", () => {
    const { shares, loadAtMs } = play((_, ageMs) => 2 ** (ageMs / 1000));
    expect(loadAtMs).toBeGreaterThan(19_000);
    expect(loadAtMs).toBeLessThan(25_000);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(Math.max(...shares)).toBeLessThanOrEqual(1);
  });
});
