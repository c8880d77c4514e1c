import { fetchText, ok } from "../browser/http.js";
import type { Ending } from "../core/session/ending.js";
import { refusalIn } from "../core/session/refusal.js";

const timeoutMs = 3000;
/** Causes for HTTP errors without one, as from a proxy. */
const causeOfStatus: Readonly<Record<number, string>> = { 401: "token", 403: "blocked", 429: "address_rate", 503: "full" };

/**
 * Return why a WebSocket did not open. Browsers hide the response to a failed handshake, so ask the same address
 * without the upgrade: the server answers with its refusal.
 */
export async function diagnose(url: string): Promise<Ending> {
  const answer = await fetchText(new URL(url.replace(/^ws/, "http")), timeoutMs);
  if (answer === undefined) return { kind: "unreachable" };
  if (answer.status === ok) {
    const refusal = refusalIn(answer.text);
    return refusal === undefined ? { kind: "blocked" } : { kind: "refused", ...refusal };
  }
  const seconds = Number.parseInt(answer.headers.get("Retry-After") ?? "", 10);
  const retryAfterS = Number.isNaN(seconds) ? null : seconds;
  return { kind: "refused", cause: causeOfStatus[answer.status] ?? "", retryAfterS };
}
