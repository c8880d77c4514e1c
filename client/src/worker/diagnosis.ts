import { fetchText, ok } from "../browser/http.js";
import type { Ending } from "../core/session/ending.js";
import { refusalIn } from "../core/session/refusal.js";

const timeoutMs = 3000;
/** Of HTTP answers without a cause, such as those of a proxy. */
const causeOfStatus: Readonly<Record<number, string>> = { 401: "token", 403: "blocked", 429: "address_rate", 503: "full" };

/**
 * Why a WebSocket did not open. The browser does not show the answer to a failed handshake, so the same address is
 * asked once more without the upgrade: the server says there what it would refuse, and why.
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
