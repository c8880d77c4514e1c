import { monotonic } from "../browser/monotonic.js";
import { maxWarmUpMs, settleMs, type Task } from "../core/plan.js";
import { WarmUpCourse } from "../core/run/warm-up-course.js";
import { joining, type WarmUp } from "../core/run/warm-up.js";
import type { SessionWorker } from "./session-worker.js";
import { TaskConnections } from "./task-connections.js";

/** The warm-up of one direction, with its connections. */
export class TaskWarmUp {
  readonly connections: TaskConnections;
  readonly #course: WarmUpCourse;

  /** `roundTripMs` is that of the idle line; `changed` is called on each change of phase. */
  constructor(task: Task, testId: string, roundTripMs: number, changed: () => void) {
    // The course stops them, at the latest then.
    this.connections = new TaskConnections(task, testId, maxWarmUpMs, changed);
    this.#course = new WarmUpCourse(task, roundTripMs, monotonic());
  }

  get sessions(): readonly SessionWorker[] {
    return this.connections.sessions;
  }

  start(): void {
    this.connections.start(1, undefined);
  }

  /** Go on; return whether the warm-up is over. Call a few times a second. `isLimited` is whether the device limited it. */
  step(isLimited: boolean): boolean {
    const { first, joined, areOpening } = this.connections;
    const records = { first: first.record, joined: joined.map(({ record }) => record), areOpening, isLimited };
    switch (this.#course.step(records, monotonic())) {
      case "wait":
        return false;
      case "join":
        this.connections.add(joining);
        return false;
      case "measure":
        this.connections.dropOpening();
        return false;
      case "stop":
        this.connections.stop(settleMs);
        return true;
    }
  }

  /** Return the result; undefined if the warm-up was cut short, or nothing arrived. */
  get result(): WarmUp | undefined {
    const { first, joined, isFull } = this.connections;
    return this.#course.resultOf(first.record, joined.map(({ record }) => record), isFull ? 1 + joined.length : undefined);
  }
}
