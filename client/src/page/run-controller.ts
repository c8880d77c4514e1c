import { fetchText, ok } from "../browser/http.js";
import { monotonic } from "../browser/monotonic.js";
import { WakeLock } from "../browser/wake-lock.js";
import { people } from "../core/people.js";
import { totalMsOf, type Plan } from "../core/plan.js";
import { refused, type Interruption } from "../core/run/interruption.js";
import type { QueryOptions } from "../core/run/query-options.js";
import { noRun, type RunState } from "../core/run/run.js";
import { findingIn, ownFindingOf, shownRunOf, type Finding } from "../core/run/stored-run.js";
import { isOver } from "../core/session/phase.js";
import { refusalIn } from "../core/session/refusal.js";
import type { Page, ShownInterruption } from "../view/page.js";
import { Run } from "./run.js";
import { permalinkTo, storedRunUrl } from "./stored-run-page.js";

const readinessTimeoutMs = 5000;
const findingTimeoutMs = 3000;
const unavailable = 503;
/**
 * Painting takes time from the measurement, and in WebKit the messages of all WebSockets pass through the page's thread:
 * what it delays must be far less than the twentieth of round trips above the 95th percentile.
 */
const paintEveryMs = 1000;
/** Charts cost the most. */
const drawEveryPaints = 10;
/** Retry of a server that refuses runs without naming a time. */
const defaultRetryS = 15;
const requiredGlobals = ["WebSocket", "Worker"] as const;

/** Runs the test as often as the customer asks, and waits while the server would refuse. */
export class RunController {
  readonly #page: Page;
  readonly #plan: Plan;
  readonly #options: QueryOptions;
  readonly #wakeLock = new WakeLock();
  #run: Run | undefined;
  #painting: ReturnType<typeof setInterval> | undefined;
  #paints = 0;
  /** Reason that no run can start, or the last one did not finish. */
  #interruption: Interruption | undefined;
  #waitUntil = 0;
  #waiting: ReturnType<typeof setInterval> | undefined;

  constructor(page: Page, options: QueryOptions) {
    this.#page = page;
    this.#options = options;
    const { seconds, stretches, computerMbps, warmUp } = options;
    this.#plan = { durationMs: seconds * 1000, stretches, computerMbps, warmUp };
  }

  begin(): void {
    const lacking = requiredGlobals.filter((name) => !(name in globalThis));
    this.#page.introduce(this.#options, lacking);
    this.#show();
    if (lacking.length > 0) return;
    this.#page.onButton(() => {
      this.#pressed();
    });
    // A browser may keep a page that was left, but not its connections.
    addEventListener("pagehide", () => this.#run?.abandon());
    addEventListener("focus", () => void this.#checkReadiness());
    void this.#checkReadiness();
  }

  get #state(): RunState {
    return this.#run?.state() ?? noRun(totalMsOf(this.#plan), people);
  }

  #isRunning(): boolean {
    return this.#run !== undefined && !isOver(this.#run.phase);
  }

  #pressed(): void {
    if (!this.#isRunning()) this.#start();
    else if (this.#run?.phase !== "stopping") this.#run?.stop();
  }

  #start(): void {
    if (monotonic() < this.#waitUntil) return;
    this.#refuse(undefined);
    this.#page.reset();
    this.#wakeLock.hold();
    const paint = (): void => {
      this.#paint();
    };
    this.#painting ??= setInterval(paint, paintEveryMs);
    this.#run = new Run(this.#plan, paint);
    this.#run.start();
    paint();
  }

  #show(): void {
    this.#page.show(this.#state, this.#refusal());
  }

  #paint(): void {
    if (this.#run === undefined || this.#painting === undefined) return;
    if (this.#isRunning()) {
      this.#show();
      if (this.#paints++ % drawEveryPaints === 0) this.#page.draw(this.#run.trace(), this.#state);
      return;
    }
    clearInterval(this.#painting);
    this.#painting = undefined;
    this.#wakeLock.release();
    this.#refuse(this.#run.interruption);
    if (this.#interruption === undefined) {
      void this.#conclude(this.#run);
    } else {
      this.#show();
      void this.#checkReadiness();
    }
  }

  /** Show the run as its permalink does, with the finding of the server; where there is none, with the page's own. */
  async #conclude(run: Run): Promise<void> {
    const { result, report } = run.outcome();
    const { stored } = run;
    const id = stored !== undefined && "id" in stored && stored.shown ? stored.id : undefined;
    const finding = (id === undefined ? undefined : await askFinding(id)) ?? ownFindingOf(result);
    if (this.#run !== run) return;
    this.#show();
    const permalink = id === undefined ? undefined : permalinkTo(id);
    this.#page.conclude(shownRunOf(report, finding, result.serverTcp, result.host), permalink, result);
  }

  /** Ask whether the server would accept a run, unless one is running. */
  async #checkReadiness(): Promise<void> {
    if (this.#isRunning()) return;
    const before = this.#interruption;
    const refused = await askReadiness();
    // A run may have started, or the customer may wait already.
    if (this.#isRunning() || this.#interruption !== before) return;
    const ended = this.#run?.interruption;
    if (refused !== undefined) this.#refuse({ ...refused, retryAfterS: refused.retryAfterS ?? defaultRetryS });
    // A refusal may concern the customer alone, such as one test too many: its time stays.
    else if (ended === undefined || monotonic() >= this.#waitUntil) this.#refuse(ended && { ...ended, retryAfterS: null });
    this.#show();
  }

  /** Show why there is no run, and count down to the next attempt. */
  #refuse(interruption: Interruption | undefined): void {
    this.#interruption = interruption;
    this.#waitUntil = monotonic() + (interruption?.retryAfterS ?? 0) * 1000;
    clearInterval(this.#waiting);
    if (interruption === undefined || interruption.retryAfterS === null) return;
    this.#waiting = setInterval(() => {
      if (monotonic() >= this.#waitUntil) {
        clearInterval(this.#waiting);
        void this.#checkReadiness();
      }
      this.#show();
    }, 1000);
  }

  #refusal(): ShownInterruption | undefined {
    if (this.#interruption === undefined) return undefined;
    const seconds = Math.max(0, Math.ceil((this.#waitUntil - monotonic()) / 1000));
    return { cause: this.#interruption.cause, seconds };
  }
}

/** Return what the server found of a stored run; undefined if it does not say. */
async function askFinding(id: string): Promise<Finding | undefined> {
  const answer = await fetchText(storedRunUrl(id), findingTimeoutMs);
  try {
    return answer?.status === ok ? findingIn(answer.text) : undefined;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Return the reason for which the server would refuse a run, if it names one. */
async function askReadiness(): Promise<Interruption | undefined> {
  const answer = await fetchText(new URL("virtual-household/ready", document.baseURI), readinessTimeoutMs);
  // Older servers and proxies answer differently: let the run find out.
  if (answer?.status !== unavailable) return undefined;
  const refusal = refusalIn(answer.text);
  return refusal && refused(refusal.cause, refusal.retryAfterS);
}
