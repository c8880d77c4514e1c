import { describe, expect, it } from "vitest";
import { refusalIn } from "../../../src/core/session/refusal.js";

describe("refusalIn", () => {
  it.each([
    ['{"ready": false, "cause": "draining", "retry_after": 19.2}', { cause: "draining", retryAfterS: 20 }],
    ['{"ready": false}', { cause: "", retryAfterS: null }],
    ['{"ready": true}', undefined],
    ['{"redirect": true}', undefined],
    ['{"refused": "Full", "refusal": {"cause": "full", "retry_after": 10}}', { cause: "full", retryAfterS: 10 }],
    ['{"refused": "Blocked", "refusal": {"cause": "blocked", "retry_after": null}}', { cause: "blocked", retryAfterS: null }],
    ['{"refused": "in the words of an older server"}', { cause: "", retryAfterS: null }],
    ['{"ready": false, "cause": 5, "retry_after": "soon"}', { cause: "", retryAfterS: null }],
    ["<html>", undefined],
    ["null", undefined],
  ])("in %s is %j", (text, refusal) => {
    expect(refusalIn(text)).toEqual(refusal);
  });
});
