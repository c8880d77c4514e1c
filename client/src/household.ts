import { Attention } from "./attention.js";
import type { Ending } from "./core/ending.js";
import { phaseOf } from "./core/household.js";
import type { Journal } from "./core/journal.js";
import { people, type Party, type Person } from "./core/people.js";
import type { Result, RunPhase, RunState, RunTrace } from "./core/run.js";
import { lineOf, togetherOf } from "./core/probe.js";
import { busyOf, factsOf, isLate, trafficOf } from "./core/run-facts.js";
import { report } from "./core/scoring/report.js";
import { shipped } from "./core/scoring/requirements.js";
import { baselineMs, personPingEveryMs, probePingEveryMs, probes, recoveryMs } from "./core/settings.js";
import { isOver, type Phase, type Snapshot } from "./core/snapshot.js";
import { Member } from "./member.js";
import { monotonic } from "./monotonic.js";

/** Time a worker has to end by itself once told to stop; after it the worker itself is ended. */
const stopTimeoutMs = 4000;

/** One run: the probes alone, the people beside them, the probes alone again. */
export class Household {
  readonly #probes: readonly Member[];
  readonly #people: ReadonlyMap<Person, Member>;
  readonly #attention = new Attention();
  readonly #durationMs: number;
  readonly #changed: () => void;
  readonly #beganAt = monotonic();
  #runPhase: RunPhase = "idle-baseline";
  #phaseBeganAt = this.#beganAt;
  #idleUntil: number | undefined;
  #next: ReturnType<typeof setTimeout> | undefined;
  #stoppedEarly = false;
  #endedAt: number | undefined;

  /**
   * `computerMbps` limits what the Computer asks for. `changed` is called when a phase changes; figures are there to be
   * read at any time.
   */
  constructor(durationMs: number, computerMbps: number | undefined, changed: () => void) {
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
    const memberOf = (party: Person): Member =>
      new Member({ ...options, party, mostMbps: party === "computer" ? computerMbps : undefined }, moved);
    this.#people = new Map(people.map((person) => [person, memberOf(person)]));
  }

  start(): void {
    for (const probe of this.#probes) probe.start();
  }

  get phase(): Phase {
    return phaseOf(this.#members().map((member) => member.phase));
  }

  state(): RunState {
    if (this.#endedAt === undefined) this.#attention.look();
    return {
      phase: this.phase,
      runPhase: isOver(this.phase) ? undefined : this.#runPhase,
      elapsedMs: this.#elapsedMs(),
      totalMs: baselineMs + this.#durationMs + recoveryMs,
      stoppedEarly: this.#stoppedEarly,
      hidden: this.#attention.hidden,
      people: new Map([...this.#people].map(([person, member]) => [person, member.snapshot])),
      probe: this.#probe,
    };
  }

  trace(): RunTrace {
    const now = this.#endedAt ?? monotonic();
    const journals = new Map<Party, Journal>([["probe", lineOf(this.#probeJournals())]]);
    for (const [person, member] of this.#people) journals.set(person, member.course.journal);
    return {
      beganAt: this.#beganAt,
      now,
      journals,
      load: busyOf([...this.#people.values()].map((member) => trafficOf(member.course.snapshot, now))),
    };
  }

  /** What the run has shown, once it is over. */
  result(): Result {
    const now = this.#endedAt ?? monotonic();
    const circumstances = {
      tabHidden: this.#attention.hidden,
      clockJumpMs: this.#attention.clockJumpMs,
      clientOverloaded: isLate(this.#probes.map(({ snapshot }) => snapshot)),
      serverOverloaded: this.#members().some(({ snapshot }) => snapshot.serverOverloaded || isFull(snapshot.ending)),
      stoppedEarly: this.#stoppedEarly,
      connectionLost: this.#members().some((member) => member.phase === "failed"),
    };
    const courses = new Map([...this.#people].map(([person, member]) => [person, member.course]));
    const facts = factsOf(this.#probeJournals(), courses, this.#idleUntil ?? now, circumstances, now);
    const serverTcp = [["probe", this.#probe] as const, ...this.state().people].flatMap(([who, { serverTcp: tcp }]) =>
      tcp === undefined ? [] : [{ who, tcp }],
    );
    return { at: new Date().toISOString(), host: location.host, facts, serverTcp, report: report(facts, shipped) };
  }

  /** Asks everybody to stop; whoever does not is ended. */
  stop(): void {
    if (isOver(this.phase)) return;
    this.#stoppedEarly = true;
    this.#stopAll();
  }

  /** Ends whoever is not over yet, at once and without a goodbye. */
  abandon(): void {
    if (!isOver(this.phase)) this.#stoppedEarly = true;
    this.#endAll({ kind: "stopped" });
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

  #stopAll(): void {
    clearTimeout(this.#next);
    for (const member of this.#members()) member.stop();
    setTimeout(() => {
      this.#endAll({ kind: "lost" });
    }, stopTimeoutMs);
  }

  #endAll(ending: Ending): void {
    clearTimeout(this.#next);
    for (const member of this.#members()) member.end(ending);
  }

  /** Goes on to the next phase when the time, or what became of the connections, asks for it. */
  #moved(): void {
    if (isOver(this.phase)) {
      if (this.#endedAt === undefined) {
        this.#endedAt = monotonic();
        clearTimeout(this.#next);
        this.#attention.end();
      }
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
          this.#load();
        }, baselineMs);
      }
    } else if (this.#runPhase === "load" && phases.every(hasLeft)) {
      this.#enter("recovery");
      if (phases.every((phase) => phase === "failed")) this.#stopAll();
      else {
        this.#next = setTimeout(() => {
          this.#stopAll();
        }, recoveryMs);
      }
    }
  }

  #load(): void {
    this.#enter("load");
    this.#idleUntil = this.#phaseBeganAt;
    for (const member of this.#people.values()) member.start();
  }

  #enter(phase: RunPhase): void {
    this.#runPhase = phase;
    this.#phaseBeganAt = monotonic();
  }

  #elapsedMs(): number {
    const here = (this.#endedAt ?? monotonic()) - this.#phaseBeganAt;
    const people = Math.max(...[...this.#people.values()].map((member) => member.snapshot.elapsedMs));
    switch (this.#runPhase) {
      case "idle-baseline":
        return this.#next === undefined ? 0 : Math.min(here, baselineMs);
      case "load":
        return baselineMs + Math.min(people, this.#durationMs);
      case "recovery":
        return baselineMs + Math.min(people, this.#durationMs) + Math.min(here, recoveryMs);
    }
  }
}

/** Whether somebody's traffic is over, and not only about to begin. */
function hasLeft(phase: Phase): boolean {
  return phase === "stopping" || isOver(phase);
}

/** Whether a server had no room, in its own words or in HTTP's. */
function isFull(ending: Ending | undefined): boolean {
  return ending?.kind === "overloaded" || (ending?.kind === "refused" && ending.status === 503);
}
