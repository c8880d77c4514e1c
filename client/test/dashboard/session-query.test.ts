import { describe, expect, it } from "vitest";
import { asFilter, pageSize, SessionQuery } from "../../src/dashboard/session-query.js";

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
