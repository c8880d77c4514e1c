import type { Stored } from "./snapshot.js";
import type { ServerMessage, ServerTcp, Totals } from "./wire.js";

type Statement = Extract<
  ServerMessage,
  { type: "session_info" | "real_time_update" | "session_complete" | "run_stored" | "run_refused" | "error" }
>;

/** What the server has said of a session. */
export class ServerReport {
  wantedDownloadBps = 0;
  wantedUploadBps = 0;
  overloaded = false;
  limited = false;
  tcp: ServerTcp | undefined;
  error = "";
  /** The server's code for the end of the session; empty before it. */
  closeReason = "";
  stored: Stored | undefined;
  readonly #upload = new ServerRate();

  /** Upload rate by the server's count, bit/s; undefined before two totals. */
  get uploadBps(): number | undefined {
    return this.#upload.bps;
  }

  /** Takes a message; totals count towards the upload rate while the session is `running`, and at its end. */
  take(message: Statement, running: boolean): void {
    switch (message.type) {
      case "session_info":
        this.#setWanted(message.downloadMbps, message.uploadMbps);
        break;
      case "real_time_update":
        this.#setWanted(message.targetDownloadMbps, undefined);
        this.#setTotals(message, running);
        break;
      case "session_complete":
        this.#setTotals(message, true);
        this.closeReason = message.reason;
        break;
      case "run_stored":
        this.stored = { id: message.id, shown: message.shown };
        break;
      case "run_refused":
        this.stored = { refused: message.reason };
        break;
      case "error":
        this.error = message.error;
        break;
    }
  }

  #setWanted(downloadMbps: number | undefined, uploadMbps: number | undefined): void {
    if (downloadMbps !== undefined) this.wantedDownloadBps = downloadMbps * 1_000_000;
    if (uploadMbps !== undefined) this.wantedUploadBps = uploadMbps * 1_000_000;
  }

  #setTotals({ receivedBytes, elapsedS, overloaded, limited, tcp }: Totals, counted: boolean): void {
    if (counted) this.#upload.add(receivedBytes, elapsedS);
    this.overloaded = overloaded;
    this.limited = limited;
    this.tcp = tcp ?? this.tcp;
  }
}

/**
 * A mean rate from running totals of the server, by the server's own clock. It is taken from the first total on, so
 * what comes before the first order to upload does not count as time without any.
 */
export class ServerRate {
  #first: { bytes: number; s: number } | undefined;
  #last: { bytes: number; s: number } | undefined;

  /** Takes a total, and the seconds after which the server had it. */
  add(bytes: number | undefined, s: number | undefined): void {
    if (bytes === undefined || s === undefined) return;
    this.#last = { bytes, s };
    this.#first ??= this.#last;
  }

  /** Bits per second; undefined of fewer than two totals. */
  get bps(): number | undefined {
    if (this.#first === undefined || this.#last === undefined || this.#last.s <= this.#first.s) return undefined;
    return (8 * Math.max(this.#last.bytes - this.#first.bytes, 0)) / (this.#last.s - this.#first.s);
  }
}
