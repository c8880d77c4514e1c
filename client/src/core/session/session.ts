import { recoveryMs } from "../plan.js";
import { endingOf, isNormal, type Ending } from "./ending.js";
import { JournalWriter, type Journal } from "./journal.js";
import type { Phase } from "./phase.js";
import { PingTracker } from "./ping-tracker.js";
import { RateMeter } from "./rate-meter.js";
import type { RunReportMessage } from "./run-report.js";
import { ServerReport } from "./server-report.js";
import type { Snapshot } from "./snapshot.js";
import { UploadPacer } from "./upload-pacer.js";
import { decode, encode, WireError, type ClientMessage, type ServerMessage } from "./wire.js";

/**
 * Time between confirmations: an eighth of the session's age, within these bounds. The server sends payload without a
 * bound before the second one, so early ones keep a device from drowning, and it bounds payload to a multiple of what
 * arrived between the last two, so the time must not grow fast.
 */
const confirmEvery = { leastMs: 100, mostMs: 500, shareOfAge: 1 / 8 };
/** Window of the live latency. */
const latencyWindowMs = 10_000;
/** Time before delivery is meaningful: a full cycle of the slowest shape. */
const deliveryAfterMs = 5000;
const connectTimeoutMs = 10_000;
/** Silence that means a dead line; the server pings every 500 ms. */
const silenceTimeoutMs = 15_000;
const stopTimeoutMs = 1000;
const fullBufferWaitMs = 10;
/** Lateness of a ping from which it says more about this device than about the line. */
const lateMs = 20;

export interface Link {
  /** Bytes sent that have not left the browser. */
  readonly bufferedBytes: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface SessionOptions {
  userId: string;
  /** Time after opening when the session stops. */
  durationMs: number;
  pingEveryMs: number;
  /**
   * Offset of pings from whole intervals of the clock, so that several sessions ping in turn; undefined counts from the
   * opening.
   */
  pingTurnMs?: number | undefined;
  /** Number of the ping that asks for the kernel's figures, which come unasked only where payload flows. */
  kernelPing?: number | undefined;
  /** Limit of the upload, Mbit/s; the server limits the download by the URL. */
  maxMbps?: number | undefined;
  /** Upload payload of at least `maxChunkBytes`. */
  payload: Uint8Array<ArrayBuffer>;
}

/**
 * Client side of the protocol. It does no I/O and reads no clock: callers pass monotonic milliseconds, and it answers
 * through its link.
 */
export class Session {
  phase: Phase = "connecting";
  ending: Ending | undefined;
  readonly #link: Link;
  readonly #options: SessionOptions;
  readonly #pings = new PingTracker();
  readonly #upload = new UploadPacer();
  readonly #download = new RateMeter();
  readonly #sent = new RateMeter();
  readonly #journal = new JournalWriter();
  readonly #server = new ServerReport();
  readonly #createdAt: number;
  #openedAt: number | undefined;
  #endedAt: number | undefined;
  #stoppedAt: number | undefined;
  #heardAt: number;
  #nextPing = Infinity;
  #nextConfirmation = Infinity;
  /** Buffered or sent. */
  #givenBytes = 0;
  /** Time to wait for answers after stopping. */
  #settleMs = stopTimeoutMs;
  #pingCount = 0;
  #latePings = 0;
  #malformed = 0;
  /** Limit of the upload. */
  #maxMbps = Infinity;

  constructor(link: Link, options: SessionOptions, now: number) {
    this.#link = link;
    this.#options = options;
    this.#limitUpload(options.maxMbps ?? Infinity);
    this.#createdAt = now;
    this.#heardAt = now;
  }

  opened(now: number): void {
    if (this.phase !== "connecting") return;
    this.phase = "running";
    this.#openedAt = now;
    this.#heardAt = now;
    const { pingEveryMs, pingTurnMs = now } = this.#options;
    this.#nextPing = pingTurnMs + pingEveryMs * Math.ceil((now - pingTurnMs) / pingEveryMs);
    this.#nextConfirmation = now + confirmEvery.leastMs;
    this.#download.begin(now);
    this.#sent.begin(now);
  }

  /** Handle a text frame; `wallMs` is the time of day for answers. */
  text(data: string, now: number, wallMs: number): void {
    this.#heardAt = now;
    let message: ServerMessage;
    try {
      message = decode(data);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#malformed += 1;
      return;
    }
    this.#handle(message, now, wallMs);
  }

  binary(bytes: number, now: number): void {
    this.#heardAt = now;
    this.#download.add(bytes, now);
    if (this.phase === "running") this.#journal.received(bytes, now);
  }

  /**
   * Ask the server to end the session, and drop pending uploads. Pings in flight get their answers for up to
   * `settleMs`.
   */
  stop(now: number, settleMs = stopTimeoutMs): void {
    if (this.phase !== "running" && this.phase !== "connecting") return;
    const wasOpen = this.phase === "running";
    this.phase = "stopping";
    this.#stoppedAt = now;
    this.#settleMs = settleMs;
    this.#upload.clear();
    if (wasOpen) this.#send({ type: "stop_test", user_id: this.#options.userId });
    else this.#end({ kind: "stopped" }, now);
  }

  closed(code: number, now: number): void {
    const ending = endingOf(code, this.#server.closeReason);
    // A normal close answers our stop; a connection lost after it cost the run nothing.
    const stopped = this.phase === "stopping" && (isNormal(ending) || ending.kind === "lost");
    this.#end(stopped ? { kind: "stopped" } : ending, now);
  }

  /** Handle a connection that did not open or cannot go on. */
  failed(ending: Ending, now: number): void {
    this.#end(ending, now);
  }

  /** Do the work due, and return the latest time for the next call. */
  tick(now: number, wallMs: number): number {
    switch (this.phase) {
      case "connecting":
        if (now - this.#createdAt >= connectTimeoutMs) this.#end({ kind: "unreachable" }, now);
        return this.#createdAt + connectTimeoutMs;
      case "running":
        return this.#run(now, wallMs);
      case "stopping":
        this.#countSent(now);
        if (now - (this.#stoppedAt ?? now) >= this.#settleMs) this.#end({ kind: "stopped" }, now);
        return (this.#stoppedAt ?? now) + this.#settleMs;
      case "idle":
      case "done":
      case "failed":
        return Infinity;
    }
  }

  report(run: RunReportMessage): void {
    if (this.phase === "running") this.#send(run);
  }

  /** Upload at most `mbps`, and ask for no faster download; the server never raises it again. */
  limit(mbps: number): void {
    this.#limitUpload(mbps);
    if (this.phase === "running") this.#send({ type: "request_download", throughput: mbps });
  }

  takeJournal(): Journal {
    return this.#journal.take();
  }

  snapshot(now: number): Snapshot {
    const over = this.#endedAt !== undefined;
    const at = this.#endedAt ?? now;
    this.#countSent(at);
    return {
      phase: this.phase,
      ending: this.ending,
      openedAt: this.#openedAt,
      trafficUntil: this.#stoppedAt ?? this.#endedAt,
      wantedDownloadBps: this.#server.wantedDownloadBps,
      wantedUploadBps: Math.min(this.#server.wantedUploadBps, 1_000_000 * this.#maxMbps),
      elapsedMs: this.#openedAt === undefined ? 0 : at - this.#openedAt,
      receivedBytes: this.#download.total,
      sentBytes: this.#sent.total,
      downloadBps: over ? this.#download.meanBps(at) : this.#download.bps(at),
      uploadBps: over ? this.#sent.meanBps(at) : this.#sent.bps(at),
      latency: this.#pings.figures(at, over ? Infinity : latencyWindowMs),
      latestMs: this.#pings.latestMs(at),
      waitingMs: over ? 0 : this.#pings.waitingMs(at),
      silentMs: over ? 0 : at - this.#heardAt,
      delivery: this.#delivery(at),
      pings: this.#pingCount,
      latePings: this.#latePings,
      serverOverloaded: this.#server.overloaded,
      serverLimited: this.#server.limited,
      clientLimited: this.#server.clientLimited,
      serverTcp: this.#server.tcp,
      malformed: this.#malformed,
      stored: this.#server.stored,
    };
  }

  #run(now: number, wallMs: number): number {
    if (now - this.#heardAt >= silenceTimeoutMs) {
      this.#end({ kind: "lost" }, now);
      return Infinity;
    }
    const stopAt = (this.#openedAt ?? now) + this.#options.durationMs;
    if (now >= stopAt) {
      this.stop(now, recoveryMs);
      return now + recoveryMs;
    }
    for (const size of this.#upload.take(now, this.#link.bufferedBytes)) {
      this.#link.send(this.#options.payload.subarray(0, size));
      this.#givenBytes += size;
    }
    this.#countSent(now);
    if (now >= this.#nextPing) {
      this.#pingCount += 1;
      if (now - this.#nextPing > lateMs) this.#latePings += 1;
      this.#journal.pinged(now);
      const sequence = this.#pings.sent(now);
      this.#send(sequence === this.#options.kernelPing ? { type: "ping", sequence, tcp: true } : { type: "ping", sequence });
      this.#nextPing = after(this.#nextPing, this.#options.pingEveryMs, now);
    }
    if (now >= this.#nextConfirmation) {
      this.#confirm(wallMs);
      this.#nextConfirmation = after(this.#nextConfirmation, this.#confirmEveryMs(now), now);
    }
    return Math.min(this.#nextPing, this.#nextConfirmation, stopAt, this.#nextUpload(now));
  }

  #limitUpload(mbps: number): void {
    this.#maxMbps = mbps;
    this.#upload.limit(mbps);
  }

  /** Return the next upload time; overdue chunks wait for the send buffer to drain. */
  #nextUpload(now: number): number {
    const due = this.#upload.nextDue() ?? Infinity;
    return due <= now ? now + fullBufferWaitMs : due;
  }

  #handle(message: ServerMessage, now: number, wallMs: number): void {
    const user_id = this.#options.userId;
    switch (message.type) {
      case "ping": {
        const { sequence, timestamp, serverTime: server_time } = message;
        this.#send({ type: "pong", user_id, sequence, timestamp, client_timestamp: wallMs, server_time });
        break;
      }
      case "pong": {
        const roundTrip = this.#pings.answered(message.sequence, now);
        if (roundTrip !== undefined) this.#journal.answered(roundTrip);
        this.#journal.measured(message.kernelMs, now);
        break;
      }
      case "connection_test":
        this.#send({
          type: "connection_test_response",
          user_id,
          timestamp: message.timestamp,
          client_timestamp: wallMs,
        });
        break;
      case "real_upload_request":
        if (this.phase === "running") this.#upload.accept(message, now);
        break;
      case "real_time_update":
      case "session_complete": {
        const at = this.#serverTime(message.elapsedS, now);
        this.#journal.measured(message.kernelMs, at);
        this.#journal.counted(message.receivedBytes, at);
        this.#server.take(message);
        break;
      }
      case "session_info":
      case "run_stored":
      case "run_refused":
        this.#server.take(message);
        break;
      case "other":
        break;
    }
  }

  /** Return a time by the server's clock, on which the line's queue has no effect; `now` if the server does not tell it. */
  #serverTime(elapsedS: number | undefined, now: number): number {
    return elapsedS === undefined ? now : (this.#openedAt ?? now) + 1000 * elapsedS;
  }

  #send(message: ClientMessage): void {
    if (this.#endedAt === undefined) this.#link.send(encode(message));
  }

  /** Confirm payload. A probe has none, and would delay its own pings. */
  #confirm(wallMs: number): void {
    if (this.#download.total === 0 && this.#sent.total === 0) return;
    this.#send({
      type: "client_confirmation",
      received_bytes: this.#download.total,
      sent_bytes: this.#sent.total,
      timestamp: wallMs,
    });
  }

  #confirmEveryMs(now: number): number {
    const { leastMs, mostMs, shareOfAge } = confirmEvery;
    return Math.min(mostMs, Math.max(leastMs, shareOfAge * (now - (this.#openedAt ?? now))));
  }

  #countSent(now: number): void {
    const left = this.#givenBytes - this.#link.bufferedBytes - this.#sent.total;
    if (left <= 0) return;
    this.#sent.add(left, now);
    this.#journal.sent(left, now);
  }

  #delivery(now: number): number | undefined {
    if (this.#openedAt === undefined || now - this.#openedAt < deliveryAfterMs || this.#server.wantedDownloadBps <= 0) {
      return undefined;
    }
    return this.#download.meanBps(now) / this.#server.wantedDownloadBps;
  }

  #end(ending: Ending, now: number): void {
    if (this.#endedAt !== undefined) return;
    this.#countSent(now);
    this.#endedAt = now;
    this.ending = ending;
    this.phase = isNormal(ending) ? "done" : "failed";
    this.#upload.clear();
    this.#link.close();
  }
}

/** Return the next due time, skipping missed ones. */
function after(due: number, everyMs: number, now: number): number {
  return due + everyMs * Math.max(1, Math.ceil((now - due) / everyMs));
}
