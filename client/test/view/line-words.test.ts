import { describe, expect, it } from "vitest";
import type { ShownRun } from "../../src/core/run/stored-run.js";
import type { WarmUp } from "../../src/core/run/warm-up.js";
import { languages } from "../../src/text/language.js";
import { Format } from "../../src/view/format.js";
import { lineWordsOf } from "../../src/view/line-words.js";

const texts = await Promise.all(languages.map(async ({ lang, load }) => [lang, await load()] as const));

const single: Readonly<Record<string, string>> = {
  en: "One connection alone gets only 3.90 of these 50.0 Mbit/s; the Computer used 8.",
  de: "Eine Verbindung allein erhält nur 3,90 dieser 50,0 Mbit/s; der Computer nutzte 8.",
};

describe.each(texts)("the words on the line in %s", (lang, text) => {
  const words = (warmUp: Partial<WarmUp> | null, rate = "line"): string => {
    const found = warmUp && { singleBps: 3.9e6, lineBps: 50e6, connections: 8, computerMbps: 150, ...warmUp };
    return lineWordsOf({ warmUp: found, report: { attribution: { rate } } } as unknown as ShownRun, text, new Format(lang));
  };
  const line = text.report.warmUp(new Format(lang).mbps(50e6), "150");

  it("say what one connection gets of a line that several fill", () => {
    expect(words({})).toBe(`${line} ${single[lang] ?? ""}`);
  });

  it.each([
    ["fills the line", { singleBps: 50e6, connections: 1 }],
    ["gets a tenth less than the line", { singleBps: 45e6 }],
    ["is all that the server took", { connections: 1 }],
  ])("say no more where one %s", (_, warmUp) => {
    expect(words(warmUp)).toBe(line);
  });

  it("claim nothing of one connection where the device was the limit", () => {
    expect(words({}, "device")).toBe(text.report.deviceRate(new Format(lang).mbps(50e6)));
  });

  it("are none without a warm-up", () => {
    expect(words(null)).toBe("");
  });
});
