import type { Ending } from "../core/ending.js";

const timeoutMs = 3000;
const maxReasonLength = 200;

/**
 * Why a WebSocket did not open. The browser does not show the answer to a failed handshake, so the same address is
 * asked once more without the upgrade: the server says there what it would refuse, and why.
 */
export async function diagnose(url: string): Promise<Ending> {
  const address = new URL(url.replace(/^ws/, "http"));
  try {
    const answer = await get(address);
    if (!answer.ok) return { kind: "refused", status: answer.status, reason: reasonIn(await answer.text()) };
    const { refused } = fieldsOf(await answer.text());
    if (typeof refused === "string") return { kind: "overloaded", reason: cut(refused) };
    return { kind: "blocked" };
  } catch {
    return { kind: "unreachable" };
  }
}

function get(address: URL): Promise<Response> {
  return fetch(address, { cache: "no-store", signal: AbortSignal.timeout(timeoutMs) });
}

/** The body where it is plain text, else its `error`, `message` or `detail`. */
function reasonIn(body: string): string {
  const text = body.trim();
  if (text.startsWith("<")) return "";
  if (!text.startsWith("{")) return cut(text);
  const { error, message, detail } = fieldsOf(text);
  const reason = [error, message, detail].find((value) => typeof value === "string");
  return typeof reason === "string" ? cut(reason) : "";
}

/** The fields of a JSON object; none where the text is something else. */
function fieldsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function cut(reason: string): string {
  return reason.slice(0, maxReasonLength);
}
