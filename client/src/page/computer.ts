import { monotonic } from "../browser/monotonic.js";
import { personPingEveryMs, recoveryMs, settleMs, stretchMsOf, tasksOf, warmUpMs, type Plan, type Task } from "../core/plan.js";
import { computerSnapshot } from "../core/run/computer.js";
import { DeviceGuard } from "../core/run/device-guard.js";
import { trafficOf, type Span } from "../core/run/spans.js";
import type { PlayedStretch } from "../core/run/stretches.js";
import { warmUpOf, type WarmUp } from "../core/run/warm-up.js";
import type { Stretch } from "../core/scoring/directions.js";
import type { Snapshot } from "../core/session/snapshot.js";
import { SessionWorker } from "./session-worker.js";

type Connections = ReadonlyMap<Task, SessionWorker>;

interface Played {
  stretch: Stretch;
  connections: Connections;
  beganAt: number;
  /** Times when all connections were open, and when the stretch ended. */
  connectedAt: number | undefined;
  until: number | undefined;
}

/** The Computer: a connection for each warm-up, and one for each direction of each stretch. */
export class Computer {
  readonly #testId: string;
  readonly #changed: () => void;
  #warmUps: Connections = new Map();
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
    return this.#played.flatMap(({ connections }) => [...connections.values()]);
  }

  get warmUps(): readonly SessionWorker[] {
    return [...this.#warmUps.values()];
  }

  get current(): readonly SessionWorker[] {
    return [...this.#current.values()];
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
    return this.#current.get("backup")?.record.snapshot.ending?.kind === "refused";
  }

  /** Return the stretches, each with the time that counts. */
  played(now: number): readonly PlayedStretch[] {
    return this.#played.map(({ stretch, beganAt, connectedAt = now, until = now }, index) => {
      // The queue of the stretch before drains first.
      const from = index === 0 ? beganAt : Math.max(connectedAt, beganAt + settleMs);
      return { stretch, span: { from, until: Math.max(from, until) } };
    });
  }

  /** Use a connection alone on the line. */
  warmUp(task: Task): void {
    const session = this.#connection(task, warmUpMs);
    this.#warmUps = new Map([...this.#warmUps, [task, session]]);
    this.#current = new Map([[task, session]]);
    session.start();
  }

  /** Begin a stretch of the load; `changed` tells when it has connected. */
  begin(stretch: Stretch, plan: Plan): void {
    for (const session of this.warmUps) session.end({ kind: "stopped" });
    this.#current = new Map(tasksOf[stretch].map((task) => [task, this.#connection(task, stretchMsOf(plan))]));
    const played = { stretch, connections: this.#current, beganAt: monotonic(), connectedAt: undefined, until: undefined };
    this.#played = [...this.#played, played];
    for (const [task, session] of this.#current) session.start(plan.computerMbps ?? this.#requestOf(task));
  }

  /** Return whether all connections of the stretch have opened, or failed to, and note when they had. */
  noteConnected(): boolean {
    const played = this.#played.at(-1);
    if (played === undefined || this.current.some(({ phase }) => phase === "idle" || phase === "connecting")) return false;
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
    this.#guard = new DeviceGuard(baselineMs);
  }

  /** Lower the download's rate while this device does not keep up with it; call a few times a second. */
  guard(probes: readonly Snapshot[], now: number): void {
    const session = this.#current.get("computer");
    const mbps = session && this.#guard?.look(probes, [session.record.snapshot], now);
    if (mbps === undefined) return;
    if (this.#played.length === 0) this.#isWarmUpLimited = true;
    session?.limit(mbps);
  }

  /** Return whether this device still works off what it did not keep up with. */
  isBehind(probes: readonly Snapshot[]): boolean {
    return this.#guard?.isBehind(probes) === true;
  }

  /** Limit of the download that this device kept up with, Mbit/s; undefined if it kept up with all. */
  get deviceMbps(): number | undefined {
    return this.#guard?.mbps;
  }

  /** Return a warm-up's result. A rate that the device limited is not the line's. */
  warmUpOf(task: Task): WarmUp | undefined {
    const record = this.#warmUps.get(task)?.record;
    if (record === undefined || (task === "computer" && this.#isWarmUpLimited)) return undefined;
    return warmUpOf(task, record.journal, trafficOf(record.snapshot, monotonic()));
  }

  /** Return the span from the first warm-up to the last. */
  warmUpSpan(now: number): Span | undefined {
    const spans = this.warmUps.flatMap(({ record }) => trafficOf(record.snapshot, now) ?? []);
    const [first, last] = [spans[0], spans.at(-1)];
    return first && last && { from: first.from, until: last.until };
  }

  #requestOf(task: Task): number | undefined {
    const limit = task === "computer" ? this.deviceMbps : undefined;
    return limit ?? this.warmUpOf(task)?.computerMbps;
  }

  #connection(profile: Task, durationMs: number): SessionWorker {
    return new SessionWorker({ profile, testId: this.#testId, durationMs, pingEveryMs: personPingEveryMs }, this.#changed);
  }
}
