/** How far a drain is: by sessions that have gone since the page first saw it. */
export class DrainProgress {
  #deadline: number | undefined;
  #most = 0;

  /** From 0 to 1, for sessions that are left; `deadline` is undefined while nothing drains. */
  update(deadline: number | undefined, sessions: number): number {
    if (deadline !== this.#deadline) {
      this.#deadline = deadline;
      this.#most = 0;
    }
    this.#most = Math.max(this.#most, sessions);
    return this.#most === 0 ? 1 : 1 - sessions / this.#most;
  }
}
