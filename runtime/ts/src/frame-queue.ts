// FrameQueue holds the frames that are sent up, encoded and numbered, until the server has acknowledged them. What is
// written while a POST is under way goes into the next one.

import type { Encoded, FrameCodec } from "./frame-codec.js";
import { type Frame, messageOf } from "./frame.js";
import { Queue } from "./queue.js";

interface StoredFrame {
  bytes: Encoded;
  // In memory, about.
  size: number;
  hasMessage: boolean;
}

export interface Batch {
  // Numbers of the first and last frame.
  first: number;
  last: number;
  frames: Encoded[];
}

// What a frame costs beside its bytes.
const overhead = 40;

export class FrameQueue {
  // Numbers acknowledged + 1 …
  readonly #frames = new Queue<StoredFrame>();
  #acknowledged = 0;
  #posted = 0;
  #unpostedBytes = 0;
  #messageBytes = 0;

  constructor(private readonly codec: FrameCodec) {}

  // Adds a frame and returns its number, counted from 1.
  append(frame: Frame): number {
    const bytes = this.codec.frame(frame);
    const message = messageOf(frame);
    // Text that is not ASCII has more bytes than characters; only messages are long enough for that to matter.
    const wider = message?.text === undefined ? 0 : (message.size ?? 0) - message.text.length;
    const size = bytes.length + wider + overhead;
    this.#frames.push({ bytes, size, hasMessage: message !== undefined });
    this.#unpostedBytes += size;
    if (message !== undefined) this.#messageBytes += size;
    return this.lastAppended;
  }

  // The frames after the last acknowledged one, up to number `last` and up to `maxBytes`, but at least one if there
  // are any.
  unacknowledged(maxBytes: number, last = Infinity): Batch {
    const frames: Encoded[] = [];
    let bytes = 0;
    for (let at = 0; at < this.#frames.length && this.#acknowledged + at < last; ++at) {
      const frame = this.#frames.at(at);
      if (frames.length > 0 && bytes + frame.size - overhead > maxBytes) break;
      frames.push(frame.bytes);
      bytes += frame.size - overhead + 1;
    }
    return { first: this.#acknowledged + 1, last: this.#acknowledged + frames.length, frames };
  }

  // Frames up to `seq` have been put into a request: the server may have them.
  markPosted(seq: number): void {
    while (this.#posted < seq) {
      this.#unpostedBytes -= this.#frames.at(this.#posted - this.#acknowledged).size;
      ++this.#posted;
    }
  }

  // The server has every frame up to `seq`, which are released.
  acknowledge(seq: number): void {
    this.markPosted(Math.min(seq, this.lastAppended));
    while (this.#acknowledged < seq && !this.empty) {
      const { size, hasMessage } = this.#frames.shift();
      if (hasMessage) this.#messageBytes -= size;
      ++this.#acknowledged;
    }
  }

  get empty(): boolean {
    return this.#frames.length === 0;
  }
  get lastAppended(): number {
    return this.#acknowledged + this.#frames.length;
  }
  get lastPosted(): number {
    return this.#posted;
  }
  // Memory of frames that no request has held yet, and of those with messages.
  get unpostedBytes(): number {
    return this.#unpostedBytes;
  }
  get messageBytes(): number {
    return this.#messageBytes;
  }
}
