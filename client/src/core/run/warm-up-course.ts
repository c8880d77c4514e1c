import { maxSingleMs, maxWarmUpMs, singleMs, togetherMs, type Task } from "../plan.js";
import { isOver } from "../session/phase.js";
import type { ConnectionRecord } from "../session/snapshot.js";
import type { Span } from "./spans.js";
import { isRising, maxConnections, mayGainMore, rampMs, rateOf, togetherRampMs, warmUpOf, type WarmUp } from "./warm-up.js";

/** Time of the single connection that counts, the latest: what came before a rate stands is not the line's. */
const countedMs = singleMs - rampMs;
/** Time by which a warm-up is prolonged while the rate rises. */
const prolongMs = 500;
/** Time of several connections that counts. */
const togetherCountedMs = togetherMs - rampMs;
/** Maximum time for other connections to open. */
const joinMs = 2000;

/** What a warm-up does next: nothing yet, open other connections, go on without those still opening, or stop. */
export type WarmUpStep = "wait" | "join" | "measure" | "stop";

type Stage = "single" | "joining" | "together" | "over";

/** Connections of a warm-up at one moment. */
export interface WarmUpConnections {
  first: ConnectionRecord;
  /** Those that have joined the first, and opened. */
  joined: readonly ConnectionRecord[];
  /** Whether others are still opening. */
  areOpening: boolean;
  /** Whether this device did not keep up, and limited the rate. */
  isLimited: boolean;
}

/** The warm-up of one direction, step by step. It reads no clock: callers pass monotonic milliseconds. */
export class WarmUpCourse {
  readonly #task: Task;
  readonly #beganAt: number;
  /** Time of several connections until their rate counts. */
  readonly #rampMs: number;
  #stage: Stage = "single";
  /** Time that the single connection has, so far. */
  #singleMs = singleMs;
  #joinBy = Infinity;
  #togetherAt = Infinity;
  /** Time that counts of the single connection, and of several together. */
  #single: Span | undefined;
  #together: Span | undefined;

  /** `roundTripMs` is that of the idle line. */
  constructor(task: Task, roundTripMs: number, now: number) {
    this.#task = task;
    this.#beganAt = now;
    this.#rampMs = togetherRampMs(roundTripMs);
  }

  /** Return what to do now; call a few times a second. */
  step(connections: WarmUpConnections, now: number): WarmUpStep {
    if (isOver(connections.first.snapshot.phase)) this.#stage = "over";
    switch (this.#stage) {
      case "single":
        return this.#stepSingle(connections, now);
      case "joining":
        return this.#stepJoining(connections, now);
      case "together":
        if (now < this.#togetherAt + this.#rampMs + togetherCountedMs) return "wait";
        this.#together = { from: this.#togetherAt + this.#rampMs, until: now };
        return this.#stop();
      case "over":
        return "stop";
    }
  }

  /** Return the result, once all has arrived; `most` limits the connections. Undefined if the warm-up was cut short. */
  resultOf(first: ConnectionRecord, joined: readonly ConnectionRecord[], most = maxConnections): WarmUp | undefined {
    if (this.#single === undefined) return undefined;
    const rate = (records: readonly ConnectionRecord[], span: Span): number =>
      rateOf(this.#task, records.map(({ journal }) => journal), span);
    const togetherBps = this.#together === undefined ? 0 : rate([first, ...joined], this.#together);
    return warmUpOf(rate([first], this.#single), togetherBps, most);
  }

  #stepSingle({ first, isLimited }: WarmUpConnections, now: number): WarmUpStep {
    const { snapshot, journal } = first;
    const { openedAt, elapsedMs } = snapshot;
    if (openedAt === undefined) return now < this.#beganAt + maxWarmUpMs - maxSingleMs ? "wait" : this.#stop();
    if (now < openedAt + this.#singleMs) return "wait";
    const countedUntil = (until: number): Span => ({ from: Math.max(openedAt + rampMs, until - countedMs), until });
    // What arrived since the latest report is not known yet.
    const known = countedUntil(openedAt + elapsedMs);
    if (!isLimited && this.#singleMs < maxSingleMs && isRising(this.#task, journal, known)) {
      this.#singleMs += prolongMs;
      return "wait";
    }
    this.#single = countedUntil(now);
    if (isLimited || !mayGainMore(rateOf(this.#task, [journal], known))) return this.#stop();
    this.#stage = "joining";
    this.#joinBy = Math.min(now + joinMs, this.#beganAt + maxWarmUpMs - this.#rampMs - togetherCountedMs);
    return "join";
  }

  #stepJoining({ joined, areOpening }: WarmUpConnections, now: number): WarmUpStep {
    if (areOpening && now < this.#joinBy) return "wait";
    if (joined.length === 0) return this.#stop();
    this.#stage = "together";
    this.#togetherAt = now;
    return "measure";
  }

  #stop(): WarmUpStep {
    this.#stage = "over";
    return "stop";
  }
}
