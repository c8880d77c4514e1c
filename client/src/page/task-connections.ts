import { parallelPingEveryMs, personPingEveryMs, type Task } from "../core/plan.js";
import { takesPart } from "../core/run/computer.js";
import { shareOf } from "../core/run/warm-up.js";
import type { Ending } from "../core/session/ending.js";
import { isOver } from "../core/session/phase.js";
import { SessionWorker, type SessionWorkerOptions } from "./session-worker.js";

/** Time for parallel connections to open. The others wait for them, and a browser opens one after the other. */
export const parallelConnectMs = 3000;

/** Connections of a task: a first one, and parallel ones that join it once it is open. */
export class TaskConnections {
  readonly first: SessionWorker;
  readonly #options: Omit<SessionWorkerOptions, "pingEveryMs">;
  readonly #changed: () => void;
  #parallel: readonly SessionWorker[] = [];
  /** Request of each connection; undefined for the profile's rate. */
  #shareMbps: number | undefined;

  /** `changed` is called on each change of phase. */
  constructor(profile: Task, testId: string, durationMs: number, changed: () => void) {
    this.#options = { profile, testId, durationMs };
    this.#changed = changed;
    this.first = new SessionWorker({ ...this.#options, pingEveryMs: personPingEveryMs }, () => {
      this.#joinFirst();
      changed();
    });
  }

  /** All that count: parallel ones that did not open are left out. */
  get sessions(): readonly SessionWorker[] {
    return [this.first, ...this.#parallel.filter(({ snapshot }) => takesPart(snapshot))];
  }

  /** Parallel ones that have opened. */
  get joined(): readonly SessionWorker[] {
    return this.#parallel.filter(({ snapshot }) => snapshot.openedAt !== undefined);
  }

  /** Connections that have opened. */
  get opened(): number {
    return (this.first.snapshot.openedAt === undefined ? 0 : 1) + this.joined.length;
  }

  get areOpening(): boolean {
    return this.sessions.some(({ phase }) => phase === "idle" || phase === "connecting");
  }

  /** Whether the server refused a parallel one. */
  get isFull(): boolean {
    return this.#parallel.some(({ snapshot }) => snapshot.ending?.kind === "refused");
  }

  /** Start several connections, which ask for equal shares of `mbps`; undefined for the profile's rate. */
  start(connections: number, mbps: number | undefined): void {
    this.#shareMbps = mbps === undefined ? undefined : shareOf(mbps, connections);
    this.add(connections - 1);
    this.first.start(this.#shareMbps);
  }

  /** Let others join the first. */
  add(count: number): void {
    const options = { ...this.#options, pingEveryMs: parallelPingEveryMs, isParallel: true };
    const added = Array.from({ length: count }, () => new SessionWorker(options, this.#changed));
    this.#parallel = [...this.#parallel, ...added];
    this.#joinFirst();
  }

  /** Give up parallel ones that have not opened yet. */
  dropOpening(): void {
    for (const session of this.#parallel) if (session.snapshot.openedAt === undefined) session.end({ kind: "stopped" });
  }

  /** Lower the rates both ways, to `mbps` together. */
  limit(mbps: number): void {
    const running = this.sessions.filter(({ phase }) => phase === "running");
    for (const session of running) session.limit(shareOf(mbps, running.length));
  }

  stop(settleMs?: number): void {
    for (const session of this.sessions) session.stop(settleMs);
  }

  end(ending: Ending): void {
    for (const session of this.sessions) session.end(ending);
  }

  /** Start parallel ones once the first is open: without it the server refuses them. */
  #joinFirst(): void {
    const { phase } = this.first;
    if (isOver(phase)) this.dropOpening();
    const waiting = this.#parallel.filter((session) => session.phase === "idle");
    if (phase !== "running" || waiting.length === 0) return;
    for (const session of waiting) session.start(this.#shareMbps);
    setTimeout(() => {
      this.dropOpening();
    }, parallelConnectMs);
  }
}
