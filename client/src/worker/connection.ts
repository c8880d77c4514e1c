import { monotonic } from "../browser/monotonic.js";
import { isOver } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import { Session, type Link } from "../core/session/session.js";
import type { Snapshot } from "../core/session/snapshot.js";
import { maxChunkBytes } from "../core/session/wire.js";
import type { FromWorker, StartOptions } from "../core/session/worker-messages.js";
import { diagnose } from "./diagnosis.js";

const reportEveryMs = 250;
/** Minimum sleep, which sends together what is due within it. */
const minSleepMs = 4;
const maxSleepMs = 250;

/** Drives a session with a WebSocket and the worker's clock, and reports until it is over. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #session: Session;
  readonly #report: (report: FromWorker) => void;
  readonly #url: string;
  readonly #reporting: number;
  #sleeping = 0;
  #wakeAt = Infinity;
  #wasOpen = false;
  #reported: Snapshot["phase"] = "idle";

  /** @throws SyntaxError for an invalid URL. */
  constructor(options: StartOptions, report: (report: FromWorker) => void) {
    this.#url = options.url;
    this.#report = report;
    this.#socket = new WebSocket(options.url);
    this.#socket.binaryType = "arraybuffer";
    this.#session = new Session(linkTo(this.#socket), { ...options, payload: randomPayload() }, monotonic());
    this.#listen();
    this.#reporting = self.setInterval(() => {
      this.#publish();
    }, reportEveryMs);
    this.#turn();
  }

  report(run: RunReportMessage): void {
    this.#session.report(run);
  }

  limit(mbps: number): void {
    this.#session.limit(mbps);
  }

  stop(settleMs: number | undefined): void {
    this.#session.stop(monotonic(), settleMs);
    this.#turn();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#session.opened(monotonic());
      this.#turn();
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const now = monotonic();
      if (typeof data === "string") {
        this.#session.text(data, now, Date.now());
        this.#turn();
      } else this.#session.binary(data.byteLength, now);
    };
    socket.onclose = ({ code }) => {
      if (this.#wasOpen) {
        this.#session.closed(code, monotonic());
        this.#turn();
      } else if (!isOver(this.#session.phase)) {
        void diagnose(this.#url).then((ending) => {
          this.#session.failed(ending, monotonic());
          this.#turn();
        });
      }
    };
  }

  /** Run the session, and sleep until its next call. */
  #turn(): void {
    const now = monotonic();
    const next = this.#session.tick(now, Date.now());
    if (this.#session.phase !== this.#reported) this.#publish();
    if (isOver(this.#session.phase)) return;
    if (next >= this.#wakeAt && this.#wakeAt > now) return;
    self.clearTimeout(this.#sleeping);
    const sleepMs = Math.min(maxSleepMs, Math.max(minSleepMs, next - now));
    this.#wakeAt = now + sleepMs;
    this.#sleeping = self.setTimeout(() => {
      this.#wakeAt = Infinity;
      this.#turn();
    }, sleepMs);
  }

  #publish(): void {
    const snapshot = this.#session.snapshot(monotonic());
    this.#reported = snapshot.phase;
    if (isOver(snapshot.phase)) {
      self.clearInterval(this.#reporting);
      self.clearTimeout(this.#sleeping);
    }
    this.#report({ snapshot, journal: this.#session.takeJournal() });
  }
}

function linkTo(socket: WebSocket): Link {
  return {
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    send(data) {
      // After the peer's close, but before its event, send would log an error.
      if (socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    close() {
      socket.close();
    },
  };
}

function randomPayload(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(maxChunkBytes));
}
