// UpLink carries a session's frames to the server, one POST at a time, and repeats what got lost; with them goes the
// acknowledgement of what has come down (PROTOCOL.md, B.3).

import { Backoff } from "./backoff.js";
import { type Clock, sleep } from "./clock.js";
import type { Encoded, FrameCodec } from "./frame-codec.js";
import { type Batch, FrameQueue } from "./frame-queue.js";
import type { Frame, SessionInfo } from "./frame.js";
import { type PartSource, PartTurns } from "./part-turns.js";
import { messageOf, replyTime, RequestFailed } from "./session-http.js";
import { Signal } from "./signal.js";
import { lost, reasonOf, type Refusal, type Status } from "./status.js";

// Well under what a default nginx takes in one body.
const maxPostBytes = 512 * 1024;
// What carries the frames of a POST, at most.
const postOverhead = 1024;
const ackDelay = 1_000;

// The session, as its way up sees it.
export interface UpLinkHost {
  readonly over: Status | undefined;
  // Empty before there is a session.
  readonly name: string;
  // The server's reply. Throws RequestFailed.
  postSend(body: Encoded, signal: AbortSignal): Promise<Response>;
  // It has been heard of; the ping has its reply.
  onReply(pingAnswered: boolean): void;
  // For so long that it is not by chance.
  onNoReplies(): void;
  onRefusal(refusal: Refusal): void;
  onFailure(failure: string): void;
  end(why: Status): void;
}

export class UpLink {
  readonly room = new Signal();
  // Number of the last frame that has come down.
  received = 0;

  readonly #queue: FrameQueue;
  readonly #turns = new PartTurns();
  readonly #changed = new Signal(); // something to post, or established, or over
  readonly #backoff: Backoff;
  #post = new AbortController();
  #maxPostBytes = maxPostBytes;
  #delay = 0; // the server's wish
  #failures = 0; // in a row, that nobody gave a reason for
  #pingSeq = 0; // number of the ping that is not answered; 0: none is

  #acknowledged = 0; // number of the last frame the server knows we have
  #unacknowledgedBytes = 0;
  #ackAfter: number; // so many
  #ackDue = Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly codec: FrameCodec,
    random: () => number,
    // What may be kept unacknowledged, in messages.
    private window: number,
    private readonly host: UpLinkHost,
  ) {
    this.#queue = new FrameQueue(codec);
    this.#backoff = new Backoff(random);
    this.#ackAfter = window / 4;
  }

  // Numbers of frames.
  get lastAppended(): number {
    return this.#queue.lastAppended;
  }
  get lastPosted(): number {
    return this.#queue.lastPosted;
  }

  append(frame: Frame): void {
    this.#queue.append(frame);
    this.#changed.notify();
  }

  get hasRoom(): boolean {
    return this.#queue.messageBytes < this.window;
  }

  takeTurns(source: PartSource): void {
    this.#turns.add(source);
    this.#runTurns();
  }

  leaveTurns(source: PartSource): void {
    this.#turns.remove(source);
  }

  // Asks the server for a sign, once.
  ping(): void {
    if (this.#pingSeq > 0) return;
    this.append({ ping: {} });
    this.#pingSeq = this.lastAppended;
  }

  // The frames that Open carries, up to number `last`.
  takeForOpen(last: number): Batch {
    return this.#take(this.#maxPostBytes / 2, last);
  }

  // Frames of an event of so many bytes have come down.
  onEvent(bytes: number, frames: number): void {
    this.#unacknowledgedBytes += bytes;
    if (frames === 0) return;
    if (this.#ackDue === Infinity) this.#ackDue = this.clock.now() + ackDelay;
    this.#changed.notify();
  }

  establish(info: SessionInfo): void {
    if (info.sessionWindowBytes) {
      this.#ackAfter = Math.min(this.window, info.sessionWindowBytes) / 4;
      this.window = Math.min(this.window, info.sessionWindowBytes);
    }
    if ((info.maxSendBytes ?? 0) > 2 * postOverhead) {
      this.#maxPostBytes = Math.min(this.#maxPostBytes, info.maxSendBytes! - postOverhead);
    }
    this.#queue.acknowledge(Math.min(info.ack ?? 0, this.lastPosted));
    if (this.hasRoom) this.room.notify();
    this.#changed.notify();
  }

  // The session is over.
  stop(): void {
    this.room.notify();
    this.#changed.notify();
    this.#post.abort();
  }

  async run(): Promise<void> {
    const { host, clock } = this;
    while (host.over === undefined) {
      const established = host.name !== "";
      if (!established || (this.#queue.empty && !this.#ackIsDue)) {
        await this.#changed.waitUntil(clock, established ? this.#ackDue : Infinity);
        // What is written together leaves together.
        await clock.turn();
        continue;
      }
      const failure = await this.#postInTime();
      if (host.over !== undefined) return;
      let pause = this.#delay;
      this.#delay = 0;
      if (failure === undefined) {
        this.#backoff.reset();
        this.#failures = 0;
        if (pause === 0) continue;
      } else {
        host.onFailure(failure);
        if (host.over !== undefined) return;
        pause = this.#backoff.next();
      }
      await sleep(clock, pause);
    }
  }

  // What is not posted must be small enough, or is made so. False: it cannot be.
  shrinkPosts(bodyBytes: number): boolean {
    // A frame that is refused by itself cannot be made smaller.
    if (bodyBytes < 2 * postOverhead) return false;
    this.#maxPostBytes = Math.min(this.#maxPostBytes, bodyBytes) / 2;
    return true;
  }

  get #ackIsDue(): boolean {
    if (this.received <= this.#acknowledged) return false;
    return this.#unacknowledgedBytes >= this.#ackAfter || this.clock.now() >= this.#ackDue;
  }

  #runTurns(): void {
    this.#turns.run(() => this.#queue.unpostedBytes);
  }

  #take(maxBytes: number, last = Infinity): Batch {
    const batch = this.#queue.unacknowledged(maxBytes, last);
    this.#queue.markPosted(batch.last);
    this.#runTurns();
    return batch;
  }

  // What went wrong, if anything did.
  async #postInTime(): Promise<string | undefined> {
    const post = (this.#post = new AbortController());
    const timer = this.clock.callAfter(replyTime, () => post.abort());
    try {
      return await this.#postFrames(post.signal);
    } catch (error) {
      // Perhaps the way up is slow, or somebody on it refuses large bodies, and a page of another origin is not told.
      const late = post.signal.aborted;
      if (late || (error instanceof RequestFailed && error.refusal === undefined)) ++this.#failures;
      if (late || this.#failures > 2) this.#maxPostBytes = Math.max(this.#maxPostBytes / 2, maxPostBytes / 16);
      if (late && this.#failures > 1) this.host.onNoReplies();
      return late ? `no reply to a POST within ${replyTime / 1000} s` : messageOf(error);
    } finally {
      timer.cancel();
    }
  }

  // One POST of frames or an acknowledgement.
  async #postFrames(signal: AbortSignal): Promise<string | undefined> {
    const { host } = this;
    const batch = this.#take(this.#maxPostBytes);
    const ack = this.received;
    const acknowledgedBytes = this.#unacknowledgedBytes;
    const body = this.codec.send({ seq: batch.first, ack }, batch.frames);
    let reply: Uint8Array;
    try {
      const response = await host.postSend(body, signal);
      reply = new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      const refusal = error instanceof RequestFailed ? error.refusal : undefined;
      if (refusal === undefined || host.over !== undefined) throw error;
      if (!tooLarge(refusal)) {
        host.onRefusal(refusal);
        throw error;
      }
      if (batch.frames.length > 1 && this.shrinkPosts(body.length)) return undefined;
      host.end(lost(`a request of ${body.length} bytes was refused as too large: ${messageOf(error)}`));
      throw error;
    }
    const sent = this.codec.sendResponse(reply);
    const taken = sent.ack ?? 0;
    if (taken > this.lastPosted) return `the server has frame ${taken} of ${this.lastPosted}`;
    this.#acknowledged = ack;
    this.#unacknowledgedBytes -= acknowledgedBytes;
    this.#ackDue = this.received > ack ? this.clock.now() + ackDelay : Infinity;
    const hadRoom = this.hasRoom;
    this.#queue.acknowledge(taken);
    if (!hadRoom && this.hasRoom) this.room.notify();
    const answered = this.#pingSeq > 0 && taken >= this.#pingSeq;
    if (answered) this.#pingSeq = 0;
    host.onReply(answered);
    if (taken < batch.last) this.#delay = Math.min(Math.max(sent.retryMs ?? 0, 10), 10_000);
    return undefined;
  }
}

export function tooLarge({ httpStatus, status: said, fromServer }: Refusal): boolean {
  return httpStatus === 413 || (fromServer && reasonOf(said) === "FRAME_TOO_LARGE");
}
