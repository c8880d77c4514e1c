import { describe, expect, it } from "vitest";
import { DrainProgress } from "../../src/dashboard/drain-progress.js";

describe("the progress of a drain", () => {
  it("is that of the sessions since it was first seen", () => {
    const progress = new DrainProgress();
    expect(progress.update(undefined, 50)).toBe(0);
    expect(progress.update(1000, 40)).toBe(0);
    expect(progress.update(1000, 10)).toBe(0.75);
    expect(progress.update(1000, 0)).toBe(1);
    expect(progress.update(2000, 8)).toBe(0);
    expect(new DrainProgress().update(1000, 0)).toBe(1);
  });
});
