import { describe, expect, it } from "vitest";
import { shipped } from "../src/core/scoring/requirements.js";
import { verdictKey } from "../src/core/scoring/verdict.js";
import { messageOf, textFor, texts } from "../src/text/language.js";

describe("textFor", () => {
  it.each([
    ["", ["de-AT", "en"], "de"],
    ["", ["fr", "de"], "de"],
    ["", ["fr"], "en"],
    ["", [], "en"],
    ["?lang=de", ["en"], "de"],
    ["?seconds=20&lang=EN-us", ["de"], "en"],
    ["?lang=xx", ["de"], "de"],
  ])("with %j and %j is %s", (query, wanted, lang) => {
    expect(textFor(query, wanted).lang).toBe(lang);
  });
});

describe.each(texts.map((text) => [text.lang, text] as const))("the words in %s", (_, text) => {
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
});
