import { afterEach, describe, expect, it, vi } from "vitest";
import { queryOptionsOf } from "../../src/core/run/query-options.js";
import { languages } from "../../src/text/language.js";
import { Format } from "../../src/view/format.js";
import { notesOf } from "../../src/view/notes.js";

const texts = await Promise.all(languages.map(async ({ lang, load }) => [lang, await load()] as const));

describe.each(texts)("the notes before a test in %s", (lang, text) => {
  const notes = (query = ""): string[] => notesOf(queryOptionsOf(query), [], text, new Format(lang));

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each([
    ["saves data", { saveData: true }, true],
    ["is on a mobile network", { type: "cellular" }, true],
    ["is on Wi-Fi", { saveData: false, type: "wifi" }, false],
    ["does not tell", undefined, false],
  ])("warn of the allowance where the browser %s", (_, connection, warned) => {
    vi.stubGlobal("navigator", { connection });
    expect(notes().includes(text.advance.metered)).toBe(warned);
  });

  it("say how much data a test moves, and that Wi-Fi is measured too", () => {
    vi.stubGlobal("navigator", {});
    expect(notes()).toHaveLength(2);
    expect(notes()[0]).toMatch(/3[.,]6 MB.* 400(\.0|,0)? MB/);
    expect(notes("?directions=download")[0]).toContain("440 MB");
    expect(notes()[1]).toBe(text.advance.wifi);
  });
});
