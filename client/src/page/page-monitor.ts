/** Watches for a hidden page and clock jumps, which invalidate a run. */
export class PageMonitor {
  hidden = document.hidden;
  /** Largest gap between elapsed monotonic and wall clock time. */
  clockJumpMs = 0;
  readonly #apartMs = Date.now() - performance.now();
  readonly #onVisibility = (): void => {
    if (document.hidden) this.hidden = true;
  };

  constructor() {
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  /** Compare the clocks; call a few times a second. */
  look(): void {
    const jumpMs = Math.abs(Date.now() - performance.now() - this.#apartMs);
    this.clockJumpMs = Math.max(this.clockJumpMs, jumpMs);
  }

  end(): void {
    this.look();
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }
}
