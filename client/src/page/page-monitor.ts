/** Watches for what would spoil a run unseen: a page out of sight, and clocks that jump. */
export class PageMonitor {
  hidden = document.hidden;
  /** Largest difference between what the monotonic clock and the wall clock say has passed. */
  clockJumpMs = 0;
  readonly #apartMs = Date.now() - performance.now();
  readonly #onVisibility = (): void => {
    if (document.hidden) this.hidden = true;
  };

  constructor() {
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Compares the clocks; to be called a few times a second. */
  look(): void {
    const jumpMs = Math.abs(Date.now() - performance.now() - this.#apartMs);
    this.clockJumpMs = Math.max(this.clockJumpMs, jumpMs);
  }

  end(): void {
    this.look();
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }
}
