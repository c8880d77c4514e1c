/** How a connection ended. The page has its own words for the server's codes. */
export type Ending =
  | { kind: "stopped" }
  | { kind: "finished" }
  /** Ended by the server or its operator; `reason` is the server's code, or empty. */
  | { kind: "closed"; reason: string }
  /** `cause` is the server's code; `retryAfterS` is null if it names no time. */
  | { kind: "refused"; cause: string; retryAfterS: number | null }
  /** HTTP works, but the WebSocket did not open. */
  | { kind: "blocked" }
  | { kind: "unreachable" }
  /** The connection broke, or the server fell silent. */
  | { kind: "lost" }
  /** HTTP works, but the worker's script did not load. */
  | { kind: "unloaded" }
  | { kind: "crashed" };

/** Return whether the session ended as it should. */
export function isNormal(ending: Ending): boolean {
  return ending.kind === "stopped" || ending.kind === "finished";
}

/** Reasons for close codes without a message from the server: RFC 6455 section 7.4 and the IANA registry. */
const reasonOfCode: Readonly<Record<number, string>> = {
  1001: "drained",
  1002: "not_websocket",
  1007: "not_websocket",
  1009: "text_too_large",
  1011: "internal",
  1012: "drained",
  1013: "overloaded",
};

/** Reasons that are not failures. */
const normalReasons: readonly string[] = ["client_stopped", "client_closed", "max_duration"];

/** Return the ending of an open session; `reason` is that of the server's last message, or empty. */
export function endingOf(code: number, reason: string): Ending {
  if (normalReasons.includes(reason)) return { kind: "finished" };
  switch (code) {
    case 1000:
    case 1005:
      return { kind: "finished" };
    case 1006:
      // The server announces the end of a session, and may then be cut off.
      return reason === "" ? { kind: "lost" } : { kind: "closed", reason };
    default:
      return { kind: "closed", reason: reason === "" ? (reasonOfCode[code] ?? "") : reason };
  }
}
