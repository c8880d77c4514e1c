import { fetchText, ok } from "../browser/http.js";
import { storedRunOf } from "../core/run/stored-run.js";
import type { Text } from "../text/text.js";
import type { Page } from "../view/page.js";

const timeoutMs = 10_000;
const notFound = 404;

export function permalinkTo(id: string): string {
  return `${location.origin}${location.pathname}?run=${id}`;
}

/** Return the address of a stored run's data. */
export function storedRunUrl(id: string): URL {
  return new URL(`virtual-household/runs/${id}`, document.baseURI);
}

/** Show a stored run, or why there is none. The button leads to a new test. */
export async function showStoredRun(id: string, page: Page, text: Text): Promise<void> {
  page.onButton(() => {
    // Keep all other options, such as the language.
    const query = location.search.replace(/([?&])run=[^&]*&?/, "$1").replace(/[?&]$/, "");
    location.assign(location.pathname + query);
  });
  page.announce(text.stored.loading, "");
  const answer = await fetchText(storedRunUrl(id), timeoutMs);
  if (answer?.status !== ok) {
    page.announce("", answer?.status === notFound ? text.stored.unknown : text.stored.unavailable);
    return;
  }
  try {
    page.showStored(storedRunOf(answer.text, location.host), permalinkTo(id));
  } catch (error) {
    // Not the server's format.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    page.announce("", text.stored.unavailable);
  }
}
