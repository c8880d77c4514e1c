import { fetchText } from "../browser/http.js";
import { monotonic } from "../browser/monotonic.js";
import type { Party } from "../core/people.js";
import { isNormal, type Ending } from "../core/session/ending.js";
import { Recording } from "../core/session/journal.js";
import { isOver, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import { idle, type ConnectionRecord, type Snapshot } from "../core/session/snapshot.js";
import type { FromWorker, ToWorker } from "../core/session/worker-messages.js";

/** A worker reports four times a second: when it has been silent for this long the page says so. */
const overdueMs = 1000;
/** Time for the closing handshake after the last report, before the worker goes. */
const lingerMs = 1000;
/** Time for the server to show that it is there. */
const answerTimeoutMs = 3000;

export interface SessionWorkerOptions {
  party: Party;
  testId: string;
  durationMs: number;
  pingEveryMs: number;
  /** See {@link SessionOptions}. */
  pingTurnMs?: number | undefined;
}

/** One connection of the run in a worker of its own; `idle` until it is started. */
export class SessionWorker {
  readonly #recording = new Recording();
  readonly #options: SessionWorkerOptions;
  readonly #changed: () => void;
  #worker: Worker | undefined;
  #snapshot: Snapshot = idle;
  #reportedAt = 0;

  /** `changed` is called when the phase changes. */
  constructor(options: SessionWorkerOptions, changed: () => void) {
    this.#options = options;
    this.#changed = changed;
  }

  get phase(): Phase {
    return this.#snapshot.phase;
  }

  /** The latest report as it came, and everything that was noted. */
  get record(): ConnectionRecord {
    return { snapshot: this.#snapshot, journal: this.#recording };
  }

  /** How it stands, for people to read: a worker that is overdue counts as silence. */
  get snapshot(): Snapshot {
    const overdue = monotonic() - this.#reportedAt;
    if (this.phase === "idle" || isOver(this.phase) || overdue < overdueMs) return this.#snapshot;
    return { ...this.#snapshot, silentMs: this.#snapshot.silentMs + overdue, downloadBps: 0, uploadBps: 0 };
  }

  /** `maxMbps` limits what it asks for; undefined is what the profile says. */
  start(maxMbps?: number): void {
    if (this.phase !== "idle") return;
    const { party, testId, durationMs, pingEveryMs, pingTurnMs } = this.#options;
    const userId = `${party}_${testId}`;
    this.#snapshot = { ...idle, phase: "connecting" };
    this.#reportedAt = monotonic();
    let worker: Worker;
    try {
      worker = new Worker(new URL("worker.js", document.baseURI), { name: party });
    } catch {
      this.end({ kind: "crashed" });
      return;
    }
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#take(data);
    };
    worker.onerror = (event: Event) => {
      // An error without words: the script itself could not be loaded.
      if (event instanceof ErrorEvent) this.end({ kind: "crashed" });
      else void this.#notLoaded();
    };
    const url = addressOf(userId, testId, maxMbps);
    worker.postMessage({ kind: "start", url, userId, durationMs, pingEveryMs, pingTurnMs } satisfies ToWorker);
    this.#changed();
  }

  /** Tells the server what a whole run has shown; the answer is `stored` of the snapshot. */
  report(run: RunReportMessage): void {
    this.#worker?.postMessage({ kind: "report", run } satisfies ToWorker);
  }

  /** Asks for a clean end; one that was not started is over at once. */
  stop(): void {
    if (this.phase === "idle") {
      this.end({ kind: "stopped" });
      return;
    }
    if (isOver(this.phase)) return;
    this.#worker?.postMessage({ kind: "stop" } satisfies ToWorker);
    if (this.phase === "stopping") return;
    this.#snapshot = { ...this.#snapshot, phase: "stopping" };
    this.#changed();
  }

  /** Ends it now and without a goodbye. */
  end(ending: Ending): void {
    if (isOver(this.phase)) return;
    this.#worker?.terminate();
    const phase = isNormal(ending) ? "done" : "failed";
    const trafficUntil = this.#snapshot.trafficUntil ?? monotonic();
    this.#snapshot = { ...this.#snapshot, phase, ending, trafficUntil, silentMs: 0, downloadBps: 0, uploadBps: 0 };
    this.#changed();
  }

  /** A filter may hold back the script while the server is there. */
  async #notLoaded(): Promise<void> {
    const health = await fetchText(new URL("virtual-household/health", document.baseURI), answerTimeoutMs);
    this.end({ kind: health === undefined ? "unreachable" : "unloaded" });
  }

  #take({ snapshot, journal }: FromWorker): void {
    if (isOver(this.phase)) return;
    this.#recording.add(journal);
    const { phase: before, stored } = this.#snapshot;
    // A report may have been on its way when it was told to stop.
    const stopping = before === "stopping" && !isOver(snapshot.phase);
    this.#snapshot = stopping ? { ...snapshot, phase: "stopping" } : snapshot;
    this.#reportedAt = monotonic();
    if (isOver(snapshot.phase)) setTimeout(() => this.#worker?.terminate(), lingerMs);
    if (this.phase !== before || (snapshot.stored === undefined) !== (stored === undefined)) this.#changed();
  }
}

/** The address of a party's WebSocket, beside the page. */
function addressOf(userId: string, testId: string, maxMbps: number | undefined): string {
  const option = maxMbps === undefined ? "" : `&throughput=${maxMbps}`;
  // An ISP may let in its own customers only; then its site leads here with a token.
  const token = new URLSearchParams(location.search).get("token");
  const pass = token === null ? "" : `&token=${encodeURIComponent(token)}`;
  // Relative to the page, which a proxy may serve below a path.
  const url = new URL(`ws/virtual-household/${userId}?test_id=${testId}${option}${pass}`, document.baseURI);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  return url.href;
}
