import { version } from "../../package.json";
import { monotonic } from "../browser/monotonic.js";
import { people, type Party, type Person } from "../core/people.js";
import {
  baselineMs,
  beforeLoadMs,
  kernelPing,
  personPingEveryMs,
  probePingEveryMs,
  probes,
  recoveryMs,
  settleMs,
  totalMsOf,
  warmUpMs,
  type Plan,
} from "../core/plan.js";
import { DeviceGuard } from "../core/run/device-guard.js";
import { interruptionBy, interruptionOf, type Interruption } from "../core/run/interruption.js";
import { combinedSnapshot, lineJournal } from "../core/run/probes.js";
import { runReportOf } from "../core/run/report-builder.js";
import { factsOf, isOverloaded } from "../core/run/run-facts.js";
import type { Result, RunPhase, RunState, RunTrace } from "../core/run/run.js";
import { busyOf, trafficOf } from "../core/run/spans.js";
import { warmUpOf, type WarmUp } from "../core/run/warm-up.js";
import { report } from "../core/scoring/report.js";
import { shipped } from "../core/scoring/requirements.js";
import type { Ending } from "../core/session/ending.js";
import { concatenated, type Journal } from "../core/session/journal.js";
import { isOver, phaseOf, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import type { Snapshot, Stored } from "../core/session/snapshot.js";
import { PageMonitor } from "./page-monitor.js";
import { SessionWorker } from "./session-worker.js";

/** Time for a worker to stop before it is terminated. */
const stopTimeoutMs = 4000;
const reportTimeoutMs = 3000;
/** As often as workers report. */
const guardEveryMs = 250;
/** Time that a device may take to work off the warm-up. */
const maxBehindMs = 5000;

/** Result of a run, and its report, which the server stores and every view shows. */
export interface Outcome {
  result: Result;
  report: RunReportMessage;
}

/** A run: probes alone, optionally the Computer alone, all people, probes alone again. */
export class Household {
  readonly #probes: readonly SessionWorker[];
  readonly #people: ReadonlyMap<Person, SessionWorker>;
  readonly #monitor = new PageMonitor();
  readonly #plan: Plan;
  readonly #durationMs: number;
  readonly #onPhase: () => void;
  readonly #beganAt = monotonic();
  #runPhase: RunPhase = "idle-baseline";
  #phaseBeganAt = this.#beganAt;
  #idleUntil: number | undefined;
  readonly #warmUp: SessionWorker | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;
  #guard: DeviceGuard | undefined;
  /** Whether the device limited the warm-up. */
  #warmUpLimited = false;
  #guarding: ReturnType<typeof setInterval> | undefined;
  #stoppedEarly = false;
  /** True while waiting for the server to store the report. */
  #awaitingStored = false;
  #reportedOutcome: Outcome | undefined;
  #endedAt: number | undefined;

  /** `changed` is called on each change of phase. */
  constructor(plan: Plan, changed: () => void) {
    const { durationMs } = plan;
    this.#plan = plan;
    this.#durationMs = durationMs;
    this.#onPhase = changed;
    const testId = String(Date.now());
    const moved = (): void => {
      this.#onChange();
    };
    const probe = { party: "probe", testId, durationMs: Infinity, pingEveryMs: probes * probePingEveryMs, kernelPing } as const;
    this.#probes = Array.from(
      { length: probes },
      (_, place) => new SessionWorker({ ...probe, pingTurnMs: place * probePingEveryMs }, moved),
    );
    const options = { testId, durationMs, pingEveryMs: personPingEveryMs };
    this.#people = new Map(people.map((party) => [party, new SessionWorker({ ...options, party }, moved)]));
    if (plan.warmUp) {
      this.#warmUp = new SessionWorker({ ...options, party: "computer", durationMs: warmUpMs }, changed);
    }
  }

  start(): void {
    for (const probe of this.#probes) probe.start();
  }

  get phase(): Phase {
    const phase = phaseOf(this.#sessions().map((session) => session.phase));
    // The probes wait for the server to store the run.
    return this.#stoppedEarly && !isOver(phase) ? "stopping" : phase;
  }

  get stored(): Stored | undefined {
    return this.#probes[0]?.snapshot.stored;
  }

  state(): RunState {
    if (this.#endedAt === undefined) this.#monitor.look();
    return {
      phase: this.phase,
      runPhase: isOver(this.phase) ? undefined : this.#runPhase,
      elapsedMs: this.#elapsedMs(),
      totalMs: totalMsOf(this.#plan),
      stoppedEarly: this.#stoppedEarly,
      hidden: this.#monitor.hidden,
      people: new Map([...this.#people].map(([person, session]) => [person, this.#shownSession(person, session).snapshot])),
      probe: this.#probe,
    };
  }

  trace(): RunTrace {
    const now = this.#endedAt ?? monotonic();
    const journals = new Map<Party, Journal>([["probe", lineJournal(this.#probeJournals())]]);
    for (const [person, session] of this.#people) {
      const earlier = person === "computer" ? this.#warmUpSessions() : [];
      journals.set(person, concatenated([...earlier, session].map(({ record }) => record.journal)));
    }
    return {
      beganAt: this.#beganAt,
      now,
      journals,
      warmUp: this.#warmUp && trafficOf(this.#warmUp.record.snapshot, now),
      load: busyOf([...this.#people.values()].map((session) => trafficOf(session.record.snapshot, now))),
    };
  }

  /** Reason that the run did not finish; undefined if it did, or the customer stopped it. */
  get interruption(): Interruption | undefined {
    if (this.#stoppedEarly || this.#reportedOutcome?.result.report.valid === true) return undefined;
    const isDeviceBehind = this.#guard?.mbps !== undefined || isOverloaded(this.#probeSnapshots());
    return interruptionOf(this.#sessions().flatMap(({ snapshot }) => snapshot.ending ?? []), isDeviceBehind);
  }

  /** Return the result of a finished run, the one told to the server. */
  outcome(): Outcome {
    const { result, report } = this.#reportedOutcome ?? this.#conclude();
    return { result: { ...result, serverTcp: this.#serverTcp() }, report };
  }

  /** Sessions that do not stop in time are terminated. */
  stop(): void {
    if (isOver(this.phase)) return;
    this.#stoppedEarly = true;
    this.#finish();
  }

  abandon(): void {
    if (!isOver(this.phase)) this.#stoppedEarly = true;
    this.#endAll({ kind: "stopped" });
  }

  #conclude(): Outcome {
    const now = this.#endedAt ?? monotonic();
    const circumstances = {
      tabHidden: this.#monitor.hidden,
      clockJumpMs: this.#monitor.clockJumpMs,
      clientOverloaded: isOverloaded(this.#probes.map(({ snapshot }) => snapshot)),
      serverOverloaded: this.#sessions().some(({ snapshot }) => snapshot.serverOverloaded || isFull(snapshot.ending)),
      serverLimited: [...this.#sessions(), ...this.#warmUpSessions()].some(({ snapshot }) => snapshot.serverLimited),
      stoppedEarly: this.#stoppedEarly,
      connectionLost: this.#sessions().some((session) => session.phase === "failed"),
    };
    const records = new Map([...this.#people].map(([person, session]) => [person, [session.record]]));
    const facts = factsOf(this.#probeJournals(), records, this.#idleUntil ?? now, circumstances, now);
    const at = new Date();
    const result = {
      at: at.toISOString(),
      host: location.host,
      warmUp: this.#warmUpResult() ?? null,
      deviceMbps: this.#guard?.mbps ?? null,
      facts,
      serverTcp: this.#serverTcp(),
      report: report(facts, shipped),
    };
    return { result, report: runReportOf(result, at.getTime(), this.trace(), version) };
  }

  #serverTcp(): Result["serverTcp"] {
    const all = [["probe", this.#probe] as const, ...this.state().people];
    return all.flatMap(([who, { serverTcp: tcp }]) => (tcp === undefined ? [] : [{ who, tcp }]));
  }

  /** A rate that the device limited is not the line's. */
  #warmUpResult(): WarmUp | undefined {
    if (this.#warmUp === undefined || this.#warmUpLimited) return undefined;
    const { snapshot, journal } = this.#warmUp.record;
    return warmUpOf(journal, trafficOf(snapshot, this.#endedAt ?? monotonic()));
  }

  #shownSession(person: Person, session: SessionWorker): SessionWorker {
    return person === "computer" && this.#runPhase === "warm-up" ? (this.#warmUp ?? session) : session;
  }

  /** The warm-up's session does not affect the phase of the run. */
  #warmUpSessions(): SessionWorker[] {
    return this.#warmUp === undefined ? [] : [this.#warmUp];
  }

  #sessions(): SessionWorker[] {
    return [...this.#probes, ...this.#people.values()];
  }

  get #probe(): Snapshot {
    return combinedSnapshot(this.#probes.map((probe) => probe.snapshot));
  }

  #probeJournals(): Journal[] {
    return this.#probes.map((probe) => probe.record.journal);
  }

  /** End the run, after reporting it to the server if there was load. */
  #finish(): void {
    clearTimeout(this.#next);
    for (const session of [...this.#people.values(), ...this.#warmUpSessions()]) session.stop();
    const [probe] = this.#probes;
    if ((this.#runPhase !== "load" && this.#runPhase !== "recovery") || probe?.phase !== "running") {
      this.#stopAll();
      return;
    }
    this.#reportedOutcome = this.#conclude();
    probe.report(this.#reportedOutcome.report);
    this.#awaitingStored = true;
    this.#next = setTimeout(() => {
      this.#stopAll();
    }, reportTimeoutMs);
  }

  #stopAll(): void {
    this.#awaitingStored = false;
    clearTimeout(this.#next);
    for (const session of [...this.#sessions(), ...this.#warmUpSessions()]) session.stop();
    setTimeout(() => {
      this.#endAll({ kind: "lost" });
    }, stopTimeoutMs);
  }

  #endAll(ending: Ending): void {
    clearTimeout(this.#next);
    for (const session of [...this.#sessions(), ...this.#warmUpSessions()]) session.end(ending);
  }

  /** Move on as time or the sessions demand. */
  #onChange(): void {
    if (isOver(this.phase)) {
      if (this.#endedAt === undefined) {
        this.#endedAt = monotonic();
        clearTimeout(this.#next);
        this.#monitor.end();
        clearInterval(this.#guarding);
      }
    } else if (this.#awaitingStored) {
      if (this.stored !== undefined || this.#probes[0]?.phase !== "running") this.#stopAll();
    } else if (!this.#stoppedEarly) {
      this.#advance();
    }
    this.#onPhase();
  }

  #advance(): void {
    const phases = [...this.#people.values()].map((session) => session.phase);
    const { ending } = this.#probe;
    if (this.#runPhase === "idle-baseline") {
      // Without a baseline there is nothing to compare with.
      if (ending !== undefined) this.#endAll(ending);
      else if (this.#probes.every(({ phase }) => phase === "running") && this.#next === undefined) {
        this.#phaseBeganAt = monotonic();
        this.#next = setTimeout(() => {
          this.#idleUntil = monotonic();
          this.#guardDevice();
          if (this.#warmUp === undefined) this.#load();
          else this.#warm(this.#warmUp);
        }, baselineMs);
      }
    } else if (this.#runPhase === "load" && phases.every(hasLeft)) {
      this.#enter("recovery");
      if (phases.every((phase) => phase === "failed")) this.#finish();
      else {
        this.#next = setTimeout(() => {
          this.#finish();
        }, recoveryMs);
      }
    }
  }

  /** Lower the Computer's rate while this device does not keep up with it. */
  #guardDevice(): void {
    const guard = (this.#guard = new DeviceGuard(this.#probe.latency.p50Ms ?? 0));
    this.#guarding = setInterval(() => {
      const computer = this.#runPhase === "warm-up" ? this.#warmUp : this.#people.get("computer");
      if (computer === undefined) return;
      const mbps = guard.look(this.#probeSnapshots(), computer.record.snapshot, monotonic());
      if (mbps === undefined) return;
      if (this.#runPhase === "warm-up") this.#warmUpLimited = true;
      computer.limit(mbps);
    }, guardEveryMs);
  }

  #warm(computer: SessionWorker): void {
    this.#enter("warm-up");
    computer.start();
    this.#next = setTimeout(() => {
      this.#settle(monotonic() + maxBehindMs);
    }, warmUpMs + settleMs);
  }

  /** Begin the load once the device has worked off the warm-up, at the latest at `until`. */
  #settle(until: number): void {
    if (this.#guard?.isBehind(this.#probeSnapshots()) !== true || monotonic() >= until) {
      this.#load();
      return;
    }
    this.#next = setTimeout(() => {
      this.#settle(until);
    }, guardEveryMs);
  }

  #probeSnapshots(): Snapshot[] {
    return this.#probes.map(({ record }) => record.snapshot);
  }

  #load(): void {
    this.#enter("load");
    this.#warmUp?.end({ kind: "stopped" });
    const computerMbps = this.#plan.computerMbps ?? this.#guard?.mbps ?? this.#warmUpResult()?.computerMbps;
    for (const [person, session] of this.#people) session.start(person === "computer" ? computerMbps : undefined);
  }

  #enter(phase: RunPhase): void {
    this.#runPhase = phase;
    this.#phaseBeganAt = monotonic();
  }

  #elapsedMs(): number {
    const here = (this.#endedAt ?? monotonic()) - this.#phaseBeganAt;
    const people = Math.max(...[...this.#people.values()].map((session) => session.snapshot.elapsedMs));
    const before = beforeLoadMs(this.#plan);
    switch (this.#runPhase) {
      case "idle-baseline":
        return this.#next === undefined ? 0 : Math.min(here, baselineMs);
      case "warm-up":
        return Math.min(baselineMs + here, before);
      case "load":
        return before + Math.min(people, this.#durationMs);
      case "recovery":
        return before + Math.min(people, this.#durationMs) + Math.min(here, recoveryMs);
    }
  }
}

function hasLeft(phase: Phase): boolean {
  return phase === "stopping" || isOver(phase);
}

function isFull(ending: Ending | undefined): boolean {
  return ending !== undefined && interruptionBy(ending)?.cause === "busy";
}
