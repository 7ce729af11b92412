// CallStream is one call's two streams of messages on a session: it splits large messages and puts them together,
// and keeps both directions within their windows (PROTOCOL.md, B.4).

import type { JsonValue } from "@bufbuild/protobuf";
import { AdaptiveWindow } from "./adaptive-window.js";
import type { CallListener, FrameSession } from "./frame-session.js";
import type { EndFrame, Frame, MessageFrame, MetadataEntry, OpenFrame } from "./frame.js";
import { Queue } from "./queue.js";
import { Signal } from "./signal.js";
import { type Status, status } from "./status.js";

// A message to be sent: its bytes, or the text of its JSON, of `size` bytes.
export interface Outgoing {
  size: number;
  bytes?: Uint8Array;
  text?: string;
}

// A message that came: the codec's bytes, or its JSON.
export type Incoming = { bytes: Uint8Array } | { json: JsonValue };

// The largest piece of a message in one frame, so that calls take turns.
const maxPartBytes = 64 * 1024;
// The least that a message takes from a window: an empty one takes memory too.
const minCharge = 32;

function charge(bytes: number): number {
  return Math.max(bytes, minCharge);
}

// How a call ended; `code` is empty where it ended well.
export interface CallEnd {
  status: Status | undefined;
  // The server has not run the method, and will not.
  neverRan: boolean;
}

export class CallStream implements CallListener {
  header: MetadataEntry[] = [];
  trailers: MetadataEntry[] = [];
  end: CallEnd | undefined;
  // The server has given a sign that it has the call.
  accepted = false;
  // Notified of everything that waits can be for.
  readonly changed = new Signal();

  readonly #id: number;
  #sendWindow: number;
  // A large message on its way.
  #outgoing: { bytes: Uint8Array; sent: number; last: boolean } | undefined;

  readonly #receiveWindow: AdaptiveWindow;
  readonly #received = new Queue<{ message: Incoming; charge: number }>();
  #parts: Uint8Array[] = [];
  #partialSize = 0; // of the message that is being put together; 0: none is
  #partialBytes = 0; // of it, that have come
  #unread = 0; // charges of messages that have started and that nobody has taken
  #ungranted = 0; // taken, but not yet given back as credit

  // Opens the call, with its first message where that is there and fits into one frame.
  constructor(
    private readonly session: FrameSession,
    open: OpenFrame,
    repeatable: boolean,
    first: Outgoing | undefined,
    last: boolean,
  ) {
    const { limits } = session;
    this.#receiveWindow = new AdaptiveWindow(limits.callWindowBytes, limits.maxCallWindowBytes);
    const whole = first === undefined || first.size <= maxPartBytes;
    const frame: OpenFrame = { ...open };
    if (first !== undefined && whole) frame.message = wholeMessage(first);
    if (last && whole) frame.halfClose = true;
    this.#sendWindow = session.callSendWindow;
    this.#id = session.openCall(this, frame, repeatable);
    if (first !== undefined && whole) this.#sendWindow -= charge(first.size);
    if (first !== undefined && !whole) this.send(first, last);
  }

  // --- sending ---

  // Whether a message may start.
  get maySend(): boolean {
    return this.end === undefined && this.#outgoing === undefined && this.#sendWindow > 0 && this.session.hasRoom;
  }

  // Until a message may start, or the call is over.
  async waitToSend(): Promise<void> {
    while (this.end === undefined && !this.maySend) {
      const blocked = this.#outgoing === undefined && this.#sendWindow > 0;
      await (blocked ? this.session.room : this.changed).wait();
    }
  }

  // Sends a message, in parts if it is large: those leave one by one, and nothing else may be sent before waitToSend
  // has returned, except the half-close.
  send(message: Outgoing, last = false): void {
    if (this.end !== undefined) return;
    this.#sendWindow -= charge(message.size);
    if (message.size <= maxPartBytes) {
      this.session.send({ call: this.#id, message: wholeMessage(message) });
      if (last) this.halfClose();
      return;
    }
    this.#outgoing = { bytes: message.bytes ?? new TextEncoder().encode(message.text), sent: 0, last };
    this.session.takeTurns(this);
  }

  halfClose(): void {
    if (this.end !== undefined) return;
    if (this.#outgoing !== undefined) this.#outgoing.last = true;
    else this.session.send({ call: this.#id, halfClose: {} });
  }

  sendPart(): boolean {
    const outgoing = this.#outgoing!;
    const { bytes, sent } = outgoing;
    // A copy, as it may be posted to a worker, which would take all of it along.
    const part = bytes.slice(sent, sent + maxPartBytes);
    outgoing.sent += part.length;
    const more = outgoing.sent < bytes.length;
    const size = sent === 0 ? bytes.length : 0;
    this.session.send({ call: this.#id, message: { size, part, more } });
    if (more) return true;
    this.#outgoing = undefined;
    if (outgoing.last) this.session.send({ call: this.#id, halfClose: {} });
    this.changed.notify();
    return false;
  }

  // --- receiving ---

  // The next message; undefined when the call is over and all messages have been taken.
  async receive(): Promise<Incoming | undefined> {
    while (this.#received.length === 0) {
      if (this.end !== undefined) return undefined;
      await this.changed.wait();
    }
    const { message, charge } = this.#received.shift();
    this.#grantCredit(charge);
    return message;
  }

  // Whether the server has said anything that a caller is to hear.
  async waitForHeader(): Promise<void> {
    while (this.end === undefined && this.#received.length === 0 && this.header.length === 0) await this.changed.wait();
  }

  onFrame(frame: Frame): void {
    if (this.end !== undefined) return;
    this.accepted = true;
    if (frame.message !== undefined) {
      const wrong = this.#onMessage(frame.message);
      if (wrong !== undefined) this.cancel(wrong);
    } else if (frame.credit !== undefined) {
      this.#sendWindow += frame.credit.bytes ?? 0;
    } else if (frame.header !== undefined) {
      this.header = frame.header.metadata ?? [];
    } else if (frame.end !== undefined) {
      this.#onEnd(frame.end);
    }
    this.changed.notify();
  }

  onWindow(moreBytes: number): void {
    this.#sendWindow += moreBytes;
    this.changed.notify();
  }

  onSessionEnd(ended: Status, neverRan: boolean): void {
    this.#finish(ended, neverRan && !this.accepted);
  }

  // Ends the call here, and tells the server.
  cancel(why: Status): void {
    if (this.end !== undefined) return;
    this.session.send({ call: this.#id, cancel: {} });
    this.#finish(why, false);
  }

  #onEnd(end: EndFrame): void {
    let wrong = end.last === undefined ? undefined : this.#onMessage(end.last);
    this.trailers = end.trailers ?? [];
    if (wrong === undefined && (end.code ?? "") !== "") {
      // A code of a later version is nothing to a session; the transport takes it for unknown.
      wrong = { code: end.code!, message: end.message ?? "", details: end.details ?? [] };
    }
    this.#finish(wrong, false);
  }

  #finish(ended: Status | undefined, neverRan: boolean): void {
    if (this.end !== undefined) return;
    this.end = { status: ended, neverRan };
    this.#parts = [];
    if (this.#outgoing !== undefined) this.session.leaveTurns(this);
    this.#outgoing = undefined;
    this.session.forgetCall(this.#id);
    this.changed.notify();
    // Who waits for the session's room wakes in vain and waits again.
    this.session.room.notify();
  }

  // What is wrong with it, if anything is.
  #onMessage(message: MessageFrame): Status | undefined {
    const size = message.size ?? 0;
    const part = message.part;
    const continues = this.#partialSize > 0;
    if (continues !== (part !== undefined && size === 0)) {
      return status("invalid_argument", "the parts of a message are out of order");
    }
    if (!continues) {
      const { maxMessageBytes } = this.session.limits;
      if (size > maxMessageBytes) {
        return status("resource_exhausted", `message of ${size} bytes; limit is ${maxMessageBytes} (readMaxBytes)`);
      }
      if (this.#unread + this.#ungranted >= this.#receiveWindow.bytes) {
        return status("failed_precondition", "a message came into a window that is used up", "WINDOW_VIOLATION");
      }
      this.#unread += charge(size);
    }
    if (part === undefined) {
      const bytes = message.payload ?? new Uint8Array();
      if (bytes.length > size) {
        return status("invalid_argument", `a message of ${bytes.length} bytes says it has ${size}`);
      }
      this.#received.push({ message: "json" in message ? { json: message.json! } : { bytes }, charge: charge(size) });
      return undefined;
    }
    if (!continues) {
      this.#partialSize = size;
      this.#partialBytes = 0;
    }
    this.#parts.push(part);
    this.#partialBytes += part.length;
    const more = message.more ?? false;
    if (more ? this.#partialBytes > this.#partialSize : this.#partialBytes !== this.#partialSize) {
      return status(
        "invalid_argument",
        `the parts of a message of ${this.#partialSize} bytes add up to ${this.#partialBytes}`,
      );
    }
    if (more) return undefined;
    const bytes = new Uint8Array(this.#partialSize);
    let at = 0;
    for (const piece of this.#parts) {
      bytes.set(piece, at);
      at += piece.length;
    }
    this.#received.push({ message: { bytes }, charge: charge(this.#partialSize) });
    this.#parts = [];
    this.#partialSize = 0;
    return undefined;
  }

  #grantCredit(bytes: number): void {
    this.#unread -= bytes;
    this.#ungranted += bytes;
    if (this.end !== undefined) return; // nobody will use it
    const before = this.#receiveWindow.bytes;
    if (this.#ungranted * 2 < before) return;
    this.#receiveWindow.onTaken(this.#ungranted, this.session.clock.now());
    // More than what was taken where the window grows. It shrinks by no more than its half.
    const credit = Math.floor(this.#ungranted + this.#receiveWindow.bytes - before);
    this.#ungranted = 0;
    if (credit > 0) this.session.send({ call: this.#id, credit: { bytes: credit } });
  }
}

function wholeMessage({ size, bytes, text }: Outgoing): MessageFrame {
  return text === undefined ? { size, payload: bytes ?? new Uint8Array() } : { size, text };
}
