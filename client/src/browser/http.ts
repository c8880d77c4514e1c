/** An answer of the server with its whole body. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export const ok = 200;

/** Asks the server, never a cache; undefined where no whole answer comes in time. */
export async function fetchText(url: URL, timeoutMs: number): Promise<HttpAnswer | undefined> {
  // Not `AbortSignal.timeout`: browsers learned it later than all else that the page needs.
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, { cache: "no-store", signal: abort.signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    // The network's errors, and the timeout.
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
