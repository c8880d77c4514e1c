/** How a connection ended. Words of the server are codes here: people read this page's own words for them. */
export type Ending =
  /** The client asked for the end. */
  | { kind: "stopped" }
  /** The server ended the session in the normal way. */
  | { kind: "finished" }
  /** The server, or its operator, ended the session; `reason` is the server's code, empty where it gave none. */
  | { kind: "closed"; reason: string }
  /** The server refused the session; `cause` is its code, and `retryAfterS` null where it names no time. */
  | { kind: "refused"; cause: string; retryAfterS: number | null }
  /** The server answers HTTP, but the WebSocket did not open. */
  | { kind: "blocked" }
  /** No answer at all. */
  | { kind: "unreachable" }
  /** The connection broke, or the server fell silent. */
  | { kind: "lost" }
  /** The server answers, but the worker's script was not loaded. */
  | { kind: "unloaded" }
  /** The browser could not run the worker. */
  | { kind: "crashed" };

/** True where the session ended as it should. */
export function isNormal(ending: Ending): boolean {
  return ending.kind === "stopped" || ending.kind === "finished";
}

/** Reasons for close codes, where the server gave none: RFC 6455 section 7.4 and the IANA registry. */
const reasonOfCode: Readonly<Record<number, string>> = {
  1001: "drained",
  1011: "internal",
  1012: "drained",
  1013: "overloaded",
};

/** Reasons that are no failure of anything. */
const normalReasons: readonly string[] = ["client_stopped", "client_closed", "max_duration"];

/** What a close means after the session had opened; `reason` is that of the server's last message, if there was one. */
export function endingOf(code: number, reason: string): Ending {
  if (normalReasons.includes(reason)) return { kind: "finished" };
  switch (code) {
    case 1000:
    case 1005:
      return { kind: "finished" };
    case 1006:
      // A server that ends a session says so, and may then be cut off.
      return reason === "" ? { kind: "lost" } : { kind: "closed", reason };
    default:
      return { kind: "closed", reason: reason === "" ? (reasonOfCode[code] ?? "") : reason };
  }
}
