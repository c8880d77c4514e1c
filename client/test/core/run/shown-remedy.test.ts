import { describe, expect, it } from "vitest";
import type { ShownReport } from "../../../src/core/run/run.js";
import { shownRemedyOf } from "../../../src/core/run/shown-remedy.js";
import type { ShownStretch } from "../../../src/core/run/shown-stretch.js";
import type { ShownRun } from "../../../src/core/run/stored-run.js";

function stretch(name: ShownStretch["stretch"], changes: Partial<ShownStretch>): ShownStretch {
  return { stretch: name, valid: true, increaseMs: 5, grade: "A", rate: "line", fromS: 0, untilS: 13, downBps: 9e6, upBps: 3e6, ...changes };
}

/** A run of grade F whose last two stretches were slow. */
function run(upload: Partial<ShownStretch> = {}): ShownRun {
  const report = { valid: true, grade: "F", attribution: { cause: "line" }, people: [] } as unknown as ShownReport;
  const stretches = [
    stretch("download", { downBps: 50e6 }),
    stretch("upload", { increaseMs: 480, upBps: 10e6, ...upload }),
    stretch("both", { increaseMs: 470, downBps: 40e6, upBps: 8e6, ...upload }),
  ];
  return { report, stretches } as unknown as ShownRun;
}

describe("the remedy of a run of both directions", () => {
  it("limits the direction that hurts, by what it carried when it was filled", () => {
    expect(shownRemedyOf(run(), false)).toEqual({ action: "shape", downloadKbps: null, uploadKbps: 9000 });
  });

  it("names no limit where the line was not what limited the rate", () => {
    expect(shownRemedyOf(run({ rate: "device" }), false)).toEqual({ action: "shape", downloadKbps: null, uploadKbps: null });
  });
});
