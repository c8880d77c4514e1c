/** Where one person's connection is in its life. */
export type Phase = "idle" | "connecting" | "running" | "stopping" | "done" | "failed";

/** True where nothing more will happen. */
export function isOver(phase: Phase): boolean {
  return phase === "done" || phase === "failed";
}

/** The state of the run that the persons' connections make up; failed as soon as all are over and one of them failed. */
export function phaseOf(persons: readonly Phase[]): Phase {
  if (persons.every((phase) => phase === "idle")) return "idle";
  if (persons.every(isOver)) return persons.includes("failed") ? "failed" : "done";
  if (persons.includes("running")) return "running";
  return persons.includes("connecting") || persons.includes("idle") ? "connecting" : "stopping";
}
