import type { Stored } from "./snapshot.js";
import type { ServerMessage, ServerTcp, Totals } from "./wire.js";

type Statement = Extract<
  ServerMessage,
  { type: "session_info" | "real_time_update" | "session_complete" | "run_stored" | "run_refused" }
>;

export class ServerReport {
  wantedDownloadBps = 0;
  wantedUploadBps = 0;
  overloaded = false;
  limited = false;
  clientLimited = false;
  tcp: ServerTcp | undefined;
  /** The server's code for the end of the session; empty before. */
  closeReason = "";
  stored: Stored | undefined;
  readonly #upload = new ServerRate();

  /** Upload rate counted by the server, bit/s; undefined before two totals. */
  get uploadBps(): number | undefined {
    return this.#upload.bps;
  }

  /** Record a message. Totals count while the session is `running`, and at its end. */
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
    }
  }

  #setWanted(downloadMbps: number | undefined, uploadMbps: number | undefined): void {
    if (downloadMbps !== undefined) this.wantedDownloadBps = downloadMbps * 1_000_000;
    if (uploadMbps !== undefined) this.wantedUploadBps = uploadMbps * 1_000_000;
  }

  #setTotals({ receivedBytes, elapsedS, overloaded, limited, clientLimited, tcp }: Totals, counted: boolean): void {
    if (counted) this.#upload.add(receivedBytes, elapsedS);
    this.overloaded = overloaded;
    this.limited = limited;
    this.clientLimited = clientLimited;
    this.tcp = tcp ?? this.tcp;
  }
}

/**
 * Mean rate from the server's running totals and clock. It starts at the first total, so idle time before the first
 * upload request does not count.
 */
export class ServerRate {
  #first: { bytes: number; s: number } | undefined;
  #last: { bytes: number; s: number } | undefined;

  /** Record a total; `s` is its time by the server's clock. */
  add(bytes: number | undefined, s: number | undefined): void {
    if (bytes === undefined || s === undefined) return;
    this.#last = { bytes, s };
    this.#first ??= this.#last;
  }

  /** Undefined before two totals. */
  get bps(): number | undefined {
    if (this.#first === undefined || this.#last === undefined || this.#last.s <= this.#first.s) return undefined;
    return (8 * Math.max(this.#last.bytes - this.#first.bytes, 0)) / (this.#last.s - this.#first.s);
  }
}
