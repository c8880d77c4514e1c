import { expect, it } from "vitest";
import { retryDelay } from "../../src/dashboard/live-connection.js";

it("is tried again later each time, but not later than in ten seconds", () => {
  expect([0, 1, 2, 3, 4, 5, 10_000].map(retryDelay)).toEqual([1, 2, 4, 8, 10, 10, 10]);
});
