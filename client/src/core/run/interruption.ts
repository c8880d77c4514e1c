import type { Ending } from "../session/ending.js";

/** Causes of a run that did not finish or cannot start, most telling first; the page names one. */
export const causes = [
  "maintenance",
  "closed",
  "ended",
  "denied",
  "token",
  "origin",
  "crowded",
  "busy",
  "refused",
  "server",
  "breach",
  "unloaded",
  "crashed",
  "blocked",
  "unreachable",
  "silent",
  "lost",
] as const;

export type Cause = (typeof causes)[number];

export interface Interruption {
  cause: Cause;
  /** Seconds to wait; null if unknown. */
  retryAfterS: number | null;
}

/** Causes by the server's code for a refusal. */
const byRefusal: Readonly<Record<string, Cause>> = {
  starting: "maintenance",
  draining: "maintenance",
  emergency: "closed",
  blocked: "denied",
  breaker: "denied",
  token: "token",
  origin: "origin",
  address_full: "crowded",
  address_rate: "crowded",
  request_rate: "crowded",
  address_work: "crowded",
  address_unfinished: "crowded",
  run_full: "crowded",
  full: "busy",
  network_full: "busy",
  rate: "busy",
  unfinished: "busy",
  overloaded: "busy",
  unsupervised: "busy",
};

/** Causes by the server's reason for the end of a session. */
const byReason: Readonly<Record<string, Cause>> = {
  killed: "ended",
  drained: "maintenance",
  emergency: "closed",
  overloaded: "busy",
  // The page sends few frames: others of the same address used up its share of the server.
  flooding: "crowded",
  malformed: "breach",
  protocol_error: "breach",
  not_websocket: "breach",
  text_too_large: "breach",
  excess_upload: "breach",
  unread: "breach",
  probes_failed: "silent",
  inactive: "silent",
  connection_lost: "lost",
};

export function refused(code: string, retryAfterS: number | null): Interruption {
  return { cause: named(byRefusal, code) ?? "refused", retryAfterS };
}

/** Undefined for a normal ending. */
export function interruptionBy(ending: Ending): Interruption | undefined {
  switch (ending.kind) {
    case "stopped":
    case "finished":
      return undefined;
    case "refused":
      return refused(ending.cause, ending.retryAfterS);
    case "closed":
      return { cause: named(byReason, ending.reason) ?? "server", retryAfterS: null };
    case "blocked":
    case "unreachable":
    case "lost":
    case "unloaded":
    case "crashed":
      return { cause: ending.kind, retryAfterS: null };
  }
}

/**
 * Return the most telling interruption of several connections, with its longest wait. A device that was behind answers
 * the server too late and is given up, which looks like a lost connection; its line is not to blame.
 */
export function interruptionOf(endings: readonly Ending[], isDeviceBehind = false): Interruption | undefined {
  const all = endings.flatMap((ending) => interruptionBy(ending) ?? []);
  const cause = causes.find((each) => all.some((one) => one.cause === each));
  if (cause === undefined) return undefined;
  if (cause === "lost" && isDeviceBehind) return { cause: "silent", retryAfterS: null };
  const seconds = all.flatMap((one) => (one.cause === cause ? (one.retryAfterS ?? []) : []));
  return { cause, retryAfterS: seconds.length === 0 ? null : Math.max(...seconds) };
}

function named(causes: Readonly<Record<string, Cause>>, code: string): Cause | undefined {
  return Object.hasOwn(causes, code) ? causes[code] : undefined;
}
