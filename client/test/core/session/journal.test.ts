import { describe, expect, it } from "vitest";
import { JournalWriter, Recording } from "../../../src/core/session/journal.js";

describe("a journal", () => {
  it("hands over in instalments, and a recording puts them together", () => {
    const writer = new JournalWriter();
    const recording = new Recording();
    writer.pinged(100);
    writer.received(10, 100);
    recording.add(writer.take());
    writer.answered({ sentAt: 100, ms: 20 });
    writer.received(5, 125);
    recording.add(writer.take());
    recording.add(writer.take());
    expect(recording).toMatchObject({
      pingsSentAt: [100],
      roundTrips: [{ sentAt: 100, ms: 20 }],
      received: [
        { at: 100, bytes: 10 },
        { at: 125, bytes: 5 },
      ],
    });
  });

  it("merges what comes close together, at the later time", () => {
    const writer = new JournalWriter();
    writer.received(10, 0);
    writer.received(10, 19);
    writer.received(10, 20);
    expect(writer.take().received).toEqual([
      { at: 19, bytes: 20 },
      { at: 20, bytes: 10 },
    ]);
  });
});
