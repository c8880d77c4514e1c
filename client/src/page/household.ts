import { monotonic } from "../browser/monotonic.js";
import { people, type Party, type Person } from "../core/people.js";
import { kernelPing, personPingEveryMs, probePingEveryMs, probes } from "../core/plan.js";
import { interruptionBy } from "../core/run/interruption.js";
import { combinedSnapshot, lineJournal } from "../core/run/probes.js";
import { factsOf, isOverloaded } from "../core/run/run-facts.js";
import type { Result } from "../core/run/run.js";
import type { Span } from "../core/run/spans.js";
import type { Circumstances, RunFacts } from "../core/scoring/measurements.js";
import type { Ending } from "../core/session/ending.js";
import { concatenated, type Journal } from "../core/session/journal.js";
import { phaseOf, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import type { Snapshot, Stored } from "../core/session/snapshot.js";
import { Computer } from "./computer.js";
import { SessionWorker } from "./session-worker.js";

/** All connections of a run, and what they measured. */
export class Household {
  readonly computer: Computer;
  readonly #probes: readonly SessionWorker[];
  /** All but the Computer. */
  readonly #people: ReadonlyMap<Person, SessionWorker>;

  /** `changed` is called on each change of phase. */
  constructor(changed: () => void) {
    const testId = String(Date.now());
    const probe = { profile: "probe", testId, durationMs: Infinity, pingEveryMs: probes * probePingEveryMs, kernelPing } as const;
    this.#probes = Array.from(
      { length: probes },
      (_, place) => new SessionWorker({ ...probe, pingTurnMs: place * probePingEveryMs }, changed),
    );
    const person = { testId, durationMs: Infinity, pingEveryMs: personPingEveryMs };
    const others = people.filter((who) => who !== "computer");
    this.#people = new Map(others.map((profile) => [profile, new SessionWorker({ ...person, profile }, changed)]));
    this.computer = new Computer(testId, changed);
  }

  /** Common phase of all connections but those of the warm-up. */
  get phase(): Phase {
    return phaseOf(this.#sessions().map(({ phase }) => phase));
  }

  get endings(): readonly Ending[] {
    return this.#sessions().flatMap(({ snapshot }) => snapshot.ending ?? []);
  }

  /** Phases of the people who are, or should be, on the line. */
  get personPhases(): readonly Phase[] {
    return [...this.#people.values(), ...this.computer.current].map(({ phase }) => phase);
  }

  get people(): ReadonlyMap<Person, Snapshot> {
    const others = [...this.#people].map(([person, session]) => [person, session.snapshot] as const);
    return new Map([...others, ["computer", this.computer.snapshot]]);
  }

  get probe(): Snapshot {
    return combinedSnapshot(this.#probes.map(({ snapshot }) => snapshot));
  }

  /** Latest reports of the probes. */
  get probeSnapshots(): readonly Snapshot[] {
    return this.#probes.map(({ record }) => record.snapshot);
  }

  /** Answer of the server to the report. */
  get stored(): Stored | undefined {
    return this.#probes[0]?.snapshot.stored;
  }

  get canReport(): boolean {
    return this.#probes[0]?.phase === "running";
  }

  get isOverloaded(): boolean {
    return isOverloaded(this.probeSnapshots);
  }

  get serverTcp(): Result["serverTcp"] {
    const all = [["probe", this.probe] as const, ...this.people];
    return all.flatMap(([who, { serverTcp: tcp }]) => (tcp === undefined ? [] : [{ who, tcp }]));
  }

  /** Circumstances of the connections. */
  get circumstances(): Omit<Circumstances, "tabHidden" | "clockJumpMs" | "stoppedEarly"> {
    const snapshots = this.#sessions().map(({ snapshot }) => snapshot);
    return {
      clientOverloaded: this.isOverloaded,
      serverOverloaded: snapshots.some(({ serverOverloaded, ending }) => serverOverloaded || isFull(ending)),
      serverLimited: snapshots.some(({ serverLimited }) => serverLimited) || this.computer.isWarmUpServerLimited,
      connectionLost: snapshots.some(({ phase }) => phase === "failed"),
    };
  }

  get journals(): ReadonlyMap<Party, Journal> {
    const all = new Map<Party, Journal>([["probe", lineJournal(this.#probeJournals())]]);
    for (const [person, { record }] of this.#people) all.set(person, record.journal);
    const computer = [...this.computer.warmUps, ...this.computer.sessions];
    return all.set("computer", concatenated(computer.map(({ record }) => record.journal)));
  }

  factsIn(span: Span, idleUntil: number, circumstances: Circumstances, now: number): RunFacts {
    const records = new Map([...this.#people].map(([person, { record }]) => [person, [record]]));
    records.set("computer", this.computer.sessions.map(({ record }) => record));
    return factsOf(this.#probeJournals(), records, idleUntil, circumstances, now, span);
  }

  startProbes(): void {
    for (const probe of this.#probes) probe.start();
  }

  /** Start all but the Computer. */
  startPeople(): void {
    for (const session of this.#people.values()) session.start();
  }

  /** Stop all but the probes; wait for late answers for `settleMs`. */
  stopPeople(settleMs?: number): void {
    for (const session of this.#people.values()) session.stop(settleMs);
    this.computer.stop(settleMs);
  }

  stop(): void {
    this.stopPeople();
    for (const probe of this.#probes) probe.stop();
  }

  end(ending: Ending): void {
    for (const session of [...this.#sessions(), ...this.computer.warmUps]) session.end(ending);
  }

  report(message: RunReportMessage): void {
    this.#probes[0]?.report(message);
  }

  /** Lower the Computer's rates while this device does not keep up with them; call a few times a second. */
  guard(): void {
    this.computer.guard(this.probeSnapshots, monotonic());
  }

  #sessions(): readonly SessionWorker[] {
    return [...this.#probes, ...this.#people.values(), ...this.computer.sessions];
  }

  #probeJournals(): Journal[] {
    return this.#probes.map(({ record }) => record.journal);
  }
}

function isFull(ending: Ending | undefined): boolean {
  return ending !== undefined && interruptionBy(ending)?.cause === "busy";
}
