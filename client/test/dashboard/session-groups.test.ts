import { describe, expect, it } from "vitest";
import type { SessionRow } from "../../src/dashboard/live-messages.js";
import { flat, fold } from "../../src/dashboard/session-groups.js";
import { en } from "../../src/dashboard/text/en.js";

function row(id: string, test: string, profile: string, more: Partial<SessionRow> = {}): SessionRow {
  const common = { state: "active", verdict: "live", peer: "192.0.2.7:50000", agent: "", worker: "0", age: 1, evidence: 1 };
  return { ...common, id, user: `${profile}_${test}`, test, profile, down: 1, up: 2, roundTrip: 0.02, sent: 3, received: 4, ...more };
}

describe("households", () => {
  const probes = ["p1", "p2", "p3", "p4"].map((id) => row(id, "run", "probe", { peer: `192.0.2.7:${id}`.replace("p", "") }));
  const people = [row("a", "run", "alex"), row("j", "run", "jake", { state: "quiet", age: 9, roundTrip: null, worker: "1" })];
  const other = row("x", "run", "alex", { peer: "[2001:db8::7]:50000" });
  const loner = row("l", "", "alex");

  it("are one row each, with their sums and their worst", () => {
    const rows = fold([...probes, ...people, other, loner], new Set(), en);
    expect(rows.map(({ key }) => key)).toEqual(["household 192.0.2.7 run", "x", "l"]);
    expect(rows[0]).toMatchObject({
      user: "run", profile: "2 people", state: "quiet", age: 9, down: 6, sent: 18, worker: "0, 1", peer: "192.0.2.7",
      ids: ["p1", "p2", "p3", "p4", "a", "j"], unfolded: false, roundTrip: 0.02,
    });
  });

  it("unfold into people and one row of probes, which unfolds as well", () => {
    const key = "household 192.0.2.7 run";
    const shown = (...keys: string[]) => fold([...probes, ...people], new Set(keys), en).map((each) => each.key);
    expect(shown(key)).toEqual([key, "a", "j", `${key} probes`]);
    expect(shown(key, `${key} probes`)).toEqual([key, "a", "j", `${key} probes`, "p1", "p2", "p3", "p4"]);
  });

  it("may be shown session by session", () => {
    expect(flat([...probes, ...people]).map(({ key }) => key)).toEqual(["p1", "p2", "p3", "p4", "a", "j"]);
  });
});
