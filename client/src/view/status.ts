import { isNormal } from "../core/ending.js";
import { people } from "../core/people.js";
import type { RunState } from "../core/run.js";
import { isOver } from "../core/snapshot.js";
import type { Text } from "../text/text.js";

/** The run in plain words. It changes with phases only, not with figures, so that it can be announced. */
export function headlineOf(state: RunState, text: Text): string {
  const all = [...state.people.values()];
  switch (state.phase) {
    case "idle":
      return text.status.idle(Math.round(state.totalMs / 1000));
    case "running": {
      const running = all.filter((one) => one.phase === "running").length;
      const phase = state.runPhase ?? "load";
      return phase === "load" && running < people.length ? text.status.few(running) : text.status.running[phase];
    }
    case "done": {
      if (state.stoppedEarly) return text.status.stoppedEarly(Math.round(state.elapsedMs / 1000));
      return text.status.done();
    }
    case "connecting":
    case "stopping":
    case "failed":
      return text.status[state.phase];
  }
}

/** What went wrong: a sentence for each thing that happened, with everybody it happened to. */
export function troubleOf(state: RunState, text: Text): string {
  const names = new Map<string, string[]>();
  for (const [person, { ending }] of state.people) {
    if (ending === undefined || isNormal(ending)) continue;
    const words = text.ending(ending);
    names.set(words, [...(names.get(words) ?? []), text.people[person].name]);
  }
  const { ending } = state.probe;
  const probe = ending === undefined || isNormal(ending) ? undefined : text.ending(ending);
  if (probe !== undefined && !names.has(probe)) names.set(probe, [text.probe]);
  // What happened to everybody needs no names.
  const sentences = [...names].map(([words, who]) => text.status.trouble(who.length === people.length ? [] : who, words));
  if (state.hidden && !isOver(state.phase) && state.phase !== "idle") sentences.unshift(text.status.hidden);
  return sentences.join(" ");
}
