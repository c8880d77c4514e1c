import { describe, expect, it } from "vitest";
import { de } from "../../../src/dashboard/text/de.js";
import { en } from "../../../src/dashboard/text/en.js";

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
