// What a session knows of time. Tests have a clock of their own, in which time stands still.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  // Milliseconds, which only increase.
  now(): number;
  callAfter(ms: number, then: () => void): Timer;
  // Lets everything else that is ready happen first. Not slowed down in hidden tabs, as timers are.
  turn(): Promise<void>;
}

// The longest that setTimeout can wait.
const longestTimeout = 2 ** 31 - 1;

// Node.js has setImmediate; browsers let a message to oneself take its turn.
function newTurns(): () => Promise<void> {
  const immediate = (globalThis as { setImmediate?: (then: () => void) => unknown }).setImmediate;
  if (immediate !== undefined) return () => new Promise((resolve) => immediate(resolve));
  const waiting: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      channel.port2.postMessage(0);
    });
}

export function realClock(): Clock {
  return {
    now: () => performance.now(),
    callAfter(ms, then) {
      if (ms === Infinity) return { cancel() {} };
      const id = setTimeout(then, Math.min(Math.max(ms, 0), longestTimeout));
      return { cancel: () => clearTimeout(id) };
    },
    turn: newTurns(),
  };
}

export function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.callAfter(ms, resolve));
}
