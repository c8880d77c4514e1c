import { beforeEach, describe, expect, it } from "vitest";
import { Session, type Link } from "../../../src/core/session/session.js";

const wallMs = 1_700_000_000_000;

/** A link that keeps what is sent; the test says how much of it stays in the buffer. */
class RecordingLink implements Link {
  bufferedBytes = 0;
  closed = false;
  readonly binary: number[] = [];
  readonly #texts: Record<string, unknown>[] = [];

  send(data: string | Uint8Array): void {
    if (typeof data === "string") this.#texts.push(JSON.parse(data) as Record<string, unknown>);
    else this.binary.push(data.byteLength);
  }

  close(): void {
    this.closed = true;
  }

  sent(type: string): Record<string, unknown>[] {
    return this.#texts.filter((message) => message.type === type);
  }
}

const options = { userId: "alex_7", durationMs: 30_000, pingEveryMs: 100, payload: new Uint8Array(65_536) };

let link: RecordingLink;
let session: Session;

beforeEach(() => {
  link = new RecordingLink();
  session = new Session(link, options, 0);
});

/** Lets time pass in steps of 10 ms; a server that is there pings each 500 ms. */
function run(from: number, to: number, server = true): void {
  for (let now = from; now < to; now += 10) {
    if (server && now % 500 === 0) hear({ type: "ping", sequence: now / 500, timestamp: now }, now);
    session.tick(now, wallMs + now);
  }
}

function hear(message: object, now: number): void {
  session.text(JSON.stringify(message), now, wallMs + now);
}

describe("a session", () => {
  it("says nothing before it is open", () => {
    session.tick(0, wallMs);
    session.tick(500, wallMs);
    expect(link.sent("ping")).toEqual([]);
    expect(session.phase).toBe("connecting");
  });

  it("pings ten times a second", () => {
    session.opened(0);
    run(0, 2000);
    expect(link.sent("ping")).toHaveLength(20);
    expect(link.sent("ping")[1]).toEqual({ type: "ping", sequence: 2 });
  });

  it("confirms ten times a second at first, and twice a second from the fourth on", () => {
    session.opened(0);
    session.binary(1, 0);
    run(0, 8001);
    const at = link.sent("client_confirmation").map((message) => (message as { timestamp: number }).timestamp - wallMs);
    expect(at.slice(0, 8)).toEqual([100, 200, 300, 400, 500, 600, 700, 800]);
    const gaps = at.slice(1).map((each, index) => each - (at[index] ?? 0));
    expect(gaps.slice(-3)).toEqual([500, 500, 500]);
    // The server allows a device that was behind a quarter more than it took between the last two.
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(gaps.slice(1).every((gap, index) => gap <= 1.25 * (gaps[index] ?? 0))).toBe(true);
  });

  it("skips the pings it missed while it was not run", () => {
    session.opened(0);
    session.tick(0, wallMs);
    session.tick(5000, wallMs);
    expect(link.sent("ping")).toHaveLength(2);
    expect(session.tick(5001, wallMs)).toBe(5100);
  });

  it("asks for less while it runs only", () => {
    session.limit(50);
    session.opened(0);
    session.limit(20.5);
    session.stop(100);
    session.limit(5);
    expect(link.sent("request_download")).toEqual([{ type: "request_download", throughput: 20.5 }]);
  });

  it("uploads no more than its limit, from the start or later", () => {
    const limited = new Session(link, { ...options, maxMbps: 0.08 }, 0);
    const request = { type: "real_upload_request", target_bytes: 9000, optimal_chunk_size: 9000, duration_ms: 100 };
    const info = { type: "session_info", profile: { download_mbps: 0, upload_mbps: 1000 } };
    limited.opened(0);
    for (const message of [info, request]) limited.text(JSON.stringify(message), 10, wallMs);
    limited.tick(10, wallMs);
    limited.limit(0.04);
    limited.text(JSON.stringify(request), 110, wallMs);
    limited.tick(110, wallMs);
    expect(link.binary).toEqual([1000, 500]);
    expect(limited.snapshot(120).wantedUploadBps).toBe(40_000);
  });

  it("answers pings and connection tests with what they carried", () => {
    session.opened(0);
    hear({ type: "ping", sequence: 4, timestamp: 99.5, server_time: 1.25 }, 10);
    hear({ type: "connection_test", user_id: "alex_7", timestamp: 77 }, 20);
    expect(link.sent("pong")).toEqual([
      {
        type: "pong",
        user_id: "alex_7",
        sequence: 4,
        timestamp: 99.5,
        client_timestamp: wallMs + 10,
        server_time: 1.25,
      },
    ]);
    expect(link.sent("connection_test_response")).toEqual([
      { type: "connection_test_response", user_id: "alex_7", timestamp: 77, client_timestamp: wallMs + 20 },
    ]);
  });

  it("measures its own round trips", () => {
    session.opened(0);
    session.tick(0, wallMs);
    hear({ type: "pong", sequence: 1, timestamp: 1, client_timestamp: 1 }, 42);
    expect(session.snapshot(50).latency).toEqual({ count: 1, p50Ms: 42, p95Ms: 42 });
  });

  it("counts payload both ways, and as sent only what has left the browser", () => {
    session.opened(0);
    session.binary(6000, 100);
    hear({ type: "real_upload_request", target_bytes: 4500, optimal_chunk_size: 2000, duration_ms: 100 }, 100);
    run(100, 300);
    link.bufferedBytes = 500;
    expect(link.binary).toEqual([2000, 2000, 500]);
    expect(session.snapshot(300)).toMatchObject({ receivedBytes: 6000, sentBytes: 4500 });
    run(300, 410);
    expect(link.sent("client_confirmation").at(-1)).toEqual(
      { type: "client_confirmation", received_bytes: 6000, sent_bytes: 4500, timestamp: wallMs + 400 },
    );
  });

  it("does not count what is stuck in the send buffer", () => {
    session.opened(0);
    link.bufferedBytes = 3000;
    hear({ type: "real_upload_request", target_bytes: 4000, optimal_chunk_size: 4000, duration_ms: 100 }, 0);
    session.tick(0, wallMs);
    expect(session.snapshot(10).sentBytes).toBe(1000);
  });

  it("stops after its duration: says so, uploads nothing more, and is done when the server closes", () => {
    session.opened(0);
    run(0, 29_900);
    hear({ type: "real_upload_request", target_bytes: 4000, optimal_chunk_size: 1000, duration_ms: 10_000 }, 29_900);
    run(29_900, 30_200);
    expect(link.sent("stop_test")).toEqual([{ type: "stop_test", user_id: "alex_7" }]);
    expect(session.phase).toBe("stopping");
    expect(link.binary).toHaveLength(1);
    hear({ type: "stop_test_ack", user_id: "alex_7", timestamp: 1, message: "" }, 30_210);
    hear({ type: "session_complete" }, 30_210);
    session.closed(1000, 30_220);
    expect(session.phase).toBe("done");
    expect(session.ending).toEqual({ kind: "stopped" });
  });

  it("takes the answers that are late until three seconds after its own stop", () => {
    session.opened(0);
    run(0, 30_010);
    session.takeJournal();
    hear({ type: "pong", sequence: 300, timestamp: 1, client_timestamp: 1 }, 32_900);
    session.tick(32_900, wallMs);
    expect(session.phase).toBe("stopping");
    expect(session.takeJournal().roundTrips).toEqual([{ sentAt: 29_900, ms: 3000 }]);
    session.tick(33_000, wallMs);
    expect(session.phase).toBe("done");
  });

  it("notes what its facts are made from", () => {
    session.opened(100);
    session.tick(100, wallMs);
    hear({ type: "session_info", profile: { download_mbps: 1.5, upload_mbps: 0.75 } }, 110);
    hear({ type: "pong", sequence: 1, timestamp: 1, client_timestamp: 1 }, 120);
    session.binary(500, 130);
    const tcp = { rtt_ms: 20, retransmits: 0, delivery_mbps: 1, congestion_control: "cubic", receiver_limited: 0.2 };
    const server_tcp = { ...tcp, rtts_ms: [20.5, 21] };
    hear({ type: "real_time_update", server_received_bytes: 0, elapsed_seconds: 0.25, server_tcp }, 400);
    hear({ type: "real_time_update", server_received_bytes: 125_000, elapsed_seconds: 1.25 }, 1400);
    session.stop(1500);
    // What arrives late is of the load, by the server's clock.
    const late = { ...server_tcp, rtts_ms: [22] };
    hear({ type: "real_time_update", server_received_bytes: 125_000, elapsed_seconds: 1.5, server_tcp: late }, 1550);
    expect(session.takeJournal()).toEqual({
      pingsSentAt: [100],
      roundTrips: [{ sentAt: 100, ms: 20 }],
      received: [{ at: 130, bytes: 500 }],
      sent: [],
      kernel: [
        { at: 350, ms: 20.5 },
        { at: 350, ms: 21 },
        { at: 1600, ms: 22 },
      ],
      counts: [
        { at: 350, bytes: 0 },
        { at: 1350, bytes: 125_000 },
        { at: 1600, bytes: 125_000 },
      ],
    });
    expect(session.snapshot(1600)).toMatchObject({
      serverTcp: { receiverLimited: 0.2 },
      openedAt: 100,
      trafficUntil: 1500,
      wantedDownloadBps: 1_500_000,
      wantedUploadBps: 750_000,
    });
  });

  it("takes the server's last total, which comes with the session's end", () => {
    session.opened(0);
    hear({ type: "real_time_update", server_received_bytes: 0, elapsed_seconds: 0.25 }, 250);
    hear({ type: "real_time_update", server_received_bytes: 125_000, elapsed_seconds: 1.25 }, 1250);
    session.stop(1500);
    hear({ type: "session_complete", server_received_bytes: 125_000, elapsed_seconds: 1.4 }, 1510);
    expect(session.takeJournal().counts?.at(-1)).toEqual({ at: 1400, bytes: 125_000 });
  });

  it("takes turns by the clock where it has a turn", () => {
    const later = new Session(link, { ...options, pingTurnMs: 50 }, 0);
    later.opened(60);
    for (let at = 60; at <= 400; at += 10) later.tick(at, wallMs);
    expect(later.takeJournal().pingsSentAt).toEqual([150, 250, 350]);
  });

  it("notes that the server was late, and its latest word on TCP", () => {
    const tcp = { rtt_ms: 20, retransmits: 0, delivery_mbps: 4, congestion_control: "cubic" };
    session.opened(0);
    hear({ type: "real_time_update", server_overloaded: true, server_tcp: tcp }, 250);
    hear({ type: "real_time_update", server_overloaded: false, server_tcp: { ...tcp, retransmits: 2 } }, 500);
    hear({ type: "real_time_update", server_overloaded: true, server_limited: true, client_limited: true, server_tcp: null }, 750);
    expect(session.snapshot(800)).toMatchObject({ serverOverloaded: true, serverLimited: true, clientLimited: true, serverTcp: { retransmits: 2 } });
    hear({ type: "session_complete", server_overloaded: false }, 1000);
    expect(session.snapshot(1000)).toMatchObject({ serverOverloaded: false, serverLimited: false });
  });

  it("counts the pings that it sends late", () => {
    session.opened(0);
    run(0, 1000);
    expect(session.snapshot(1000)).toMatchObject({ pings: 10, latePings: 0 });
    session.tick(1020, wallMs);
    session.tick(1121, wallMs);
    expect(session.snapshot(1121)).toMatchObject({ pings: 12, latePings: 1 });
  });

  it("confirms nothing where nothing came or went", () => {
    session.opened(0);
    run(0, 1500);
    expect(link.sent("client_confirmation")).toEqual([]);
  });

  it("closes a second after a stop without an answer", () => {
    session.opened(0);
    session.stop(5000);
    session.tick(5900, wallMs);
    expect(link.closed).toBe(false);
    session.tick(6000, wallMs);
    expect(link.closed).toBe(true);
    expect(session.phase).toBe("done");
  });

  it("is done at once where it is stopped before it opened", () => {
    session.stop(100);
    expect(session.phase).toBe("done");
    expect(link.closed).toBe(true);
    session.opened(200);
    expect(session.phase).toBe("done");
  });

  it.each([
    [1000, "max_duration", "done", { kind: "finished" }],
    [1005, "", "done", { kind: "finished" }],
    [1001, "drained", "failed", { kind: "closed", reason: "drained" }],
    [1008, "killed", "failed", { kind: "closed", reason: "killed" }],
    [1006, "drained", "failed", { kind: "closed", reason: "drained" }],
    [1006, "", "failed", { kind: "lost" }],
    // Of a server that gives no reason.
    [1001, "", "failed", { kind: "closed", reason: "drained" }],
    [1002, "", "failed", { kind: "closed", reason: "not_websocket" }],
    [1009, "", "failed", { kind: "closed", reason: "text_too_large" }],
    [1012, "", "failed", { kind: "closed", reason: "drained" }],
    [1013, "", "failed", { kind: "closed", reason: "overloaded" }],
    [1011, "", "failed", { kind: "closed", reason: "internal" }],
    [4321, "", "failed", { kind: "closed", reason: "" }],
  ])("explains close code %i with the reason %j", (code, reason, phase, ending) => {
    session.opened(0);
    if (reason !== "") hear({ type: "session_complete", reason, detail: "in the operator's words" }, 90);
    session.closed(code, 100);
    expect(session.phase).toBe(phase);
    expect(session.ending).toEqual(ending);
  });

  it("tells an operator's close from its own stop", () => {
    session.opened(0);
    session.stop(100);
    session.closed(1008, 110);
    expect(session.phase).toBe("failed");
  });

  it("takes a connection that breaks after its own stop for the end of it", () => {
    session.opened(0);
    session.stop(100);
    hear({ type: "session_complete", reason: "client_stopped" }, 105);
    session.closed(1006, 110);
    expect(session.phase).toBe("done");
  });

  it("gives up a connection that does not open in ten seconds", () => {
    session.tick(9990, wallMs);
    expect(session.phase).toBe("connecting");
    session.tick(10_000, wallMs);
    expect(session.ending).toEqual({ kind: "unreachable" });
    expect(link.closed).toBe(true);
  });

  it("shows silence and gives up a connection that stays silent", () => {
    session.opened(0);
    run(0, 1000);
    run(1000, 5000, false);
    expect(session.snapshot(5000)).toMatchObject({ phase: "running", silentMs: 4500 });
    run(5000, 16_000, false);
    expect(session.ending).toEqual({ kind: "lost" });
  });

  it("counts messages that break the protocol and goes on", () => {
    session.opened(0);
    session.text("{", 10, wallMs);
    hear({ type: "real_upload_request", target_bytes: "all" }, 20);
    expect(session.snapshot(30)).toMatchObject({ phase: "running", malformed: 2 });
  });

  it("shows the means of the run once it is over", () => {
    session.opened(0);
    hear({ type: "real_time_update", target_download_mbps: 4 }, 0);
    session.binary(2_500_000, 5000);
    session.closed(1000, 10_000);
    expect(session.snapshot(99_000)).toMatchObject({ elapsedMs: 10_000, downloadBps: 2_000_000, delivery: 0.5 });
  });
});
