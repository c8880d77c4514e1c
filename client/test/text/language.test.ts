import { describe, expect, it } from "vitest";
import { causes } from "../../src/core/run/interruption.js";
import { shipped } from "../../src/core/scoring/requirements.js";
import { verdictKey } from "../../src/core/scoring/verdict.js";
import { languages, messageOf, textFor } from "../../src/text/language.js";

describe("textFor", () => {
  it.each([
    ["", ["de-AT", "en"], "de"],
    ["", ["fr", "de"], "de"],
    ["", ["fr"], "en"],
    ["", [], "en"],
    ["?lang=de", ["en"], "de"],
    ["?seconds=20&lang=EN-us", ["de"], "en"],
    ["?lang=xx", ["de"], "de"],
  ])("with %j and %j is %s", async (query, wanted, lang) => {
    expect((await textFor(query, wanted)).lang).toBe(lang);
  });
});

const texts = await Promise.all(languages.map(async ({ lang, load }) => [lang, await load()] as const));

describe.each(texts)("the words in %s", (lang, text) => {
  it("are in that language", () => {
    expect(text.lang).toBe(lang);
  });

  it("hold a verdict for every activity and band", () => {
    for (const activity of Object.keys(shipped.activities)) {
      for (const band of [null, ...shipped.bands.map((each) => each.band)]) {
        const key = verdictKey(activity, band);
        expect(messageOf(text, key)).not.toBe(key);
      }
    }
  });

  it("leave a key that is not known as it is", () => {
    expect(messageOf(text, "verdict.chess.good")).toBe("verdict.chess.good");
    expect(messageOf(text, "constructor")).toBe("constructor");
  });

  it("say of every cause what happened and what to do", () => {
    for (const cause of causes) {
      expect(text.interruptions[cause].title).toMatch(/\.$/);
      expect(text.interruptions[cause].todo).toMatch(/\.$/);
    }
  });
});
