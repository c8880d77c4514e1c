import { describe, expect, it } from "vitest";
import { filmIn } from "../../../src/core/run/film.js";
import { play } from "../../../src/core/scoring/playout.js";

/** Ten seconds of film each ten seconds from 0 s on, of which a player plays 4.5 Mbit/s. */
const bursts = [0, 10_000, 20_000].map((at) => ({ at, bytes: 5_625_000 }));
const options = { videoBps: 4.5e6, startS: 2, resumeS: 2 };

describe("a film", () => {
  it("goes on with what was buffered when the span begins", () => {
    const arrivals = filmIn(bursts, 0, { from: 4000, until: 16_000 }, "streaming", 5e6);
    expect(arrivals).toEqual([
      [0, 3_375_000],
      [6, 5_625_000],
    ]);
    expect(play(arrivals, { ...options, untilS: 12 })).toMatchObject({ startUpS: 0, stalls: 0, playedS: 12 });
  });

  it("begins empty with its connection", () => {
    expect(filmIn(bursts, 10_000, { from: 10_000, until: 20_000 }, "streaming", 5e6)).toEqual([
      [0, 5_625_000],
      [10, 5_625_000],
    ]);
  });

  it("is not buffered where there is no player", () => {
    expect(filmIn(bursts, 0, { from: 4000, until: 16_000 }, "gaming", 5e6)).toEqual([[6, 5_625_000]]);
  });
});
