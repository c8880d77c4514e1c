export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export const ok = 200;

/** Fetch past all caches; undefined without a complete response in time. */
export async function fetchText(url: URL, timeoutMs: number): Promise<HttpAnswer | undefined> {
  // `AbortSignal.timeout` needs newer browsers than the rest of the page.
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, { cache: "no-store", signal: abort.signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    // Network errors, and the timeout.
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
