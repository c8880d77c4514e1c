export type Phase = "idle" | "connecting" | "running" | "stopping" | "done" | "failed";

export function isOver(phase: Phase): boolean {
  return phase === "done" || phase === "failed";
}

/** Return the common phase of several connections; failed once all are over and one failed. */
export function phaseOf(persons: readonly Phase[]): Phase {
  if (persons.every((phase) => phase === "idle")) return "idle";
  if (persons.every(isOver)) return persons.includes("failed") ? "failed" : "done";
  if (persons.includes("running")) return "running";
  return persons.includes("connecting") || persons.includes("idle") ? "connecting" : "stopping";
}
