// MessageRing keeps the newest messages of a call.

import type { Message } from "@bufbuild/protobuf";

export interface CallMessage {
  // Counted from 1, over both directions.
  number: number;
  // Milliseconds since the epoch.
  time: number;
  sent: boolean;
  message: Message;
}

export class MessageRing {
  // How many there were. The newest has this number.
  count = 0;
  readonly #kept: CallMessage[] = [];

  constructor(readonly capacity: number) {}

  add(time: number, sent: boolean, message: Message): CallMessage {
    const kept = { number: ++this.count, time, sent, message };
    this.#kept[(kept.number - 1) % this.capacity] = kept;
    return kept;
  }

  // The number of the oldest that is kept.
  get first(): number {
    return Math.max(1, this.count - this.capacity + 1);
  }

  get size(): number {
    return this.#kept.length;
  }

  at(number: number): CallMessage | undefined {
    if (number < this.first || number > this.count) return undefined;
    return this.#kept[(number - 1) % this.capacity];
  }
}
