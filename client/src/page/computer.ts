import { monotonic } from "../browser/monotonic.js";
import { recoveryMs, settleMs, stretchMsOf, tasksOf, type Plan, type Task } from "../core/plan.js";
import { computerSnapshot } from "../core/run/computer.js";
import { DeviceGuard } from "../core/run/device-guard.js";
import { trafficOf, wholeOf, type Span } from "../core/run/spans.js";
import type { PlayedStretch } from "../core/run/stretches.js";
import type { WarmUp } from "../core/run/warm-up.js";
import type { Stretch } from "../core/scoring/directions.js";
import type { Snapshot } from "../core/session/snapshot.js";
import type { SessionWorker } from "./session-worker.js";
import { parallelConnectMs, TaskConnections } from "./task-connections.js";
import { TaskWarmUp } from "./task-warm-up.js";

type Connections = ReadonlyMap<Task, TaskConnections>;

interface Played {
  stretch: Stretch;
  connections: Connections;
  beganAt: number;
  /** Times when all connections were open, and when the stretch ended. */
  connectedAt: number | undefined;
  until: number | undefined;
}

/** The Computer: connections for each warm-up, and for each direction of each stretch. */
export class Computer {
  readonly #testId: string;
  readonly #changed: () => void;
  /** The probe's round trip on the idle line. */
  #baselineMs = 0;
  #warmUps: ReadonlyMap<Task, TaskWarmUp> = new Map();
  #played: readonly Played[] = [];
  /** In use; the last ones once the load is over. */
  #current: Connections = new Map();
  /** Of the download only: an upload does not queue in the device behind what it handles, but in its send buffer. */
  #guard: DeviceGuard | undefined;
  /** Whether the device limited the warm-up of the download. */
  #isWarmUpLimited = false;

  /** `changed` is called on each change of phase. */
  constructor(testId: string, changed: () => void) {
    this.#testId = testId;
    this.#changed = changed;
  }

  /** Connections under load. */
  get sessions(): readonly SessionWorker[] {
    return this.#played.flatMap(({ connections }) => sessionsOf(connections));
  }

  /** Connections of the warm-ups. */
  get warmUps(): readonly SessionWorker[] {
    return sessionsOf(this.#warmUps);
  }

  get current(): readonly SessionWorker[] {
    return sessionsOf(this.#current);
  }

  get snapshot(): Snapshot {
    const snapshots = (sessions: readonly SessionWorker[]): Snapshot[] => sessions.map(({ snapshot }) => snapshot);
    return computerSnapshot(snapshots(this.current), snapshots(this.#played.length === 0 ? this.warmUps : this.sessions));
  }

  get stretch(): Stretch | undefined {
    return this.#played.at(-1)?.stretch;
  }

  /** Time under load, ms, up to `now`. */
  loadMs(now: number): number {
    return this.#played.reduce((sum, { beganAt, until }) => sum + (until ?? now) - beganAt, 0);
  }

  /** Whether the server does not know the profile of the upload, or has no room for it. */
  get isBackupRefused(): boolean {
    return this.#current.get("backup")?.first.record.snapshot.ending?.kind === "refused";
  }

  /** Whether a budget of the server limited a warm-up. The parallel connections are too short to tell. */
  get isWarmUpServerLimited(): boolean {
    return [...this.#warmUps.values()].some(({ connections }) => connections.first.record.snapshot.serverLimited);
  }

  /** Return the stretches, each with the time that counts. */
  played(now: number): readonly PlayedStretch[] {
    return this.#played.map(({ stretch, beganAt, connectedAt = now, until = now }, index) => {
      // Its connections open one after the other, and the queue of the stretch before drains first.
      const from = Math.max(connectedAt, index === 0 ? beganAt : beganAt + settleMs);
      return { stretch, span: { from, until: Math.max(from, until) } };
    });
  }

  /** Begin to find out what one connection, and several, get of the line. */
  warmUp(task: Task): void {
    const warmUp = new TaskWarmUp(task, this.#testId, this.#baselineMs, this.#changed);
    this.#warmUps = new Map([...this.#warmUps, [task, warmUp]]);
    this.#current = new Map([[task, warmUp.connections]]);
    warmUp.start();
  }

  /** Go on with a warm-up; return whether it is over. Call a few times a second. */
  stepWarmUp(task: Task): boolean {
    return this.#warmUps.get(task)?.step(task === "computer" && this.#isWarmUpLimited) !== false;
  }

  /** Begin a stretch of the load; `changed` tells when it has connected. */
  begin(stretch: Stretch, plan: Plan): void {
    for (const session of this.warmUps) session.end({ kind: "stopped" });
    // The end of the stretch stops them together; they wait for the last one to open.
    const durationMs = stretchMsOf(plan) + parallelConnectMs;
    const connections = (task: Task): TaskConnections => new TaskConnections(task, this.#testId, durationMs, this.#changed);
    this.#current = new Map(tasksOf[stretch].map((task) => [task, connections(task)]));
    const played = { stretch, connections: this.#current, beganAt: monotonic(), connectedAt: undefined, until: undefined };
    this.#played = [...this.#played, played];
    for (const [task, each] of this.#current) {
      const found = this.#found(task);
      each.start(found?.connections ?? 1, plan.computerMbps ?? this.#limitOf(task) ?? found?.computerMbps);
    }
  }

  /** Return whether all connections of the stretch have opened, or failed to, and note when they had. */
  noteConnected(): boolean {
    const played = this.#played.at(-1);
    if (played === undefined || [...this.#current.values()].some(({ areOpening }) => areOpening)) return false;
    played.connectedAt ??= monotonic();
    return true;
  }

  /** End the stretch; late answers count. */
  endStretch(): void {
    this.stop(recoveryMs);
  }

  /** Forget the stretch that the server refused. */
  dropStretch(): void {
    for (const session of this.current) session.end({ kind: "stopped" });
    this.#played = this.#played.slice(0, -1);
    this.#current = this.#played.at(-1)?.connections ?? new Map();
  }

  /** Stop what is on the line; wait for late answers for `settleMs`. */
  stop(settleMs?: number): void {
    const played = this.#played.at(-1);
    if (played !== undefined) played.until ??= monotonic();
    for (const session of [...this.warmUps, ...this.current]) session.stop(settleMs);
  }

  /** Watch from now on whether this device keeps up; `baselineMs` is the probe's round trip on the idle line. */
  watch(baselineMs: number): void {
    this.#baselineMs = baselineMs;
    this.#guard = new DeviceGuard(baselineMs);
  }

  /** Lower the download's rate while this device does not keep up with it; call a few times a second. */
  guard(probes: readonly Snapshot[], now: number): void {
    const connections = this.#current.get("computer");
    const snapshots = connections?.sessions.map(({ record }) => record.snapshot);
    const mbps = snapshots && this.#guard?.look(probes, snapshots, now);
    if (mbps === undefined) return;
    if (this.#played.length === 0) this.#isWarmUpLimited = true;
    connections?.limit(mbps);
  }

  /** Return whether this device still works off what it did not keep up with. */
  isBehind(probes: readonly Snapshot[]): boolean {
    return this.#guard?.isBehind(probes) === true;
  }

  /** Limit of the download that this device kept up with, Mbit/s; undefined if it kept up with all. */
  get deviceMbps(): number | undefined {
    return this.#guard?.mbps;
  }

  /** Return a warm-up's result, with the connections that opened under load: the server may have refused some. */
  warmUpOf(task: Task): WarmUp | undefined {
    const found = this.#found(task);
    const opened = this.#played.map(({ connections }) => connections.get(task)?.opened ?? 0);
    const connections = Math.max(0, ...opened);
    return found && connections > 0 ? { ...found, connections } : found;
  }

  /** Return the span from the first warm-up to the last. */
  warmUpSpan(now: number): Span | undefined {
    return wholeOf(this.warmUps.flatMap(({ record }) => trafficOf(record.snapshot, now) ?? []));
  }

  /** Return what a warm-up found. A rate that the device limited is not the line's. */
  #found(task: Task): WarmUp | undefined {
    return task === "computer" && this.#isWarmUpLimited ? undefined : this.#warmUps.get(task)?.result;
  }

  /** Return the limit that the device needs, Mbit/s. */
  #limitOf(task: Task): number | undefined {
    return task === "computer" ? this.deviceMbps : undefined;
  }
}

function sessionsOf(all: ReadonlyMap<Task, { readonly sessions: readonly SessionWorker[] }>): readonly SessionWorker[] {
  return [...all.values()].flatMap(({ sessions }) => sessions);
}
