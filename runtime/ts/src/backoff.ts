// Backoff says how long to wait before the next attempt, in milliseconds: longer each time, and never the same
// for everyone, so that clients of a server that comes back do not come all at once.
export class Backoff {
  #next: number;

  constructor(
    private readonly random = Math.random,
    private readonly first = 100,
    private readonly limit = 5_000,
  ) {
    this.#next = first;
  }

  next(): number {
    const longest = this.#next;
    this.#next = Math.min(this.#next * 2, this.limit);
    return longest * (0.5 + 0.5 * this.random());
  }

  reset(): void {
    this.#next = this.first;
  }
}
