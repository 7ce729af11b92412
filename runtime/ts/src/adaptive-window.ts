// AdaptiveWindow is how far a sender may be ahead of its receiver: little for those who are slow, as it is memory,
// and for those who are fast what they take within a fifth of a second.
export class AdaptiveWindow {
  #bytes: number;
  #last = -Infinity;

  constructor(
    private readonly least: number,
    private readonly most: number,
  ) {
    this.#bytes = least;
  }

  get bytes(): number {
    return this.#bytes;
  }

  // The receiver has taken so many bytes since the last time this was said. The window may be twice as large after
  // it, or half.
  onTaken(taken: number, now: number): void {
    if (taken === 0) return;
    const whole = ((now - this.#last) * this.#bytes) / taken;
    this.#last = now;
    if (whole < 200) this.#bytes = Math.max(this.least, Math.min(2 * this.#bytes, this.most));
    else if (whole > 2_000) this.#bytes = Math.max(this.#bytes / 2, this.least);
  }
}
