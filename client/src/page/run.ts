import { version } from "../../package.json";
import { monotonic } from "../browser/monotonic.js";
import {
  baselineMs,
  beforeLoadMs,
  recoveryMs,
  settleMs,
  shortForm,
  stretchMsOf,
  totalMsOf,
  warmUpsOf,
  type Plan,
  type Task,
} from "../core/plan.js";
import { interruptionOf, type Interruption } from "../core/run/interruption.js";
import { runReportOf } from "../core/run/report-builder.js";
import type { Result, RunPhase, RunState, RunTrace } from "../core/run/run.js";
import { nothing, type Span } from "../core/run/spans.js";
import { measuredOf } from "../core/run/stretches.js";
import { worst, type Stretch } from "../core/scoring/directions.js";
import type { RunFacts } from "../core/scoring/measurements.js";
import { report } from "../core/scoring/report.js";
import { shipped } from "../core/scoring/requirements.js";
import type { Ending } from "../core/session/ending.js";
import { isOver, type Phase } from "../core/session/phase.js";
import type { RunReportMessage } from "../core/session/run-report.js";
import type { Stored } from "../core/session/snapshot.js";
import { Household } from "./household.js";
import { PageMonitor } from "./page-monitor.js";

/** Time for a worker to stop before it is terminated. */
const stopTimeoutMs = 4000;
const reportTimeoutMs = 3000;
/** As often as workers report. */
const guardEveryMs = 250;
const stepWarmUpEveryMs = 100;
/** Time that a device may take to work off the warm-up. */
const maxBehindMs = 5000;

/** Result of a run, and its report, which the server stores and every view shows. */
export interface Outcome {
  result: Result;
  report: RunReportMessage;
}

/** A run: probes alone, optionally the Computer alone, all people while the Computer plays its stretches, probes alone again. */
export class Run {
  readonly #household: Household;
  readonly #monitor = new PageMonitor();
  readonly #onPhase: () => void;
  readonly #beganAt = monotonic();
  #plan: Plan;
  #runPhase: RunPhase = "idle-baseline";
  #phaseBeganAt = this.#beganAt;
  #idleUntil: number | undefined;
  #warmUpsLeft: readonly Task[];
  #stretchesLeft: readonly Stretch[] = [];
  #next: ReturnType<typeof setTimeout> | undefined;
  #guarding: ReturnType<typeof setInterval> | undefined;
  #stoppedEarly = false;
  /** True while waiting for the server to store the report. */
  #awaitingStored = false;
  #reportedOutcome: Outcome | undefined;
  #endedAt: number | undefined;

  /** `changed` is called on each change of phase. */
  constructor(plan: Plan, changed: () => void) {
    this.#plan = plan;
    this.#warmUpsLeft = warmUpsOf(plan);
    this.#onPhase = changed;
    this.#household = new Household(() => {
      this.#onChange();
    });
  }

  start(): void {
    this.#household.startProbes();
  }

  get phase(): Phase {
    const { phase } = this.#household;
    // The probes wait for the server to store the run.
    return this.#stoppedEarly && !isOver(phase) ? "stopping" : phase;
  }

  get stored(): Stored | undefined {
    return this.#household.stored;
  }

  state(): RunState {
    if (this.#endedAt === undefined) this.#monitor.look();
    const { people, probe, computer } = this.#household;
    return {
      phase: this.phase,
      runPhase: isOver(this.phase) ? undefined : this.#runPhase,
      stretch: isOver(this.phase) || this.#plan.stretches.length === 1 ? undefined : computer.stretch,
      elapsedMs: this.#elapsedMs(),
      totalMs: totalMsOf(this.#plan),
      stoppedEarly: this.#stoppedEarly,
      hidden: this.#monitor.hidden,
      people,
      probe,
    };
  }

  trace(): RunTrace {
    const now = this.#now();
    const { computer, journals } = this.#household;
    return { beganAt: this.#beganAt, now, journals, warmUp: computer.warmUpSpan(now), stretches: computer.played(now) };
  }

  /** Reason that the run did not finish; undefined if it did, or the customer stopped it. */
  get interruption(): Interruption | undefined {
    if (this.#stoppedEarly || this.#reportedOutcome?.result.report.valid === true) return undefined;
    const { computer, endings, isOverloaded } = this.#household;
    return interruptionOf(endings, computer.deviceMbps !== undefined || isOverloaded);
  }

  /** Return the result of a finished run, the one told to the server. */
  outcome(): Outcome {
    const { result, report } = this.#reportedOutcome ?? this.#conclude();
    return { result: { ...result, serverTcp: this.#household.serverTcp }, report };
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
    const { computer, serverTcp } = this.#household;
    const stretches = measuredOf(computer.played(this.#now()), this.#beganAt, (span) => this.#factsIn(span));
    const { facts, report: judged } = stretches.length === 0 ? this.#withoutLoad() : worst(stretches);
    const at = new Date();
    const result = {
      at: at.toISOString(),
      host: location.host,
      warmUp: computer.warmUpOf("computer") ?? null,
      uploadWarmUp: computer.warmUpOf("backup") ?? null,
      deviceMbps: computer.deviceMbps ?? null,
      facts,
      serverTcp,
      report: judged,
      stretches,
    };
    return { result, report: runReportOf(result, at.getTime(), this.trace(), version) };
  }

  /** Return what a run knows that ended before the load. */
  #withoutLoad(): Pick<Result, "facts" | "report"> {
    const facts = this.#factsIn(nothing);
    return { facts, report: report(facts, shipped) };
  }

  #factsIn(span: Span): RunFacts {
    const { hidden: tabHidden, clockJumpMs } = this.#monitor;
    const circumstances = { ...this.#household.circumstances, tabHidden, clockJumpMs, stoppedEarly: this.#stoppedEarly };
    const now = this.#now();
    return this.#household.factsIn(span, this.#idleUntil ?? now, circumstances, now);
  }

  /** End the run, after reporting it to the server if there was load. */
  #finish(): void {
    clearTimeout(this.#next);
    this.#household.stopPeople();
    if ((this.#runPhase !== "load" && this.#runPhase !== "recovery") || !this.#household.canReport) {
      this.#stopAll();
      return;
    }
    this.#reportedOutcome = this.#conclude();
    this.#household.report(this.#reportedOutcome.report);
    this.#awaitingStored = true;
    this.#next = setTimeout(() => {
      this.#stopAll();
    }, reportTimeoutMs);
  }

  #stopAll(): void {
    this.#awaitingStored = false;
    clearTimeout(this.#next);
    this.#household.stop();
    setTimeout(() => {
      this.#endAll({ kind: "lost" });
    }, stopTimeoutMs);
  }

  #endAll(ending: Ending): void {
    clearTimeout(this.#next);
    this.#household.end(ending);
  }

  /** Move on as time or the sessions demand. */
  #onChange(): void {
    if (isOver(this.phase)) this.#end();
    else if (this.#awaitingStored) {
      if (this.stored !== undefined || !this.#household.canReport) this.#stopAll();
    } else if (!this.#stoppedEarly) {
      if (this.#runPhase === "idle-baseline") this.#advanceIdle();
      else if (this.#runPhase === "load") this.#advanceLoad();
    }
    this.#onPhase();
  }

  #end(): void {
    if (this.#endedAt !== undefined) return;
    this.#endedAt = monotonic();
    clearTimeout(this.#next);
    this.#monitor.end();
    clearInterval(this.#guarding);
  }

  #advanceIdle(): void {
    const { probe, probeSnapshots } = this.#household;
    // Without a baseline there is nothing to compare with.
    if (probe.ending !== undefined) this.#endAll(probe.ending);
    else if (probeSnapshots.every(({ phase }) => phase === "running") && this.#next === undefined) {
      this.#phaseBeganAt = monotonic();
      this.#next = setTimeout(() => {
        this.#idleUntil = monotonic();
        this.#guardDevice();
        this.#warmUp();
      }, baselineMs);
    }
  }

  #advanceLoad(): void {
    const { computer, personPhases } = this.#household;
    if (personPhases.every((phase) => phase === "failed")) {
      this.#enter("recovery");
      this.#finish();
    } else if (computer.isBackupRefused) {
      // Without a warm-up, this is the first that an older server says of it.
      computer.dropStretch();
      this.#recover();
    } else if (this.#next === undefined && computer.noteConnected()) {
      this.#next = setTimeout(() => {
        computer.endStretch();
        this.#play();
      }, stretchMsOf(this.#plan));
    }
  }

  #guardDevice(): void {
    const { computer, probe } = this.#household;
    computer.watch(probe.latency.p50Ms ?? 0);
    this.#guarding = setInterval(() => {
      this.#household.guard();
    }, guardEveryMs);
  }

  /** Begin the next warm-up, or the load. */
  #warmUp(): void {
    const [task, ...left] = this.#warmUpsLeft;
    if (task === undefined) {
      this.#load();
      return;
    }
    this.#warmUpsLeft = left;
    if (this.#runPhase !== "warm-up") this.#enter("warm-up");
    this.#household.computer.warmUp(task);
    this.#stepWarmUp(task);
  }

  /** Go on with a warm-up, and let the line's queue drain once it is over. */
  #stepWarmUp(task: Task): void {
    if (this.#household.computer.stepWarmUp(task)) {
      this.#next = setTimeout(() => {
        this.#settle(monotonic() + maxBehindMs);
      }, settleMs);
      return;
    }
    this.#next = setTimeout(() => {
      this.#stepWarmUp(task);
    }, stepWarmUpEveryMs);
  }

  /** Go on once the device has worked off the warm-up, at the latest at `until`. */
  #settle(until: number): void {
    const { computer, probeSnapshots } = this.#household;
    if (!computer.isBehind(probeSnapshots) || monotonic() >= until) {
      this.#warmUp();
      return;
    }
    this.#next = setTimeout(() => {
      this.#settle(until);
    }, guardEveryMs);
  }

  #load(): void {
    if (this.#household.computer.isBackupRefused) this.#plan = { ...this.#plan, stretches: shortForm };
    this.#stretchesLeft = this.#plan.stretches;
    this.#enter("load");
    this.#household.startPeople();
    this.#play();
  }

  /** Begin the next stretch, or the recovery. */
  #play(): void {
    this.#next = undefined;
    const [stretch, ...left] = this.#stretchesLeft;
    if (stretch === undefined) {
      this.#recover();
      return;
    }
    this.#stretchesLeft = left;
    this.#household.computer.begin(stretch, this.#plan);
  }

  #recover(): void {
    this.#enter("recovery");
    this.#household.stopPeople(recoveryMs);
    this.#next = setTimeout(() => {
      this.#finish();
    }, recoveryMs);
  }

  #enter(phase: RunPhase): void {
    this.#runPhase = phase;
    this.#phaseBeganAt = monotonic();
  }

  #now(): number {
    return this.#endedAt ?? monotonic();
  }

  #elapsedMs(): number {
    const here = this.#now() - this.#phaseBeganAt;
    const before = beforeLoadMs(this.#plan);
    const loaded = before + Math.min(this.#household.computer.loadMs(this.#now()), this.#plan.durationMs);
    switch (this.#runPhase) {
      case "idle-baseline":
        return this.#next === undefined ? 0 : Math.min(here, baselineMs);
      case "warm-up":
        return Math.min(baselineMs + here, before);
      case "load":
        return loaded;
      case "recovery":
        return loaded + Math.min(here, recoveryMs);
    }
  }
}
