import type { FromWorker, ToWorker } from "./core/bridge.js";
import { isNormal, type Ending } from "./core/ending.js";
import { phaseOf } from "./core/household.js";
import { people, type Person } from "./core/people.js";
import { idle, isOver, type Phase, type Snapshot } from "./core/snapshot.js";

/** Time a worker has to end by itself once told to stop; after it the worker itself is ended. */
const stopTimeoutMs = 4000;
/** A worker reports four times a second: when it has been silent for this long the page says so. */
const overdueMs = 1000;
/** Time for the closing handshake after the last report, before the worker goes. */
const lingerMs = 1000;

interface Member {
  worker: Worker | undefined;
  snapshot: Snapshot;
  reportedAt: number;
}

/** One run: a worker per person, from start to the last of them being over. */
export class Household {
  readonly #members = new Map<Person, Member>();
  readonly #changed: () => void;

  /** `changed` is called when a person's phase changes; figures are there to be read at any time. */
  constructor(durationMs: number, changed: () => void) {
    this.#changed = changed;
    const testId = String(Date.now());
    for (const person of people) {
      this.#members.set(person, { worker: undefined, snapshot: { ...idle, phase: "connecting" }, reportedAt: performance.now() });
      this.#open(person, `${person}_${testId}`, testId, durationMs);
    }
  }

  get phase(): Phase {
    return phaseOf([...this.#members.values()].map((member) => member.snapshot.phase));
  }

  /** How a person fares, as of the latest report; a worker that is overdue counts as silence. */
  snapshot(person: Person): Snapshot {
    const member = this.#members.get(person);
    if (member === undefined) return idle;
    const overdue = performance.now() - member.reportedAt;
    if (isOver(member.snapshot.phase) || overdue < overdueMs) return member.snapshot;
    return { ...member.snapshot, silentMs: member.snapshot.silentMs + overdue, downloadBps: 0, uploadBps: 0 };
  }

  /** Asks everybody to stop; whoever does not is ended. */
  stop(): void {
    for (const member of this.#members.values()) {
      if (isOver(member.snapshot.phase)) continue;
      member.worker?.postMessage({ kind: "stop" } satisfies ToWorker);
      member.snapshot = { ...member.snapshot, phase: "stopping" };
    }
    this.#changed();
    setTimeout(() => {
      this.abandon({ kind: "lost" });
    }, stopTimeoutMs);
  }

  /** Ends whoever is not over yet, at once and without a goodbye. */
  abandon(ending: Ending): void {
    for (const person of people) this.#end(person, ending);
  }

  #open(person: Person, userId: string, testId: string, durationMs: number): void {
    let worker: Worker;
    try {
      worker = new Worker(new URL("worker.js", document.baseURI), { name: person });
    } catch (error) {
      this.#end(person, { kind: "crashed", reason: String(error) });
      return;
    }
    const member = this.#members.get(person);
    if (member === undefined) return;
    member.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      this.#take(person, data);
    };
    worker.onerror = (event: Event) => {
      event.preventDefault();
      // An error without words: the script itself could not be loaded.
      const thrown = event instanceof ErrorEvent;
      this.#end(person, thrown ? { kind: "crashed", reason: event.message } : { kind: "unreachable" });
    };
    const url = addressOf(userId, testId);
    worker.postMessage({ kind: "start", url, userId, durationMs } satisfies ToWorker);
  }

  #take(person: Person, snapshot: Snapshot): void {
    const member = this.#members.get(person);
    if (member === undefined || isOver(member.snapshot.phase)) return;
    const before = member.snapshot.phase;
    // A report may have been on its way when everybody was told to stop.
    const stopping = before === "stopping" && !isOver(snapshot.phase);
    member.snapshot = stopping ? { ...snapshot, phase: "stopping" } : snapshot;
    member.reportedAt = performance.now();
    if (isOver(snapshot.phase)) setTimeout(() => member.worker?.terminate(), lingerMs);
    if (member.snapshot.phase !== before) this.#changed();
  }

  #end(person: Person, ending: Ending): void {
    const member = this.#members.get(person);
    if (member === undefined || isOver(member.snapshot.phase)) return;
    member.worker?.terminate();
    const phase = isNormal(ending) ? "done" : "failed";
    member.snapshot = { ...member.snapshot, phase, ending, silentMs: 0, downloadBps: 0, uploadBps: 0 };
    this.#changed();
  }
}

/** The address of a person's WebSocket, on the host that served the page. */
function addressOf(userId: string, testId: string): string {
  const scheme = location.protocol === "http:" ? "ws" : "wss";
  return `${scheme}://${location.host}/ws/virtual-household/${userId}?test_id=${testId}`;
}
