import type { Ending } from "../core/ending.js";
import type { Mood } from "../core/mood.js";
import type { Person } from "../core/people.js";
import type { Phase } from "../core/snapshot.js";

/** What the page says, in one language. */
export interface Text {
  people: Record<Person, { name: string; activity: string; note: string; moods: Record<Mood, string> }>;
  button: { start: string; stop: string; stopping: string; again: string };
  secondsLeft: (seconds: number) => string;
  status: {
    idle: (seconds: number) => string;
    connecting: string;
    running: (people: number) => string;
    stopping: string;
    done: (seconds: number) => string;
    stoppedEarly: (seconds: number) => string;
    failed: string;
    /** What happened to whom; `names` is everybody it happened to. */
    trouble: (names: readonly string[], ending: string) => string;
  };
  phases: Record<Phase, string>;
  totals: (received: string, sent: string) => string;
  /** What the small picture shows, from nothing to so many milliseconds. */
  traceScale: (topMs: number) => string;
  silent: (seconds: number) => string;
  ending: (ending: Ending) => string;
}

/** The text with the server's words at its end, where there are any. */
function withReason(text: string, reason: string): string {
  return reason === "" ? `${text}.` : `${text}: ${reason}`;
}

function ending(value: Ending): string {
  switch (value.kind) {
    case "stopped":
      return "Finished.";
    case "finished":
      return withReason("Ended by the server", value.reason);
    case "closed":
      return withReason("Disconnected", value.reason);
    case "restarting":
      return withReason("The server is stopping or restarting", value.reason);
    case "overloaded":
      return withReason("The server takes no new tests at the moment", value.reason);
    case "refused":
      return withReason(`Refused by the server (HTTP ${value.status})`, value.reason);
    case "blocked":
      return "The server answers, but the WebSocket did not open. A proxy or firewall may block it.";
    case "unreachable":
      return "The server does not answer.";
    case "lost":
      return "The connection was lost.";
    case "crashed":
      return withReason("The browser could not run this part of the test", value.reason);
  }
}

export const en: Text = {
  people: {
    alex: {
      name: "Alex",
      activity: "Online game",
      note: "",
      moods: { unknown: "Waiting", good: "Smooth play", fair: "Laggy", poor: "Unplayable" },
    },
    sarah: {
      name: "Sarah",
      activity: "Video call",
      note: "",
      moods: { unknown: "Waiting", good: "Clear call", fair: "Choppy call", poor: "Breaking up" },
    },
    jake: {
      name: "Jake",
      activity: "Streaming TV",
      note: "",
      moods: { unknown: "Waiting", good: "Sharp picture", fair: "Soft picture", poor: "Buffering" },
    },
    computer: {
      name: "Computer",
      activity: "Updates",
      note: "Delay here is this connection’s own queue, not the line’s.",
      moods: { unknown: "Waiting", good: "Updating", fair: "Updating", poor: "Updating" },
    },
  },
  button: { start: "Start the test", stop: "Stop", stopping: "Stopping…", again: "Run again" },
  secondsLeft: (seconds) => `${seconds} s left`,
  status: {
    idle: (seconds) => `Ready. It takes ${seconds} seconds and moves as much data as your line can carry.`,
    connecting: "Connecting…",
    running: (people) => (people === 4 ? "Running: all four are on your line." : `Running with ${people} of 4.`),
    stopping: "Stopping…",
    done: (seconds) => `Done: ${seconds} seconds with everybody on your line.`,
    stoppedEarly: (seconds) => `Stopped after ${seconds} seconds.`,
    failed: "The test did not finish.",
    trouble: (names, text) => (names.length === 4 ? text : `${names.join(", ")}: ${text}`),
  },
  phases: {
    idle: "Ready",
    connecting: "Connecting…",
    running: "Running",
    stopping: "Stopping…",
    done: "Finished",
    failed: "Failed",
  },
  traceScale: (topMs) => `delay, 0–${topMs} ms`,
  totals: (received, sent) => `${received} down, ${sent} up`,
  silent: (seconds) => `No answer from the server for ${seconds} s`,
  ending,
};
