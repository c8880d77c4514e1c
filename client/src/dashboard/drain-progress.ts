/** Progress of a drain, by sessions ended since the page first saw it. */
export class DrainProgress {
  #deadline: number | undefined;
  #most = 0;

  /** Return the progress, 0 to 1; `deadline` is undefined without a drain. */
  update(deadline: number | undefined, sessions: number): number {
    if (deadline !== this.#deadline) {
      this.#deadline = deadline;
      this.#most = 0;
    }
    this.#most = Math.max(this.#most, sessions);
    return this.#most === 0 ? 1 : 1 - sessions / this.#most;
  }
}
