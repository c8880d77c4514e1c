import { describe, expect, it } from "vitest";
import { bars } from "../../src/dashboard/grades.js";

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
