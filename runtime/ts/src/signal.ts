import type { Clock, Timer } from "./clock.js";

// Calls `then` when the signal is aborted, or at once where it has been. Returns what lets go of it.
export function whenAborted(signal: AbortSignal | undefined, then: () => void): () => void {
  if (signal?.aborted) then();
  signal?.addEventListener("abort", then);
  return () => signal?.removeEventListener("abort", then);
}

// Signal wakes whoever waits for something to change. Who wakes looks again at what it waited for.
export class Signal {
  #waiting = new Set<() => void>();

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  // Until it is notified, or that time has come.
  waitUntil(clock: Clock, time: number): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const wake = () => {
        timer?.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      if (time !== Infinity) timer = clock.callAfter(time - clock.now(), wake);
    });
  }
}
