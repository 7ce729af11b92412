// Call is one call on a channel. It makes the call again where the server is known never to have run it, and pulls the
// requests only while there is room for them.

import { type Incoming, CallStream, type Outgoing } from "./call-stream.js";
import type { Channel } from "./channel.js";
import type { Clock } from "./clock.js";
import type { MetadataEntry } from "./frame.js";
import { Signal } from "./signal.js";
import { type Status, status } from "./status.js";

export interface CallOptions {
  // "/package.Service/Method"
  path: string;
  metadata: MetadataEntry[];
  // By the clock.
  deadline: number;
  // It does no harm to run the method twice.
  repeatable: boolean;
  // Whether any number of requests may come; else there is one, and it is there.
  clientStreams: boolean;
  requests: AsyncIterator<Outgoing>;
  // How long a call waits for a server that takes it.
  connectTimeoutMs: number;
}

// What a call keeps of its requests for another attempt. A server that takes it gives a sign long before.
const maxKeptBytes = 1024 * 1024;
// Turns that the first request may take to be there, and to travel with the call's beginning.
const firstTurns = 16;

export class Call {
  // Why the call ended, where it did not end well: what the server said, or what went wrong with the requests.
  failure: Status | undefined;
  thrown: unknown;
  over = false;
  readonly ended: Promise<void>;

  #end!: () => void;
  #stream: CallStream | undefined;
  // Notified of another stream, and of the end.
  readonly #changed = new Signal();
  // Requests that were sent, or are to be, as long as another attempt may need them.
  #kept: Outgoing[] | undefined = [];
  #keptBytes = 0;
  #pulled: IteratorResult<Outgoing> | undefined;
  #pulling = false;
  #noMore = false;

  constructor(
    private readonly channel: Channel,
    private readonly clock: Clock,
    private readonly options: CallOptions,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    void this.#run();
  }

  get header(): MetadataEntry[] {
    return this.#stream?.header ?? [];
  }
  get trailers(): MetadataEntry[] {
    return this.#stream?.trailers ?? [];
  }

  // The next message; undefined when the call is over.
  async receive(): Promise<Incoming | undefined> {
    for (;;) {
      const stream = this.#stream;
      const message = await stream?.receive();
      if (message !== undefined) return message;
      if (stream !== this.#stream) continue;
      if (this.over) return undefined;
      await this.#changed.wait();
    }
  }

  // Until the first message, metadata of the response, or the end.
  async waitForHeader(): Promise<void> {
    for (;;) {
      const stream = this.#stream;
      await stream?.waitForHeader();
      if (stream !== this.#stream) continue;
      if (this.over || (stream !== undefined && stream.end === undefined)) return;
      await this.#changed.wait();
    }
  }

  // Ends the call here, and tells the server.
  abort(failure: Status): void {
    this.#stream?.cancel(failure);
    this.#finish(failure);
  }

  #finish(failure: Status | undefined): void {
    if (this.over) return;
    this.over = true;
    this.failure = failure;
    this.#kept = undefined;
    // The requests are of no use any more.
    if (!this.#noMore) this.options.requests.return?.().catch(() => undefined);
    this.#changed.notify();
    this.#end();
  }

  async #run(): Promise<void> {
    await this.#pullFirst();
    const giveUpAt = this.clock.now() + this.options.connectTimeoutMs;
    while (!this.over) {
      const session = await this.channel.session();
      if (this.over) return;
      const { path, metadata, deadline, repeatable } = this.options;
      // At least 1: 0 means none.
      const timeoutMs = deadline === Infinity ? 0 : Math.max(Math.floor(deadline - this.clock.now()), 1);
      const first = this.#kept?.[0];
      const last = this.#noMore && this.#kept!.length <= 1;
      const stream = new CallStream(session, { method: path, metadata, timeoutMs }, repeatable, first, last);
      this.#stream = stream;
      this.#changed.notify();
      if (!last) await this.#sendAll(stream, first === undefined ? 0 : 1);
      while (stream.end === undefined) await stream.changed.wait();
      const { status, neverRan } = stream.end;
      // Another code is a refusal, which another attempt would meet too.
      const again = neverRan && status?.code === "unavailable" && this.#kept !== undefined;
      if (again && this.clock.now() < giveUpAt) continue;
      this.#finish(status);
    }
  }

  async #pullFirst(): Promise<void> {
    this.#pull();
    for (let turn = 0; this.#pulled === undefined && !this.over; ++turn) {
      if (this.options.clientStreams && turn === firstTurns) return;
      await (this.options.clientStreams ? undefined : this.#changed.wait());
    }
    this.#takePulled();
    if (!this.options.clientStreams) this.#noMore = true;
  }

  // Sends the requests from number `next` on, until the last or the end of the stream.
  async #sendAll(stream: CallStream, next: number): Promise<void> {
    for (;;) {
      if (this.#kept !== undefined && (stream.accepted || this.#keptBytes > maxKeptBytes)) {
        // There will be no other attempt.
        const left = this.#kept.slice(next);
        this.#kept = undefined;
        for (const message of left) {
          await stream.waitToSend();
          stream.send(message);
        }
      }
      const kept = this.#kept?.[next];
      if (kept === undefined && this.#noMore) return stream.halfClose();
      await stream.waitToSend();
      if (stream.end !== undefined || this.over) return;
      if (kept !== undefined) {
        stream.send(kept);
        ++next;
        continue;
      }
      this.#pull();
      while (this.#pulled === undefined && stream.end === undefined && !this.over) await stream.changed.wait();
      if (stream.end !== undefined || this.over) return;
      const message = this.#takePulled();
      if (message === undefined) continue;
      stream.send(message);
      ++next;
    }
  }

  // Asks for the next request, once.
  #pull(): void {
    if (this.#pulling || this.#noMore) return;
    this.#pulling = true;
    this.options.requests
      .next()
      .then((result) => {
        this.#pulled = result;
      })
      .catch((error: unknown) => {
        this.#noMore = true;
        this.thrown = error;
        this.abort(status("canceled", "the requests failed"));
      })
      .finally(() => {
        this.#pulling = false;
        this.#stream?.changed.notify();
        this.#changed.notify();
      });
  }

  #takePulled(): Outgoing | undefined {
    const result = this.#pulled;
    if (result === undefined) return undefined;
    this.#pulled = undefined;
    if (result.done) {
      this.#noMore = true;
      return undefined;
    }
    if (this.#kept !== undefined) {
      this.#kept.push(result.value);
      this.#keptBytes += result.value.size;
    }
    return result.value;
  }
}
