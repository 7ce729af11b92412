// SharedChannel is a page's way to the channel that all pages of its origin share. Where their SharedWorker does not
// start, the page has a channel of its own.

import type { Channel } from "./channel.js";
import type { ChannelStatus } from "./client-session.js";
import { type Clock, sleep } from "./clock.js";
import { codecOf } from "./frame-codec.js";
import type { CallListener, FrameSession, Limits } from "./frame-session.js";
import type { Frame, OpenFrame } from "./frame.js";
import { type PartSource, PartTurns } from "./part-turns.js";
import { type FromPage, type FromWorker, liveLock, type SharedOptions, sizeOf, whenReleased } from "./port-messages.js";
import { sayClose } from "./session-http.js";
import { Signal } from "./signal.js";
import { lost, status, type Status } from "./status.js";

export interface SharedChannelOptions {
  shared: SharedOptions;
  name: string;
  clock: Clock;
  headers: (() => Promise<[string, string][]>) | undefined;
  onStatus: (status: ChannelStatus) => void;
  // A channel of this page's own.
  fallback: () => Channel;
}

// How long a worker may take to begin.
const startTime = 5_000;
// Of messages that are on their way to the worker.
const ahead = 256 * 1024;

export function canShare(): boolean {
  return typeof SharedWorker === "function" && typeof navigator === "object" && "locks" in navigator;
}

export class SharedChannel implements Channel {
  #current: Promise<Channel | SharedSession> | undefined;
  #own: Channel | undefined;
  #session: SharedSession | undefined;
  #status: ChannelStatus = { state: "idle", polling: false };

  constructor(private readonly options: SharedChannelOptions) {
    globalThis.addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) this.#leave();
    });
  }

  get status(): ChannelStatus {
    return this.#own?.status ?? this.#status;
  }

  async session(): Promise<FrameSession> {
    this.#current ??= this.#start();
    const current = await this.#current;
    return current instanceof SharedSession ? current : current.session();
  }

  close(): void {
    this.#own?.close();
    this.#session?.end(status("canceled", "the channel was closed"));
  }

  #leave(): void {
    this.#own?.close();
    this.#session?.leave();
  }

  async #start(): Promise<Channel | SharedSession> {
    const { options } = this;
    try {
      const lock = await liveLock();
      // Bundlers look for this very expression.
      const worker = new SharedWorker(new URL("./shared-worker.js", import.meta.url), {
        type: "module",
        name: options.name,
      });
      const session = new SharedSession(worker.port, lock, {
        ...options,
        onStatus: (status) => {
          this.#status = status;
          options.onStatus(status);
        },
      });
      const failed = new Promise<never>((_, reject) => {
        worker.onerror = () => reject(new Error("no script"));
        void sleep(options.clock, startTime).then(() => reject(new Error("no answer")));
      });
      await Promise.race([session.ready, failed]);
      this.#session = session;
      void session.over.then(() => {
        // The worker is gone. The next call starts another.
        this.#session = this.#current = undefined;
      });
      return session;
    } catch (error) {
      console.warn(`Runnel: pages do not share a channel, as their SharedWorker did not start: ${String(error)}`);
      this.#own = options.fallback();
      return this.#own;
    }
  }
}

class SharedSession implements FrameSession {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly room = new Signal();
  // What the worker knows of the server's window, it tells for each call.
  readonly callSendWindow = 1;
  readonly ready: Promise<void>;
  readonly over: Promise<void>;

  #ready!: () => void;
  #over!: () => void;
  #lastCall = 0;
  readonly #calls = new Map<number, CallListener>();
  readonly #turns = new PartTurns();
  // Of messages that have not found room yet.
  #unsent = 0;
  // The session that this page may close.
  #closable = "";
  #headers: [string, string][] = [];

  constructor(
    private readonly port: MessagePort,
    lock: string,
    private readonly options: SharedChannelOptions,
  ) {
    this.clock = options.clock;
    this.limits = options.shared.limits;
    this.ready = new Promise((resolve) => (this.#ready = resolve));
    this.over = new Promise((resolve) => (this.#over = resolve));
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#take(data);
    this.#post({ kind: "hello", lock, options: options.shared, asks: options.headers !== undefined });
  }

  openCall(listener: CallListener, open: OpenFrame, repeatable: boolean): number {
    const call = ++this.#lastCall;
    this.#calls.set(call, listener);
    this.#unsent += sizeOf({ open });
    this.#post({ kind: "open", call, open, repeatable });
    return call;
  }

  forgetCall(call: number): void {
    this.#calls.delete(call);
    this.#post({ kind: "forget", call });
  }

  send(frame: Frame): void {
    this.#unsent += sizeOf(frame);
    this.#post({ kind: "frame", frame });
  }

  get hasRoom(): boolean {
    return this.#unsent < ahead;
  }

  takeTurns(source: PartSource): void {
    this.#turns.add(source);
    this.#turns.run(() => this.#unsent);
  }

  leaveTurns(source: PartSource): void {
    this.#turns.remove(source);
  }

  // Ends this page's calls.
  end(why: Status): void {
    for (const [call, listener] of [...this.#calls]) {
      this.send({ call, cancel: {} });
      this.forgetCall(call);
      listener.onSessionEnd(why, false);
    }
  }

  // The page goes away.
  leave(): void {
    this.#post({ kind: "bye" });
    if (this.#closable === "") return;
    // The worker may end together with the last page, before it can say so.
    const http = { ...this.options.shared, fetch, headers: async () => this.#headers };
    sayClose(http, codecOf(this.options.shared.codec), this.#closable, this.clock);
  }

  #post(message: FromPage): void {
    this.port.postMessage(message);
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        whenReleased(message.lock, () => this.#gone());
        return this.#ready();
      case "frame":
        return this.#calls.get(message.frame.call ?? 0)?.onFrame(message.frame);
      case "window":
        return this.#calls.get(message.call)?.onWindow(message.more);
      case "end": {
        const listener = this.#calls.get(message.call);
        this.#calls.delete(message.call);
        return listener?.onSessionEnd(message.status, message.neverRan);
      }
      case "room":
        this.#unsent -= message.bytes;
        this.#turns.run(() => this.#unsent);
        return this.room.notify();
      case "status":
        return this.options.onStatus(message.status);
      case "headers":
        return void this.#answer(message.question);
      case "alone":
        this.#closable = message.session;
        return;
      case "shared":
        this.#closable = "";
        return this.#post({ kind: "noted" });
    }
  }

  async #answer(question: number): Promise<void> {
    this.#headers = (await this.options.headers?.()) ?? [];
    this.#post({ kind: "headers", question, headers: this.#headers });
  }

  #gone(): void {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#over();
    for (const listener of calls) listener.onSessionEnd(lost("its SharedWorker is gone"), false);
  }
}
