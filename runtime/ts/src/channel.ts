// Channel is a transport's way to a session: it opens one for the first call, and another when that is over.

import { Backoff } from "./backoff.js";
import { sleep } from "./clock.js";
import { type ChannelStatus, ClientSession, type SessionOptions } from "./client-session.js";
import type { FrameSession } from "./frame-session.js";

export interface Channel {
  // A session that takes calls. Waits while no server is to be asked.
  session(): Promise<FrameSession>;
  readonly status: ChannelStatus;
  // Ends every call.
  close(): void;
}

// A channel of this page's, or process's, own.
export class OwnChannel implements Channel {
  status: ChannelStatus = { state: "idle", polling: false };
  #session: ClientSession | undefined;
  // Those that drain end by themselves, when their calls have.
  #draining = new Set<ClientSession>();
  #retryAt = -Infinity;
  readonly #backoff: Backoff;

  constructor(private readonly options: SessionOptions) {
    this.#backoff = new Backoff(options.random);
  }

  // Of the session that takes calls: "<id>.<secret>", or nothing where there is none.
  get sessionName(): string {
    const session = this.#session;
    return session !== undefined && session.over === undefined && !session.draining ? session.name : "";
  }

  async session(): Promise<FrameSession> {
    const { clock } = this.options;
    for (;;) {
      const session = this.#session;
      if (session !== undefined && session.over === undefined && !session.draining) return session;
      if (session !== undefined) this.#retire(session);
      const wait = this.#retryAt - clock.now();
      if (wait > 0) await sleep(clock, wait);
      else this.#session ??= this.#open();
    }
  }

  close(): void {
    for (const session of this.#draining) session.close();
    this.#session?.close();
  }

  #open(): ClientSession {
    const session = new ClientSession({
      ...this.options,
      onStatus: (status) => {
        // What becomes of an old session is of no interest any more.
        if (this.#session !== session) return;
        if (status.state === "connected") this.#backoff.reset();
        this.status = status;
        this.options.onStatus(status);
      },
    });
    return session;
  }

  #retire(session: ClientSession): void {
    this.#session = undefined;
    this.#draining = new Set([...this.#draining].filter((one) => one.over === undefined));
    if (session.draining) {
      this.#retryAt = session.retryAt;
      if (session.over === undefined) this.#draining.add(session);
    } else if (session.name === "") {
      this.#retryAt = this.options.clock.now() + this.#backoff.next();
    }
  }
}
