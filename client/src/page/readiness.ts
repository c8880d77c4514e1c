import { fetchText } from "../browser/http.js";
import { refused, type Interruption } from "../core/run/interruption.js";
import { refusalIn } from "../core/session/refusal.js";

const timeoutMs = 5000;
const unavailable = 503;

/** Why the server would refuse a run now; undefined where it would not, or does not say. */
export async function askReadiness(): Promise<Interruption | undefined> {
  const answer = await fetchText(new URL("virtual-household/ready", document.baseURI), timeoutMs);
  // Anything else is an older server, a proxy or no answer: the run itself shows what becomes of it.
  if (answer?.status !== unavailable) return undefined;
  const refusal = refusalIn(answer.text);
  return refusal && refused(refusal.cause, refusal.retryAfterS);
}
