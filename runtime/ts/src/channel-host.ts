// ChannelHost holds the one channel of an origin's pages, in a SharedWorker. A page that closes takes its calls along;
// those of the others go on.

import { OwnChannel } from "./channel.js";
import type { ChannelStatus } from "./client-session.js";
import { realClock, sleep } from "./clock.js";
import { codecOf } from "./frame-codec.js";
import type { CallListener, FrameSession } from "./frame-session.js";
import type { Frame } from "./frame.js";
import { type FromPage, type FromWorker, liveLock, sizeOf, type SharedOptions, whenReleased } from "./port-messages.js";
import { Signal } from "./signal.js";

// Bytes that have found room are told to a page in such amounts.
const roomStep = 32 * 1024;
// How long a page may take to say what its header fields are.
const answerTime = 5_000;

// A call of a page. `session` is there when one has taken it.
interface Call {
  session: FrameSession | undefined;
  id: number;
  // What the page sent before.
  early: Frame[];
}

export class ChannelHost {
  readonly #clock = realClock();
  readonly #pages = new Set<Page>();
  readonly #changed = new Signal();
  readonly #lock = liveLock();
  #channel: OwnChannel | undefined;
  #status: ChannelStatus = { state: "idle", polling: false };
  #headers: [string, string][] = [];

  connect(port: MessagePort): void {
    const page = new Page(this, port);
    port.onmessage = ({ data }: MessageEvent<FromPage>) => {
      if (data.kind !== "hello") return page.take(data);
      this.#channel ??= this.#open(data.options);
      page.asks = data.asks;
      whenReleased(data.lock, () => this.#remove(page));
      void this.#add(page);
    };
  }

  async #add(page: Page): Promise<void> {
    const lock = await this.#lock;
    this.#pages.add(page);
    page.post({ kind: "ready", lock });
    page.post({ kind: "status", status: this.#status });
    this.#tell();
  }

  #remove(page: Page): void {
    if (!this.#pages.delete(page)) return;
    page.cancelAll();
    // It may have closed the session that it had for itself.
    if (page.mayClose !== "" || this.#pages.size === 0) this.#channel?.close();
    this.#tell();
    this.#changed.notify();
  }

  bye(page: Page): void {
    this.#remove(page);
    page.port.close();
  }

  // Who is alone with the session may close it when it goes away. The calls of others wait until it knows of them.
  #tell(): void {
    const session = this.#channel?.sessionName ?? "";
    const alone = this.#pages.size === 1 && session !== "";
    for (const page of this.#pages) {
      if (alone) {
        if (page.mayClose !== session) page.post({ kind: "alone", session });
        page.mayClose = session;
      } else if (page.mayClose !== "") {
        page.post({ kind: "shared" });
      }
    }
  }

  noted(page: Page): void {
    page.mayClose = "";
    this.#changed.notify();
  }

  // A session for a call of this page.
  async session(page: Page): Promise<FrameSession> {
    const others = () => [...this.#pages].some((other) => other !== page && other.mayClose !== "");
    while (others()) await this.#changed.wait();
    return this.#channel!.session();
  }

  #open(options: SharedOptions): OwnChannel {
    return new OwnChannel({
      http: {
        baseUrl: options.baseUrl,
        fetch,
        credentials: options.credentials,
        headers: () => this.#ask(),
      },
      codec: codecOf(options.codec),
      limits: options.limits,
      clock: this.#clock,
      random: Math.random,
      connectTimeoutMs: options.connectTimeoutMs,
      onStatus: (status) => {
        this.#status = status;
        for (const page of this.#pages) page.post({ kind: "status", status });
        this.#tell();
      },
    });
  }

  // The header fields of a request, of the page that came last; as they were, where it does not answer.
  async #ask(): Promise<[string, string][]> {
    const page = [...this.#pages].filter((one) => one.asks).pop();
    if (page === undefined) return this.#headers;
    const answer = await Promise.race([page.ask(), sleep(this.#clock, answerTime)]);
    if (answer !== undefined) this.#headers = answer;
    return this.#headers;
  }
}

// A page, as the worker sees it.
class Page {
  asks = false;
  // The session that it may close, being alone with it.
  mayClose = "";

  readonly #calls = new Map<number, Call>();
  #questions = 0;
  readonly #asked = new Map<number, (headers: [string, string][]) => void>();
  #taken = 0;

  constructor(
    private readonly host: ChannelHost,
    readonly port: MessagePort,
  ) {}

  post(message: FromWorker): void {
    this.port.postMessage(message);
  }

  ask(): Promise<[string, string][]> {
    const question = ++this.#questions;
    this.post({ kind: "headers", question });
    return new Promise((resolve) => this.#asked.set(question, resolve));
  }

  take(message: Exclude<FromPage, { kind: "hello" }>): void {
    switch (message.kind) {
      case "open":
        return void this.#open(message);
      case "frame":
        return this.#send(message.frame);
      case "forget":
        return this.#forget(message.call);
      case "headers":
        this.#asked.get(message.question)?.(message.headers);
        return void this.#asked.delete(message.question);
      case "noted":
        return this.host.noted(this);
      case "bye":
        return this.host.bye(this);
    }
  }

  cancelAll(): void {
    for (const [number, call] of [...this.#calls]) {
      call.session?.send({ call: call.id, cancel: {} });
      this.#forget(number);
    }
  }

  async #open({ call: number, open, repeatable }: Extract<FromPage, { kind: "open" }>): Promise<void> {
    const call: Call = { session: undefined, id: 0, early: [] };
    this.#calls.set(number, call);
    const session = await this.host.session(this);
    if (this.#calls.get(number) !== call) return;
    const listener: CallListener = {
      onFrame: (frame) => this.post({ kind: "frame", frame: { ...frame, call: number } }),
      onWindow: (more) => this.post({ kind: "window", call: number, more }),
      onSessionEnd: (status, neverRan) => {
        this.#calls.delete(number);
        this.post({ kind: "end", call: number, status, neverRan });
      },
    };
    call.session = session;
    call.id = session.openCall(listener, open, repeatable);
    this.#take({ open }, session);
    // The page has reckoned with a window of one.
    listener.onWindow(session.callSendWindow - 1);
    for (const frame of call.early) this.#send(frame);
    call.early = [];
  }

  #send(frame: Frame): void {
    const call = this.#calls.get(frame.call ?? 0);
    if (call === undefined) return this.#take(frame, undefined);
    if (call.session === undefined) return void call.early.push(frame);
    call.session.send({ ...frame, call: call.id });
    this.#take(frame, call.session);
  }

  #forget(number: number): void {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    call?.session?.forgetCall(call.id);
    for (const frame of call?.early ?? []) this.#take(frame, undefined);
  }

  // A frame has been taken from the page, and left to the session: there is room for others when that has.
  #take(frame: Frame, session: FrameSession | undefined): void {
    const size = sizeOf(frame);
    if (size === 0) return;
    if (session === undefined || session.hasRoom) return this.#tellRoom(size);
    void session.room.wait().then(() => this.#take(frame, session));
  }

  #tellRoom(size: number): void {
    this.#taken += size;
    if (this.#taken < roomStep) return;
    this.post({ kind: "room", bytes: this.#taken });
    this.#taken = 0;
  }
}
