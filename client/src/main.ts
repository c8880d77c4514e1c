import { Format } from "./core/format.js";
import { people } from "./core/people.js";
import { noRun, type RunState } from "./core/run.js";
import { computerMbpsOf, secondsOf, wantsWarmUp } from "./core/settings.js";
import { isOver } from "./core/snapshot.js";
import { runIdOf } from "./core/stored-run.js";
import { Household, totalMsOf } from "./household.js";
import { permalinkTo, recall } from "./recall.js";
import { textFor } from "./text/language.js";
import { Page } from "./view/page.js";
import { WakeLock } from "./wake-lock.js";

const paintEveryMs = 250;
/**
 * Charts are the dearest to paint, and the same processors measure: what a drawing holds up must stay well below the
 * twentieth of all round trips that the 95th percentile leaves out.
 */
const drawEveryPaints = 8;

const text = await textFor(location.search, navigator.languages);
document.documentElement.lang = text.lang;
const plan = {
  durationMs: secondsOf(location.search) * 1000,
  computerMbps: computerMbpsOf(location.search),
  warmUp: wantsWarmUp(location.search),
};
const page = new Page(document, text, new Format(text.lang));
const wakeLock = new WakeLock();
let household: Household | undefined;
let painting: number | undefined;
let paints = 0;

function state(): RunState {
  return household?.state() ?? noRun(totalMsOf(plan), people);
}

function paint(): void {
  const now = state();
  page.show(now);
  if (household === undefined) return;
  if (isOver(now.phase)) {
    if (painting === undefined) return;
    clearInterval(painting);
    painting = undefined;
    wakeLock.release();
    const { stored } = household;
    const permalink = stored !== undefined && "id" in stored && stored.shown ? permalinkTo(stored.id) : undefined;
    page.conclude(household.result(), permalink, household.trace(), now);
  } else if (paints++ % drawEveryPaints === 0) {
    page.draw(household.trace(), now);
  }
}

function start(): void {
  page.reset();
  wakeLock.hold();
  painting ??= setInterval(paint, paintEveryMs);
  household = new Household(plan, paint);
  household.start();
  paint();
}

function runHere(): void {
  page.onButton(() => {
    const now = state().phase;
    if (now === "idle" || isOver(now)) start();
    else if (now !== "stopping") household?.stop();
  });
  // The browser may keep a page that was left, but not its connections.
  addEventListener("pagehide", () => household?.abandon());
  paint();
}

const runId = runIdOf(location.search);
if (runId === undefined) runHere();
else void recall(runId, page, text);
