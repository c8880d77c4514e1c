import { fetchText } from "../browser/http.js";
import { monotonic } from "../browser/monotonic.js";
import type { Party } from "../core/people.js";
import type { Task } from "../core/plan.js";
import { isNormal, type Ending } from "../core/session/ending.js";
import { Recording } from "../core/session/journal.js";
import { isOver, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import { idle, type ConnectionRecord, type Snapshot } from "../core/session/snapshot.js";
import type { FromWorker, ToWorker } from "../core/session/worker-messages.js";

/** Silence of a worker, which reports four times a second, that the page shows. */
const overdueMs = 1000;
/** Silence of a worker after which it is given up: longer than a session waits for its server. */
const hungMs = 20_000;
const lookEveryMs = 5000;
/** Time for the closing handshake before the worker is terminated. */
const closeTimeoutMs = 1000;
const answerTimeoutMs = 3000;

export interface SessionWorkerOptions {
  profile: Party | Task;
  testId: string;
  durationMs: number;
  pingEveryMs: number;
  /** See {@link SessionOptions}. */
  pingTurnMs?: number | undefined;
  kernelPing?: number | undefined;
  /** Whether the session joins one of the same profile and run, with which the server counts it as one. */
  isParallel?: boolean | undefined;
}

/** A session in a worker of its own; `idle` until started. */
export class SessionWorker {
  readonly #recording = new Recording();
  readonly #options: SessionWorkerOptions;
  readonly #changed: () => void;
  #worker: Worker | undefined;
  #snapshot: Snapshot = idle;
  #reportedAt = 0;
  #looking: ReturnType<typeof setInterval> | undefined;
  /** Whether the worker was silent for too long when last looked at. */
  #wasHung = false;

  /** `changed` is called on each change of phase. */
  constructor(options: SessionWorkerOptions, changed: () => void) {
    this.#options = options;
    this.#changed = changed;
  }

  get phase(): Phase {
    return this.#snapshot.phase;
  }

  get record(): ConnectionRecord {
    return { snapshot: this.#snapshot, journal: this.#recording };
  }

  /** Snapshot to show: an overdue worker counts as silence. */
  get snapshot(): Snapshot {
    const overdue = monotonic() - this.#reportedAt;
    if (this.phase === "idle" || isOver(this.phase) || overdue < overdueMs) return this.#snapshot;
    return { ...this.#snapshot, silentMs: this.#snapshot.silentMs + overdue, downloadBps: 0, uploadBps: 0 };
  }

  /** Start; `maxMbps` limits the profile's rate. */
  start(maxMbps?: number): void {
    if (this.phase !== "idle") return;
    const { profile, testId, durationMs, pingEveryMs, pingTurnMs, kernelPing, isParallel } = this.#options;
    const userId = `${profile}_${testId}`;
    this.#snapshot = { ...idle, phase: "connecting" };
    this.#reportedAt = monotonic();
    let worker: Worker;
    try {
      worker = new Worker(new URL("worker.js", document.baseURI), { name: profile });
    } catch {
      this.end({ kind: "crashed" });
      return;
    }
    this.#worker = worker;
    this.#looking = setInterval(() => {
      this.#look();
    }, lookEveryMs);
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#take(data);
    };
    worker.onerror = (event: Event) => {
      // Without a message, the script itself did not load.
      if (event instanceof ErrorEvent) this.end({ kind: "crashed" });
      else void this.#notLoaded();
    };
    const url = addressOf(userId, testId, maxMbps, isParallel === true);
    const times = { durationMs, pingEveryMs, pingTurnMs, kernelPing };
    worker.postMessage({ kind: "start", url, userId, ...times, maxMbps } satisfies ToWorker);
    this.#changed();
  }

  /** Lower the rate both ways. */
  limit(mbps: number): void {
    this.#worker?.postMessage({ kind: "limit", mbps } satisfies ToWorker);
  }

  /** Send the run's report; the answer is `stored` of the snapshot. */
  report(run: RunReportMessage): void {
    this.#worker?.postMessage({ kind: "report", run } satisfies ToWorker);
  }

  /** Stop cleanly, or at once if not started; wait for late answers for `settleMs`. */
  stop(settleMs?: number): void {
    if (this.phase === "idle") {
      this.end({ kind: "stopped" });
      return;
    }
    if (isOver(this.phase)) return;
    this.#worker?.postMessage({ kind: "stop", settleMs } satisfies ToWorker);
    if (this.phase === "stopping") return;
    this.#snapshot = { ...this.#snapshot, phase: "stopping" };
    this.#changed();
  }

  end(ending: Ending): void {
    if (isOver(this.phase)) return;
    clearInterval(this.#looking);
    this.#worker?.terminate();
    const phase = isNormal(ending) ? "done" : "failed";
    const trafficUntil = this.#snapshot.trafficUntil ?? monotonic();
    this.#snapshot = { ...this.#snapshot, phase, ending, trafficUntil, silentMs: 0, downloadBps: 0, uploadBps: 0 };
    this.#changed();
  }

  /** Give up a worker that never began, or hangs: its session cannot notice. */
  #look(): void {
    const isHung = monotonic() - this.#reportedAt >= hungMs;
    // Where the page itself stood still, reports wait behind this timer.
    if (isHung && this.#wasHung) this.end({ kind: "crashed" });
    this.#wasHung = isHung;
  }

  /** A filter may block the script while the server is up. */
  async #notLoaded(): Promise<void> {
    const health = await fetchText(new URL("virtual-household/health", document.baseURI), answerTimeoutMs);
    this.end({ kind: health === undefined ? "unreachable" : "unloaded" });
  }

  #take({ snapshot, journal }: FromWorker): void {
    if (isOver(this.phase)) return;
    this.#recording.add(journal);
    const { phase: before, stored } = this.#snapshot;
    // A report may cross the order to stop.
    const stopping = before === "stopping" && !isOver(snapshot.phase);
    this.#snapshot = stopping ? { ...snapshot, phase: "stopping" } : snapshot;
    this.#reportedAt = monotonic();
    if (isOver(snapshot.phase)) {
      clearInterval(this.#looking);
      setTimeout(() => this.#worker?.terminate(), closeTimeoutMs);
    }
    if (this.phase !== before || (snapshot.stored === undefined) !== (stored === undefined)) this.#changed();
  }
}

function addressOf(userId: string, testId: string, maxMbps: number | undefined, isParallel: boolean): string {
  const options = (maxMbps === undefined ? "" : `&throughput=${maxMbps}`) + (isParallel ? "&parallel=1" : "");
  // An ISP that admits only its customers links here with a token.
  const token = new URLSearchParams(location.search).get("token");
  const pass = token === null ? "" : `&token=${encodeURIComponent(token)}`;
  // Relative to the page, which a proxy may serve below a path.
  const url = new URL(`ws/virtual-household/${userId}?test_id=${testId}${options}${pass}`, document.baseURI);
  url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
  return url.href;
}
