import { people } from "../core/people.js";
import { interruptionBy } from "../core/run/interruption.js";
import type { RunState } from "../core/run/run.js";
import { isOver } from "../core/session/phase.js";
import type { Text } from "../text/text.js";

/** Return the run in words. They change with phases, not figures, and can be announced. */
export function headlineOf(state: RunState, text: Text): string {
  switch (state.phase) {
    case "idle":
      return text.status.idle(Math.round(state.totalMs / 1000));
    case "running": {
      const failed = [...state.people.values()].filter((one) => one.phase === "failed").length;
      const phase = state.runPhase ?? "load";
      if (phase === "load" && failed > 0) return text.status.few(people.length - failed);
      return phase === "load" && state.stretch !== undefined ? text.status.stretch[state.stretch] : text.status.running[phase];
    }
    case "stopping":
      // A run also stops at its regular end.
      return state.stoppedEarly ? text.status.stopping : text.status.running.recovery;
    case "done":
      return state.stoppedEarly ? text.status.stoppedEarly : text.status.done;
    case "connecting":
    case "failed":
      return text.status[state.phase];
  }
}

/** Return what went wrong in a run: a sentence for each event, with the people concerned. */
export function troubleOf(state: RunState, text: Text): string {
  if (isOver(state.phase) || state.phase === "idle") return "";
  const names = new Map<string, string[]>();
  for (const [person, { ending }] of state.people) {
    const interruption = ending && interruptionBy(ending);
    if (interruption === undefined) continue;
    const { title } = text.interruptions[interruption.cause];
    names.set(title, [...(names.get(title) ?? []), text.people[person].name]);
  }
  // An event that concerns all needs no names.
  const sentences = [...names].map(([title, who]) => text.status.trouble(who.length === people.length ? [] : who, title));
  if (state.hidden) sentences.unshift(text.status.hidden);
  return sentences.join(" ");
}
