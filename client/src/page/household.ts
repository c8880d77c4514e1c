import { version } from "../../package.json";
import { monotonic } from "../browser/monotonic.js";
import { people, type Party, type Person } from "../core/people.js";
import {
  baselineMs,
  beforeLoadMs,
  personPingEveryMs,
  probePingEveryMs,
  probes,
  recoveryMs,
  settleMs,
  totalMsOf,
  warmUpMs,
  type Plan,
} from "../core/plan.js";
import { interruptionBy, interruptionOf, type Interruption } from "../core/run/interruption.js";
import { lineOf, togetherOf } from "../core/run/probes.js";
import { runReportOf } from "../core/run/report-builder.js";
import { factsOf, isLate } from "../core/run/run-facts.js";
import type { Result, RunPhase, RunState, RunTrace } from "../core/run/run.js";
import { busyOf, trafficOf } from "../core/run/spans.js";
import { warmUpOf, type WarmUp } from "../core/run/warm-up.js";
import { report } from "../core/scoring/report.js";
import { shipped } from "../core/scoring/requirements.js";
import type { Ending } from "../core/session/ending.js";
import { joined, type Journal } from "../core/session/journal.js";
import { isOver, phaseOf, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import type { Snapshot, Stored } from "../core/session/snapshot.js";
import { Attention } from "./attention.js";
import { Member } from "./member.js";

/** Time a worker has to end by itself once told to stop; after it the worker itself is ended. */
const stopTimeoutMs = 4000;
/** Time for the server to say that it keeps the run. */
const reportTimeoutMs = 3000;

/** What a run has shown: everything, and the report of it that the server keeps, which is what every view shows. */
export interface Outcome {
  result: Result;
  report: RunReportMessage;
}

/** One run: the probes alone, perhaps the Computer alone beside them, all people, the probes alone again. */
export class Household {
  readonly #probes: readonly Member[];
  readonly #people: ReadonlyMap<Person, Member>;
  readonly #attention = new Attention();
  readonly #plan: Plan;
  readonly #durationMs: number;
  readonly #changed: () => void;
  readonly #beganAt = monotonic();
  #runPhase: RunPhase = "idle-baseline";
  #phaseBeganAt = this.#beganAt;
  #idleUntil: number | undefined;
  /** The Computer while it is alone on the line. */
  readonly #warmUp: Member | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;
  #stoppedEarly = false;
  /** True while the server's answer to the run's report is waited for. */
  #reported = false;
  /** What the server was told; undefined where it was not. */
  #told: Outcome | undefined;
  #endedAt: number | undefined;

  /** `changed` is called when a phase changes; figures are there to be read at any time. */
  constructor(plan: Plan, changed: () => void) {
    const { durationMs } = plan;
    this.#plan = plan;
    this.#durationMs = durationMs;
    this.#changed = changed;
    const testId = String(Date.now());
    const moved = (): void => {
      this.#moved();
    };
    const probe = { party: "probe", testId, durationMs: Infinity, pingEveryMs: probes * probePingEveryMs } as const;
    this.#probes = Array.from(
      { length: probes },
      (_, place) => new Member({ ...probe, pingTurnMs: place * probePingEveryMs }, moved),
    );
    const options = { testId, durationMs, pingEveryMs: personPingEveryMs };
    this.#people = new Map(people.map((party) => [party, new Member({ ...options, party }, moved)]));
    if (plan.warmUp) {
      this.#warmUp = new Member({ ...options, party: "computer", durationMs: warmUpMs }, changed);
    }
  }

  start(): void {
    for (const probe of this.#probes) probe.start();
  }

  get phase(): Phase {
    const phase = phaseOf(this.#members().map((member) => member.phase));
    // The probes wait for the server to keep the run.
    return this.#stoppedEarly && !isOver(phase) ? "stopping" : phase;
  }

  /** What the server did with the run; undefined where it was not told of it, or has not answered. */
  get stored(): Stored | undefined {
    return this.#probes[0]?.snapshot.stored;
  }

  state(): RunState {
    if (this.#endedAt === undefined) this.#attention.look();
    return {
      phase: this.phase,
      runPhase: isOver(this.phase) ? undefined : this.#runPhase,
      elapsedMs: this.#elapsedMs(),
      totalMs: totalMsOf(this.#plan),
      stoppedEarly: this.#stoppedEarly,
      hidden: this.#attention.hidden,
      people: new Map([...this.#people].map(([person, member]) => [person, this.#onTheLine(person, member).snapshot])),
      probe: this.#probe,
    };
  }

  trace(): RunTrace {
    const now = this.#endedAt ?? monotonic();
    const journals = new Map<Party, Journal>([["probe", lineOf(this.#probeJournals())]]);
    for (const [person, member] of this.#people) journals.set(person, member.course.journal);
    for (const { course } of this.#alone()) journals.set("computer", joined(course.journal, journals.get("computer")));
    return {
      beganAt: this.#beganAt,
      now,
      journals,
      warmUp: this.#warmUp && trafficOf(this.#warmUp.course.snapshot, now),
      load: busyOf([...this.#people.values()].map((member) => trafficOf(member.course.snapshot, now))),
    };
  }

  /** What kept the run from its end; undefined where it reached it, or the customer stopped it. */
  get interruption(): Interruption | undefined {
    if (this.#stoppedEarly || this.#told?.result.report.valid === true) return undefined;
    return interruptionOf(this.#members().flatMap(({ snapshot }) => snapshot.ending ?? []));
  }

  /** What the run has shown, once it is over: what the server was told, so that no two figures are said of one run. */
  outcome(): Outcome {
    const { result, report } = this.#told ?? this.#conclude();
    return { result: { ...result, serverTcp: this.#serverTcp() }, report };
  }

  /** Asks everybody to stop; whoever does not is ended. */
  stop(): void {
    if (isOver(this.phase)) return;
    this.#stoppedEarly = true;
    this.#finish();
  }

  /** Ends whoever is not over yet, at once and without a goodbye. */
  abandon(): void {
    if (!isOver(this.phase)) this.#stoppedEarly = true;
    this.#endAll({ kind: "stopped" });
  }

  #conclude(): Outcome {
    const now = this.#endedAt ?? monotonic();
    const circumstances = {
      tabHidden: this.#attention.hidden,
      clockJumpMs: this.#attention.clockJumpMs,
      clientOverloaded: isLate(this.#probes.map(({ snapshot }) => snapshot)),
      serverOverloaded: this.#members().some(({ snapshot }) => snapshot.serverOverloaded || isFull(snapshot.ending)),
      serverLimited: [...this.#members(), ...this.#alone()].some(({ snapshot }) => snapshot.serverLimited),
      stoppedEarly: this.#stoppedEarly,
      connectionLost: this.#members().some((member) => member.phase === "failed"),
    };
    const courses = new Map([...this.#people].map(([person, member]) => [person, member.course]));
    const facts = factsOf(this.#probeJournals(), courses, this.#idleUntil ?? now, circumstances, now);
    const at = new Date();
    const result = {
      at: at.toISOString(),
      host: location.host,
      warmUp: this.#found() ?? null,
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

  /** What the warm-up has found so far. */
  #found(): WarmUp | undefined {
    if (this.#warmUp === undefined) return undefined;
    const { snapshot, journal } = this.#warmUp.course;
    return warmUpOf(journal, trafficOf(snapshot, this.#endedAt ?? monotonic()));
  }

  /** Who is shown as a person. */
  #onTheLine(person: Person, member: Member): Member {
    return person === "computer" && this.#runPhase === "warm-up" ? (this.#warmUp ?? member) : member;
  }

  /** What becomes of the warm-up's own connection is no part of the run's phase. */
  #alone(): Member[] {
    return this.#warmUp === undefined ? [] : [this.#warmUp];
  }

  #members(): Member[] {
    return [...this.#probes, ...this.#people.values()];
  }

  /** All probes as one. */
  get #probe(): Snapshot {
    return togetherOf(this.#probes.map((probe) => probe.snapshot));
  }

  #probeJournals(): Journal[] {
    return this.#probes.map((probe) => probe.course.journal);
  }

  /** Ends the run. The server is told first what it has shown, where there was a household, and has a moment to answer. */
  #finish(): void {
    clearTimeout(this.#next);
    for (const member of [...this.#people.values(), ...this.#alone()]) member.stop();
    const [probe] = this.#probes;
    if ((this.#runPhase !== "load" && this.#runPhase !== "recovery") || probe?.phase !== "running") {
      this.#stopAll();
      return;
    }
    this.#told = this.#conclude();
    probe.report(this.#told.report);
    this.#reported = true;
    this.#next = setTimeout(() => {
      this.#stopAll();
    }, reportTimeoutMs);
  }

  #stopAll(): void {
    this.#reported = false;
    clearTimeout(this.#next);
    for (const member of [...this.#members(), ...this.#alone()]) member.stop();
    setTimeout(() => {
      this.#endAll({ kind: "lost" });
    }, stopTimeoutMs);
  }

  #endAll(ending: Ending): void {
    clearTimeout(this.#next);
    for (const member of [...this.#members(), ...this.#alone()]) member.end(ending);
  }

  /** Goes on to the next phase when the time, or what became of the connections, asks for it. */
  #moved(): void {
    if (isOver(this.phase)) {
      if (this.#endedAt === undefined) {
        this.#endedAt = monotonic();
        clearTimeout(this.#next);
        this.#attention.end();
      }
    } else if (this.#reported) {
      if (this.stored !== undefined || this.#probes[0]?.phase !== "running") this.#stopAll();
    } else if (!this.#stoppedEarly) {
      this.#advance();
    }
    this.#changed();
  }

  #advance(): void {
    const phases = [...this.#people.values()].map((member) => member.phase);
    const { ending } = this.#probe;
    if (this.#runPhase === "idle-baseline") {
      // Nothing can be compared without a baseline, so nobody else is let onto the line.
      if (ending !== undefined) this.#endAll(ending);
      else if (this.#probes.every(({ phase }) => phase === "running") && this.#next === undefined) {
        this.#phaseBeganAt = monotonic();
        this.#next = setTimeout(() => {
          this.#idleUntil = monotonic();
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

  #warm(computer: Member): void {
    this.#enter("warm-up");
    computer.start();
    this.#next = setTimeout(() => {
      this.#load();
    }, warmUpMs + settleMs);
  }

  #load(): void {
    this.#enter("load");
    this.#warmUp?.end({ kind: "stopped" });
    const computerMbps = this.#plan.computerMbps ?? this.#found()?.computerMbps;
    for (const [person, member] of this.#people) member.start(person === "computer" ? computerMbps : undefined);
  }

  #enter(phase: RunPhase): void {
    this.#runPhase = phase;
    this.#phaseBeganAt = monotonic();
  }

  #elapsedMs(): number {
    const here = (this.#endedAt ?? monotonic()) - this.#phaseBeganAt;
    const people = Math.max(...[...this.#people.values()].map((member) => member.snapshot.elapsedMs));
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

/** Whether somebody's traffic is over, and not only about to begin. */
function hasLeft(phase: Phase): boolean {
  return phase === "stopping" || isOver(phase);
}

/** Whether a server had no room. */
function isFull(ending: Ending | undefined): boolean {
  return ending !== undefined && interruptionBy(ending)?.cause === "busy";
}
