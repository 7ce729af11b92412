// StreamWatch tells what has become of a down-stream that is silent: whether its connection is dead, or a proxy on
// the way holds it back until it ends (PROTOCOL.md, B.5).

import type { Clock, Timer } from "./clock.js";

export interface StreamWatchListener {
  // The server is to be pinged, so that it has something to say. onPingAnswered is to be called when the request
  // that carried the ping has its reply.
  onPingWanted(): void;
  // Nothing comes on the stream, and nothing will.
  onStreamDead(): void;
  // The server has sent something, and it did not come.
  onStreamHeldBack(): void;
}

// The session's first stream, when there is nobody yet to ping; one without end; one that ends after its first
// event, or after `boundedTime`.
export type StreamKind = "open" | "attach" | "bounded";

// How long something that was sent may take.
const patience = 3_000;
// How long a response may take to begin.
const firstByte = 10_000;
// Bytes that come so long after the first were not all in one buffer.
const apart = 1_000;
// How long a bounded stream waits for its first event: less than proxies let a response last.
export const boundedTime = 10_000;

// Looks at one stream at a time.
export class StreamWatch {
  // The server's promise: a comment after so long a silence.
  heartbeat = 15_000;
  hasBytes = false;
  // Whether bytes have come one after the other, so that nothing holds the stream back.
  flows = false;

  #kind: StreamKind = "open";
  #firstByte = firstByte;
  #began = 0;
  #lastBytes = 0;
  #pinged = false; // once for each stream
  #answered = Infinity; // when the ping was
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly listener: StreamWatchListener,
  ) {}

  // `patient`: how long its first byte may take, at most.
  begin(kind: StreamKind, patient = Infinity): void {
    this.#kind = kind;
    this.#firstByte = Math.min(patient, kind === "bounded" ? boundedTime + firstByte : firstByte);
    this.#began = this.#lastBytes = this.clock.now();
    this.hasBytes = this.flows = this.#pinged = false;
    this.#answered = Infinity;
    this.#armAt(this.#began + patience);
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  onBytes(): void {
    this.#lastBytes = this.clock.now();
    if (this.#kind !== "bounded" && this.hasBytes && this.#lastBytes >= this.#began + apart) this.flows = true;
    this.hasBytes = true;
  }

  onPingAnswered(): void {
    if (this.#timer === undefined || !this.#pinged || this.#answered !== Infinity) return;
    this.#answered = this.clock.now();
    this.#armAt(this.#answered + patience);
  }

  // When the stream counts as dead, if it stays silent.
  #deadAt(): number {
    if (!this.hasBytes) return this.#began + this.#firstByte;
    if (this.#kind !== "bounded") return this.#lastBytes + 2.5 * this.heartbeat;
    return Math.max(this.#lastBytes, this.#began + boundedTime) + patience;
  }

  #check(): void {
    const now = this.clock.now();
    if (now >= this.#deadAt()) return this.listener.onStreamDead();
    if (this.#kind === "bounded") return this.#armAt(this.#deadAt());
    if (this.#kind === "open" && !this.hasBytes) return this.listener.onStreamHeldBack();
    if (this.flows) return this.#armAt(this.#deadAt());
    const silentAt = this.#lastBytes + patience;
    if (now < silentAt) return this.#armAt(silentAt);
    if (!this.#pinged) {
      this.#pinged = true;
      this.#armAt(this.#deadAt());
      return this.listener.onPingWanted();
    }
    // A reply by another connection says that the server is there.
    if (now >= this.#answered + patience && this.#lastBytes <= this.#answered) return this.listener.onStreamHeldBack();
    this.#armAt(this.#deadAt());
  }

  #armAt(due: number): void {
    this.#timer?.cancel();
    this.#timer = this.clock.callAfter(due - this.clock.now(), () => this.#check());
  }
}
