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

  take(message: Statement): void {
    switch (message.type) {
      case "session_info":
        this.#setWanted(message.downloadMbps, message.uploadMbps);
        break;
      case "real_time_update":
        this.#setWanted(message.targetDownloadMbps, undefined);
        this.#setTotals(message);
        break;
      case "session_complete":
        this.#setTotals(message);
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

  #setTotals({ overloaded, limited, clientLimited, tcp }: Totals): void {
    this.overloaded = overloaded;
    this.limited = limited;
    this.clientLimited = clientLimited;
    this.tcp = tcp ?? this.tcp;
  }
}
