import { describe, expect, it } from "vitest";
import { phaseOf, type Phase } from "../../../src/core/session/phase.js";

describe("phaseOf", () => {
  it.each<[Phase, Phase[]]>([
    ["idle", ["idle", "idle"]],
    ["connecting", ["connecting", "connecting"]],
    ["connecting", ["connecting", "failed"]],
    ["running", ["connecting", "running"]],
    ["running", ["running", "failed"]],
    ["stopping", ["stopping", "done"]],
    ["done", ["done", "done"]],
    ["failed", ["done", "failed"]],
  ])("is %s for %j", (expected, persons) => {
    expect(phaseOf(persons)).toBe(expected);
  });
});
