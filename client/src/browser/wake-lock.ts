/** Keeps the screen on, where the browser can. */
export class WakeLock {
  #wanted = false;
  #sentinel: WakeLockSentinel | undefined;

  constructor() {
    // The browser releases the lock of a hidden page.
    document.addEventListener("visibilitychange", () => {
      if (this.#wanted && !document.hidden) void this.#request();
    });
  }

  hold(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.#request();
  }

  release(): void {
    this.#wanted = false;
    void this.#sentinel?.release();
    this.#sentinel = undefined;
  }

  async #request(): Promise<void> {
    // Missing outside secure contexts, and in some browsers.
    if (!("wakeLock" in navigator)) return;
    try {
      const sentinel = await navigator.wakeLock.request("screen");
      if (this.#wanted) this.#sentinel = sentinel;
      else await sentinel.release();
    } catch (error) {
      // Refused, as with a low battery. A screen that turns off counts as a hidden page.
      if (!(error instanceof DOMException)) throw error;
    }
  }
}
