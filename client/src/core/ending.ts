/** How a connection ended. `reason` is the server's text, not trusted: it is shown as text and never as markup. */
export type Ending =
  /** The client asked for the end. */
  | { kind: "stopped" }
  /** The server ended the session in the normal way; the reason may be empty. */
  | { kind: "finished"; reason: string }
  /** The server, or its operator, closed the session for a reason. */
  | { kind: "closed"; reason: string }
  /** The server is stopping or restarting. */
  | { kind: "restarting"; reason: string }
  /** The server takes no new sessions now: it is full, or draining. */
  | { kind: "overloaded"; reason: string }
  /** The handshake was answered with an HTTP error. */
  | { kind: "refused"; status: number; reason: string }
  /** The server answers HTTP, but the WebSocket did not open. */
  | { kind: "blocked" }
  /** No answer at all. */
  | { kind: "unreachable" }
  /** The connection broke, or the server fell silent. */
  | { kind: "lost" }
  /** The browser could not run the worker. */
  | { kind: "crashed"; reason: string };

/** True where the session ended as it should. */
export function isNormal(ending: Ending): boolean {
  return ending.kind === "stopped" || ending.kind === "finished";
}

/** What a close code means after the session had opened (RFC 6455 section 7.4 and the IANA registry). */
export function endingOf(code: number, reason: string): Ending {
  switch (code) {
    case 1000:
    case 1005:
      return { kind: "finished", reason };
    case 1001:
    case 1012:
      return { kind: "restarting", reason };
    case 1013:
      return { kind: "overloaded", reason };
    case 1006:
      return { kind: "lost" };
    default:
      return { kind: "closed", reason };
  }
}
