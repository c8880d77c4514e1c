import { describe, expect, it } from "vitest";
import { DrainProgress } from "../src/dashboard/drain-progress.js";
import { bars } from "../src/dashboard/grades.js";
import type { Point, SessionRow } from "../src/dashboard/live-messages.js";
import { retryDelay } from "../src/dashboard/retry.js";
import { asFilter } from "../src/dashboard/search.js";
import { flat, fold } from "../src/dashboard/session-groups.js";
import { pageSize, SessionQuery } from "../src/dashboard/session-query.js";
import { de } from "../src/dashboard/text/de.js";
import { en } from "../src/dashboard/text/en.js";
import { span, Trend } from "../src/dashboard/trend.js";

function point(at: number, sessions = 0): Point {
  return [at, sessions, 0, 0, null, 0.02, null];
}

describe("the view", () => {
  it("begins with the newest sessions", () => {
    expect(new SessionQuery().request).toEqual({
      filter: "",
      order_by: "opened_at desc",
      page_token: "",
      page_size: pageSize,
    });
  });

  it("orders numbers from the greatest, words from the first, and turns round when asked again", () => {
    const view = new SessionQuery();
    view.orderBy("sent_bytes", true);
    expect(view.request.order_by).toBe("sent_bytes desc");
    view.orderBy("sent_bytes", true);
    expect(view.request.order_by).toBe("sent_bytes");
    view.orderBy("user_id", false);
    expect(view.request.order_by).toBe("user_id");
  });

  it("goes forward and back by tokens, and to the first page with another filter or order", () => {
    const view = new SessionQuery();
    view.forward("a");
    view.forward("b");
    view.forward("");
    expect([view.page, view.request.page_token]).toEqual([3, "b"]);
    view.back();
    expect(view.request.page_token).toBe("a");
    view.setFilter(" state = quiet ");
    expect([view.page, view.request.page_token, view.request.filter]).toEqual([1, "", "state = quiet"]);
    view.forward("c");
    view.orderBy("age", true);
    expect(view.page).toBe(1);
    view.back();
    expect(view.page).toBe(1);
  });
});

describe("the trend", () => {
  it("ends with the newest point, takes none twice and forgets what is older than it shows", () => {
    const trend = new Trend();
    trend.reset([point(100), point(101, 2)]);
    trend.add(point(101, 9));
    trend.add(point(102, 3));
    expect(trend.column(1)).toEqual([0, 2, 3]);
    expect(trend.column(5, 1000)).toEqual([20, 20, 20]);
    expect(trend.column(4)).toEqual([null, null, null]);
    expect(trend.xs).toEqual([span - 2, span - 1, span]);
    trend.add(point(101 + span, 4));
    expect(trend.column(1)).toEqual([2, 3, 4]);
    expect(trend.xs[0]).toBe(0);
  });
});

describe("the progress of a drain", () => {
  it("is that of the sessions since it was first seen", () => {
    const progress = new DrainProgress();
    expect(progress.update(undefined, 50)).toBe(0);
    expect(progress.update(1000, 40)).toBe(0);
    expect(progress.update(1000, 10)).toBe(0.75);
    expect(progress.update(1000, 0)).toBe(1);
    expect(progress.update(2000, 8)).toBe(0);
    expect(new DrainProgress().update(1000, 0)).toBe(1);
  });
});

describe("the grades by day", () => {
  it("are parts of the largest day, best first, without what is not known", () => {
    const [empty, busy] = bars([
      { at: 0, grades: {} },
      { at: 86_400, grades: { F: 1, "A+": 2, invalid: 1, Z: 7 } },
    ]);
    expect(empty).toEqual({ at: 0, total: 0, parts: [] });
    expect(busy?.total).toBe(4);
    expect(busy?.parts.map(({ grade, share }) => [grade, share])).toEqual([
      ["A+", 0.5],
      ["F", 0.25],
      ["invalid", 0.25],
    ]);
  });
});

it("is tried again later each time, but not later than in ten seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 10_000].map(retryDelay)).toEqual([1, 2, 4, 8, 10, 10, 10]);
});

describe.each([en, de])("the words in $lang", (text) => {
  it("name every word of the API that is shown", () => {
    expect(Object.keys(text.words).sort()).toEqual(Object.keys(en.words).sort());
    for (const words of Object.values(text.words)) expect(words).not.toBe("");
  });

  it("tell what became of a kill", () => {
    const words = text.outcome.killed({ killed: 2, already_closed: 1 }, 1);
    expect(words).toMatch(/2 .*1 .*1 /);
    expect(text.outcome.failed("INVALID_ARGUMENT", "reason: none")).toBe("reason: none");
    expect(text.outcome.failed("UNAVAILABLE", "")).not.toBe("");
  });

  it("tell times in the unit that suits", () => {
    expect(text.duration(75)).toBe("1 min 15 s");
    expect(text.duration(3 * 3600 + 65)).toBe("3 h 1 min");
    expect(text.duration(0.26)).toMatch(/^0[.,]3 s$/);
  });
});

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

describe("what is typed as a filter", () => {
  it("is an expression where it has an operator", () => {
    for (const filter of ["profile = jake", "age > 60s", 'user_id : "7932"', "NOT worker=0", ""]) {
      expect(asFilter(filter)).toBe(filter);
    }
  });

  it("is looked for in what names a session otherwise", () => {
    expect(asFilter(" jake ")).toContain('user_id : "jake" OR test_id : "jake" OR profile : "jake"');
    expect(asFilter("qui")).toContain(" OR state = quiet");
    expect(asFilter("Frozen")).toContain(" OR verdict = frozen");
    expect(asFilter('a"b')).toContain('user_id : "a\\"b"');
  });
});
