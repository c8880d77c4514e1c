import { describe, expect, it } from "vitest";
import { decode, encode, maxChunkBytes, WireError } from "../../../src/core/session/wire.js";

const request = { type: "real_upload_request", target_bytes: 78_125, optimal_chunk_size: 65_536, duration_ms: 250 };

describe("decode", () => {
  it("reads the fields that are used", () => {
    expect(decode('{"type":"ping","user_id":"alex","sequence":3,"timestamp":12.5,"server_time":0.1}')).toEqual({
      type: "ping",
      sequence: 3,
      timestamp: 12.5,
      serverTime: 0.1,
    });
    expect(decode(JSON.stringify(request))).toEqual({
      type: "real_upload_request",
      targetBytes: 78_125,
      chunkBytes: 65_536,
      durationMs: 250,
    });
    expect(decode('{"type":"real_time_update","target_download_mbps":2.5}')).toEqual({
      type: "real_time_update",
      targetDownloadMbps: 2.5,
      overloaded: false,
      limited: false,
      clientLimited: false,
    });
    const tcp = { rtt_ms: 21.5, retransmits: 3, delivery_mbps: 4, congestion_control: "cubic" };
    expect(decode(JSON.stringify({ type: "session_complete", reason: "killed", server_overloaded: true, server_limited: true, client_limited: true, server_tcp: tcp }))).toEqual({
      type: "session_complete",
      reason: "killed",
      overloaded: true,
      limited: true,
      clientLimited: true,
      tcp: { rttMs: 21.5, minRttMs: null, retransmits: 3, deliveryBps: 4_000_000, congestionControl: "cubic" },
    });
  });

  it("takes a null where a figure is not known yet", () => {
    expect(decode('{"type":"real_time_update","target_download_mbps":null}')).toEqual({
      type: "real_time_update",
      targetDownloadMbps: undefined,
      overloaded: false,
      limited: false,
      clientLimited: false,
    });
  });

  it("passes over types it does not know", () => {
    expect(decode('{"type":"news_of_tomorrow","x":1}')).toEqual({ type: "other" });
  });

  it("never sends chunks above the greatest size, whatever is asked for", () => {
    const message = decode(JSON.stringify({ ...request, optimal_chunk_size: 1_000_000 }));
    expect(message).toMatchObject({ chunkBytes: maxChunkBytes });
  });

  it.each([
    ["no JSON", "{", "not JSON"],
    ["no object", "[1]", "not a JSON object"],
    ["no type", '{"sequence":1}', "type: expected a string"],
    ["a field that is missing", '{"type":"ping","timestamp":1}', "ping.sequence"],
    ["a field of a wrong type", '{"type":"pong","sequence":"1"}', "pong.sequence"],
    [
      "a field of a wrong type in an object",
      '{"type":"real_time_update","server_tcp":{"rtt_ms":"1"}}',
      "real_time_update.server_tcp.rtt_ms",
    ],
    ["a negative size", JSON.stringify({ ...request, target_bytes: -1 }), "real_upload_request.target_bytes"],
    ["a fraction of a byte", JSON.stringify({ ...request, target_bytes: 1.5 }), "expected an integer"],
    ["more than a line carries", JSON.stringify({ ...request, target_bytes: 1e12 }), "from 0 to 62500000"],
    ["chunks of nothing", JSON.stringify({ ...request, optimal_chunk_size: 0 }), "optimal_chunk_size"],
  ])("refuses %s and says where", (_what, text, where) => {
    expect(() => decode(text)).toThrow(WireError);
    expect(() => decode(text)).toThrow(where);
  });
});

describe("encode", () => {
  it("leaves out what the server did not send", () => {
    const pong = { type: "pong", user_id: "a", sequence: 1, timestamp: 2, client_timestamp: 3, server_time: undefined };
    expect(encode({ ...pong, type: "pong" })).toBe(
      '{"type":"pong","user_id":"a","sequence":1,"timestamp":2,"client_timestamp":3}',
    );
  });
});
