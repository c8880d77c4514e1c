/** Keeps the screen on while a run lasts, where the browser can. */
export class WakeLock {
  #wanted = false;
  #sentinel: WakeLockSentinel | undefined;

  constructor() {
    // The browser takes the lock away from a page out of sight.
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
    // Only in a secure context, and not in every browser.
    if (!("wakeLock" in navigator)) return;
    try {
      const sentinel = await navigator.wakeLock.request("screen");
      if (this.#wanted) this.#sentinel = sentinel;
      else await sentinel.release();
    } catch (error) {
      // Refused, as with a low battery: the run goes on, and a screen that turns off is seen as a hidden page.
      if (!(error instanceof DOMException)) throw error;
    }
  }
}
