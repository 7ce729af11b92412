import type { Clock, Timer } from "../src/clock.js";

// A clock in which time stands still but for `advance`.
export class ManualClock implements Clock {
  #now = 0;
  #turns = 0;
  #timers: { due: number; then: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  callAfter(ms: number, then: () => void): Timer {
    const timer = { due: this.#now + Math.max(ms, 0), then };
    if (timer.due !== Infinity) this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((one) => one !== timer)) };
  }

  // That are set.
  get timers(): number {
    return this.#timers.length;
  }

  turn(): Promise<void> {
    ++this.#turns;
    return new Promise((resolve) => setImmediate(resolve));
  }

  // Lets everything happen that needs no time.
  async settle(): Promise<void> {
    for (let before = -1; before !== this.#turns; ) {
      before = this.#turns;
      for (let turn = 0; turn < 3; ++turn) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await this.settle();
      const next = Math.min(...this.#timers.map((timer) => timer.due));
      if (next > end) break;
      this.#now = next;
      const due = this.#timers.filter((timer) => timer.due <= next);
      this.#timers = this.#timers.filter((timer) => timer.due > next);
      for (const timer of due) timer.then();
    }
    this.#now = end;
    await this.settle();
  }
}

declare function setImmediate(then: (value: void) => void): unknown;
