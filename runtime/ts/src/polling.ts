// Polling says whether a session's next down-stream is to be a bounded one, as a proxy on the way holds responses
// back until they end (PROTOCOL.md, B.5).
export class Polling {
  #on = false;
  #tryAgain = 0;
  #pause = 60_000;

  // A stream was held back.
  begin(now: number): void {
    this.#on = true;
    this.#tryAgain = now + this.#pause;
    this.#pause = Math.min(2 * this.#pause, 600_000);
  }

  // A stream without end has flowed.
  end(): void {
    this.#on = false;
    this.#pause = 60_000;
  }

  get on(): boolean {
    return this.#on;
  }

  // Now and then a stream without end is tried again: the network was perhaps only slow.
  bounded(now: number): boolean {
    return this.#on && now < this.#tryAgain;
  }
}
