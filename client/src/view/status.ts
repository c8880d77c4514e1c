import { people } from "../core/people.js";
import { interruptionBy } from "../core/run/interruption.js";
import type { RunState } from "../core/run/run.js";
import { isOver } from "../core/session/phase.js";
import type { Text } from "../text/text.js";

/** The run in plain words. It changes with phases only, not with figures, so that it can be announced. */
export function headlineOf(state: RunState, text: Text): string {
  switch (state.phase) {
    case "idle":
      return text.status.idle(Math.round(state.totalMs / 1000));
    case "running": {
      const failed = [...state.people.values()].filter((one) => one.phase === "failed").length;
      const phase = state.runPhase ?? "load";
      return phase === "load" && failed > 0 ? text.status.few(people.length - failed) : text.status.running[phase];
    }
    case "stopping":
      // At its end a run stops without anybody having asked for it.
      return state.stoppedEarly ? text.status.stopping : text.status.running.recovery;
    case "done":
      return state.stoppedEarly ? text.status.stoppedEarly : text.status.done;
    case "connecting":
    case "failed":
      return text.status[state.phase];
  }
}

/** What went wrong while a run lasts: a sentence for each thing that happened, with everybody it happened to. */
export function troubleOf(state: RunState, text: Text): string {
  if (isOver(state.phase) || state.phase === "idle") return "";
  const names = new Map<string, string[]>();
  for (const [person, { ending }] of state.people) {
    const interruption = ending && interruptionBy(ending);
    if (interruption === undefined) continue;
    const { title } = text.interruptions[interruption.cause];
    names.set(title, [...(names.get(title) ?? []), text.people[person].name]);
  }
  // What happened to everybody needs no names.
  const sentences = [...names].map(([title, who]) => text.status.trouble(who.length === people.length ? [] : who, title));
  if (state.hidden) sentences.unshift(text.status.hidden);
  return sentences.join(" ");
}
