import { describe, expect, it } from "vitest";
import { UploadPacer } from "../../../src/core/session/upload-pacer.js";

function request(targetBytes: number, durationMs = 250, chunkBytes = 1000) {
  return { type: "real_upload_request", targetBytes, chunkBytes, durationMs } as const;
}

/** Drives a pacer every 5 ms on a line that takes everything at once. */
function drain(pacer: UploadPacer, from: number, to: number): { at: number; size: number }[] {
  const sent = [];
  for (let at = from; at <= to; at += 5) for (const size of pacer.take(at, 0)) sent.push({ at, size });
  return sent;
}

describe("UploadPacer", () => {
  it("sends exactly what was asked for, in chunks of the size asked for, the last one shorter", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(4321), 0);
    expect(drain(pacer, 0, 250).map((chunk) => chunk.size)).toEqual([1000, 1000, 1000, 1000, 321]);
    expect(pacer.nextDue()).toBeUndefined();
  });

  it("spreads the chunks over the time given", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(5000), 1000);
    expect(drain(pacer, 1000, 1250).map((chunk) => chunk.at)).toEqual([1000, 1050, 1100, 1150, 1200]);
  });

  it("sends all at once where no time is given", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(200_000, 0, 65_536), 0);
    expect(pacer.take(0, 0)).toEqual([65_536, 65_536, 65_536, 3392]);
  });

  it("loses nothing to a request that comes a little early", () => {
    const pacer = new UploadPacer();
    let sent = 0;
    for (let start = 0; start < 10_000; start += 250) {
      pacer.accept(request(5000), start);
      for (const chunk of drain(pacer, start, start + 190)) sent += chunk.size;
    }
    for (const chunk of drain(pacer, 10_000, 10_500)) sent += chunk.size;
    expect(sent).toBe(200_000);
    expect(pacer.droppedBytes).toBe(0);
  });

  it("adds nothing to a full send buffer", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(500_000, 250, 65_536), 0);
    expect(pacer.take(250, 300_000)).toEqual([]);
    expect(pacer.take(250, 0)).toHaveLength(4);
  });

  it("fills a send buffer no further than memory allows, however much is asked for", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(60_000_000, 250, 65_536), 0);
    const taken = pacer.take(250, 0).reduce((sum, size) => sum + size, 0);
    expect(taken).toBeGreaterThan(7_900_000);
    expect(taken).toBeLessThan(8_100_000);
    expect(pacer.take(250, 8_000_000)).toEqual([]);
  });

  it("makes up for at most one request after a stall, and drops the rest", () => {
    const pacer = new UploadPacer();
    for (let i = 0; i < 40; i += 1) pacer.accept(request(5000), i * 250);
    expect(pacer.pendingBytes).toBe(10_000);
    expect(pacer.droppedBytes).toBe(38 * 5000);
  });

  it("takes no more of a request than its limit allows", () => {
    const pacer = new UploadPacer();
    pacer.limit(0.1);
    pacer.accept(request(5000), 0);
    expect(pacer.pendingBytes).toBe(3125);
    expect(pacer.droppedBytes).toBe(1875);
    expect(drain(pacer, 0, 250).map((chunk) => chunk.size)).toEqual([1000, 1000, 1000, 125]);
  });

  it("gives everything up when told to", () => {
    const pacer = new UploadPacer();
    pacer.accept(request(5000), 0);
    pacer.clear();
    expect(pacer.take(1000, 0)).toEqual([]);
    expect(pacer.droppedBytes).toBe(5000);
  });
});
