import { Format } from "./core/format.js";
import { people } from "./core/people.js";
import { secondsOf } from "./core/settings.js";
import { idle, isOver, type Phase } from "./core/snapshot.js";
import { Household } from "./household.js";
import { en } from "./text/en.js";
import { Page } from "./view/page.js";

const paintEveryMs = 250;

const durationMs = secondsOf(location.search) * 1000;
const page = new Page(document, en, new Format(document.documentElement.lang), durationMs);
let household: Household | undefined;
let painting: number | undefined;

function phase(): Phase {
  return household?.phase ?? "idle";
}

function paint(): void {
  page.show(phase(), new Map(people.map((person) => [person, household?.snapshot(person) ?? idle])));
  if (isOver(phase())) {
    clearInterval(painting);
    painting = undefined;
  }
}

function start(): void {
  page.reset();
  household = new Household(durationMs, paint);
  painting ??= setInterval(paint, paintEveryMs);
  paint();
}

page.onButton(() => {
  const now = phase();
  if (now === "idle" || isOver(now)) start();
  else if (now !== "stopping") household?.stop();
});
// The browser may keep a page that was left, but not its connections.
addEventListener("pagehide", () => household?.abandon({ kind: "stopped" }));
paint();
