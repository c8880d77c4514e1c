import { isNormal } from "../core/ending.js";
import type { Person } from "../core/people.js";
import type { Phase, Snapshot } from "../core/snapshot.js";
import type { Text } from "../text/en.js";

/** A run that ended this long before its time was stopped. */
const earlyMs = 1000;

/** The run in plain words. It changes with phases only, not with figures, so that it can be announced. */
export function headlineOf(
  phase: Phase,
  snapshots: ReadonlyMap<Person, Snapshot>,
  durationMs: number,
  text: Text,
): string {
  const all = [...snapshots.values()];
  switch (phase) {
    case "idle":
      return text.status.idle(durationMs / 1000);
    case "running":
      return text.status.running(all.filter((one) => one.phase === "running").length);
    case "done": {
      const elapsedMs = all.reduce((most, one) => Math.max(most, one.elapsedMs), 0);
      const seconds = Math.round(elapsedMs / 1000);
      return elapsedMs < durationMs - earlyMs ? text.status.stoppedEarly(seconds) : text.status.done(seconds);
    }
    case "connecting":
    case "stopping":
    case "failed":
      return text.status[phase];
  }
}

/** What went wrong: a sentence for each thing that happened, with everybody it happened to. */
export function troubleOf(snapshots: ReadonlyMap<Person, Snapshot>, text: Text): string {
  const names = new Map<string, string[]>();
  for (const [person, { ending }] of snapshots) {
    if (ending === undefined || isNormal(ending)) continue;
    const words = text.ending(ending);
    names.set(words, [...(names.get(words) ?? []), text.people[person].name]);
  }
  return [...names].map(([words, who]) => text.status.trouble(who, words)).join(" ");
}
