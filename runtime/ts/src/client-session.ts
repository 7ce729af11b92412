// ClientSession is the client's end of a session: it opens it, attaches again whenever the event stream ends, posts
// what its calls send, and repeats what got lost (PROTOCOL.md, part B).

import { Backoff } from "./backoff.js";
import { type Clock, sleep } from "./clock.js";
import { EventParser, type StreamEvent } from "./event-parser.js";
import type { FrameCodec } from "./frame-codec.js";
import { FrameQueue } from "./frame-queue.js";
import type { CallListener, FrameSession, Limits } from "./frame-session.js";
import type { Frame, FrameBatch, GoAwayFrame, OpenFrame, SessionInfo } from "./frame.js";
import { type PartSource, PartTurns } from "./part-turns.js";
import { Polling } from "./polling.js";
import { type HttpOptions, messageOf, post, RequestFailed, type SessionRequest, unavailable } from "./session-http.js";
import { Signal } from "./signal.js";
import { lost, reasonOf, type Refusal, status, statusFromJson, type Status } from "./status.js";
import { boundedTime, StreamWatch } from "./stream-watch.js";

// Well under what a default nginx takes in one body.
const maxPostBytes = 512 * 1024;
// What carries the frames of a POST, at most.
const postOverhead = 1024;
const ackDelay = 1_000;
// How long a POST may take. Servers answer at once.
const replyTime = 15_000;
// A stream that ends after so long has not failed.
const lasted = 1_000;

export type ChannelState =
  // There is no session: no call has needed one, or the last was closed.
  | "idle"
  // A session is being opened.
  | "connecting"
  // Its down-stream is there.
  | "connected"
  // The stream was lost; calls go on when another is there.
  | "resuming"
  // The session is over, and its calls with it; the next call opens another.
  | "lost";

export interface ChannelStatus {
  state: ChannelState;
  // A proxy on the way holds responses back until they end: everything works, with more requests and some delay.
  polling: boolean;
  // For "resuming" and "lost": why.
  reason?: string;
}

export interface SessionOptions {
  http: HttpOptions;
  codec: FrameCodec;
  limits: Limits;
  clock: Clock;
  random: () => number;
  // How long a server may be out of reach before there is a session.
  connectTimeoutMs: number;
  // Told of every change.
  onStatus: (status: ChannelStatus) => void;
}

// A new session's secret.
function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

interface Call {
  listener: CallListener;
  openSeq: number; // number of its first frame
}

export class ClientSession implements FrameSession {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly room = new Signal();
  // What the session ended with.
  over: Status | undefined;
  // The server takes no more calls on it; those that run may end. Nobody should come back before that time.
  draining = false;
  retryAt = 0;
  callSendWindow = 1;
  // "<id>.<secret>", once established.
  name = "";

  #secret = newSecret();
  #epoch = "";
  #started = false;
  #openMayHaveArrived = false;
  // The last frame that Open may carry. Nobody can say whether an Open without an answer was heard, so it carries
  // only what may be repeated: then losing it loses nothing.
  #openLast = Infinity;
  #resumeWindow = 120_000;
  #lastContact = 0;
  #attempt = 0;
  #status: ChannelStatus = { state: "idle", polling: false };

  #down = new AbortController();
  readonly #watch: StreamWatch;
  readonly #polling = new Polling();
  #progress = false; // the current stream has brought something new
  #downBroken: string | undefined; // why we gave the current stream up
  readonly #downBackoff: Backoff;

  readonly #queue: FrameQueue;
  readonly #turns = new PartTurns();
  #sendWindow: number;
  readonly #upChanged = new Signal(); // something to post, or established, or over
  #up = new AbortController();
  #pingSeq = 0; // number of the ping that is not answered; 0: none is
  #maxPostBytes = maxPostBytes;
  #postDelay = 0; // the server's wish
  #postFailures = 0; // in a row, that nobody gave a reason for
  readonly #upBackoff: Backoff;

  #received = 0; // number of the last frame that was taken
  #acknowledged = 0; // … and of the last one the server knows we have
  #unacknowledgedBytes = 0;
  #ackAfter: number; // so many
  #ackDue = Infinity;

  #lastCall = 0;
  readonly #calls = new Map<number, Call>();

  constructor(private readonly options: SessionOptions) {
    this.clock = options.clock;
    this.limits = options.limits;
    this.#watch = new StreamWatch(this.clock, {
      onPingWanted: () => this.#onPingWanted(),
      onStreamDead: () => this.#giveUpStream("the down-stream has been silent for too long"),
      onStreamHeldBack: () => this.#onStreamHeldBack(),
    });
    this.#downBackoff = new Backoff(undefined, undefined, options.random);
    this.#upBackoff = new Backoff(undefined, undefined, options.random);
    this.#queue = new FrameQueue(options.codec);
    this.#sendWindow = this.limits.sessionWindowBytes;
    this.#ackAfter = this.limits.sessionWindowBytes / 4;
  }

  // --- for calls ---

  openCall(listener: CallListener, open: OpenFrame, repeatable: boolean): number {
    const id = ++this.#lastCall;
    if (!repeatable) this.#openLast = Math.min(this.#openLast, this.#queue.lastAppended);
    this.#calls.set(id, { listener, openSeq: this.#queue.lastAppended + 1 });
    this.send({ call: id, open });
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    return id;
  }

  forgetCall(call: number): void {
    this.#calls.delete(call);
    if (this.draining && this.#calls.size === 0) this.close();
  }

  send(frame: Frame): void {
    if (this.over !== undefined) return;
    this.#queue.append(frame);
    this.#upChanged.notify();
  }

  get hasRoom(): boolean {
    // What is sent after the end is dropped.
    return this.over !== undefined || this.#queue.messageBytes < this.#sendWindow;
  }

  takeTurns(source: PartSource): void {
    this.#turns.add(source);
    this.#runTurns();
  }

  leaveTurns(source: PartSource): void {
    this.#turns.remove(source);
  }

  #runTurns(): void {
    this.#turns.run(() => this.#queue.unpostedBytes);
  }

  // --- its life ---

  // Ends every call, and tells the server.
  close(): void {
    if (this.over !== undefined) return;
    if (this.name !== "") {
      // A server that does not hear it notices by itself.
      this.#post("Close", this.options.codec.close(), new AbortController().signal).catch(() => undefined);
    }
    this.#setState("idle");
    this.#end(status("canceled", "the channel was closed"));
  }

  async #run(): Promise<void> {
    // What is opened together leaves together.
    await this.clock.turn();
    void this.#runDown();
    void this.#runUp();
  }

  #end(why: Status, neverRan = false): void {
    if (this.over !== undefined) return;
    this.over = why;
    this.#watch.end();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    if (this.#status.state !== "idle") this.#setState("lost", why.message);
    for (const { listener, openSeq } of calls) {
      listener.onSessionEnd(why, neverRan || openSeq > this.#queue.lastPosted);
    }
    this.room.notify();
    this.#upChanged.notify();
    this.#down.abort();
    this.#up.abort();
  }

  #setState(state: ChannelState, reason?: string): void {
    const polling = this.#polling.on;
    if (state === this.#status.state && polling === this.#status.polling) return;
    this.#status = reason === undefined ? { state, polling } : { state, polling, reason };
    this.options.onStatus(this.#status);
  }

  // What to make of an answer that is no success. Ends the session where that is final.
  #takeRefusal(refusal: Refusal): void {
    const opening = this.name === "";
    const { status: said, fromServer, httpStatus } = refusal;
    const reason = fromServer ? reasonOf(said) : undefined;
    // A late copy of our own came first; the next attempt comes after it.
    if (reason === "SUPERSEDED") return;
    const mayPass = !opening || httpStatus >= 500 || httpStatus === 408 || httpStatus === 429;
    if (!fromServer && mayPass) return;
    if (fromServer && said.code === "unavailable" && reason === undefined) return;
    if (opening && reason === "SESSION_UNKNOWN") {
      // The Open that is repeated never came, or came to a server that is no more. It carried nothing that may not be
      // repeated: begin anew.
      this.#secret = newSecret();
      this.#openMayHaveArrived = false;
    } else if (opening) {
      this.#end(said, !fromServer || reason === "DRAINING");
    } else {
      this.#end(reason === "SESSION_LOST" ? said : lost(said.message));
    }
  }

  // Ends the session when nothing has been heard of the server for too long.
  #checkContact(failure: string): void {
    if (this.over !== undefined) return;
    const opening = this.name === "";
    const patience = opening ? Math.min(this.options.connectTimeoutMs, this.#resumeWindow) : this.#resumeWindow;
    if (this.clock.now() - this.#lastContact <= patience) return;
    const why = `no contact with the server for ${patience / 1000} s; the last attempt: ${failure}`;
    this.#end(opening ? status("unavailable", why) : lost(why));
  }

  #post(method: SessionRequest["method"], body: SessionRequest["body"], signal: AbortSignal, lastEventId?: string) {
    const request: SessionRequest = { method, codec: this.options.codec.name, body, session: this.name };
    if (lastEventId !== undefined) request.lastEventId = lastEventId;
    return post(this.options.http, request, signal);
  }

  // --- down ---

  async #runDown(): Promise<void> {
    this.#lastContact = this.clock.now();
    this.#setState("connecting");
    while (this.over === undefined) {
      this.#progress = false;
      this.#downBroken = undefined;
      const began = this.clock.now();
      let failure = await this.#runStream();
      this.#watch.end();
      if (this.over !== undefined) return;
      failure = this.#downBroken ?? failure;
      if (failure !== undefined && this.name !== "") this.#setState("resuming", failure);
      const hasLasted = failure === undefined && this.clock.now() - began >= lasted;
      if (this.#progress || hasLasted) {
        this.#downBackoff.reset();
        continue;
      }
      this.#checkContact(failure ?? "the stream ended");
      if (this.over !== undefined) return;
      // The server is there, if not for long.
      if (this.#watch.hasBytes) this.#downBackoff.reset();
      await sleep(this.clock, this.#downBackoff.next());
    }
  }

  // One event stream: Open until the session is established, then Attach. Undefined: it ended as streams do.
  async #runStream(): Promise<string | undefined> {
    this.#down = new AbortController();
    const { signal } = this.#down;
    const opening = this.name === "";
    const bounded = this.#polling.bounded(this.clock.now());
    const before = this.#openMayHaveArrived;
    const body = opening ? this.#openBody(bounded) : this.#attachBody(bounded);
    this.#openMayHaveArrived = true;
    this.#watch.begin(bounded ? "bounded" : opening ? "open" : "attach");
    try {
      const response = opening
        ? await this.#post("Open", body, signal)
        : await this.#post("Attach", body, signal, `${this.#epoch}-${this.#received}`);
      if (response.body === null) return "the stream has no body";
      await this.#readEvents(response.body.getReader());
      return undefined;
    } catch (error) {
      if (this.over !== undefined) return undefined;
      if (error instanceof RequestFailed) {
        const { refusal } = error;
        if (refusal !== undefined) {
          if (opening && tooLarge(refusal) && this.#shrinkPosts(body.length)) {
            this.#openMayHaveArrived = before;
            this.#progress = true;
            return undefined;
          }
          this.#takeRefusal(refusal);
        } else if (opening && error.notSent) {
          // Nobody is there: whoever made the calls may try again.
          this.#openMayHaveArrived = before;
          this.#end(unavailable(error), true);
        }
      }
      return messageOf(error);
    }
  }

  #openBody(bounded: boolean) {
    const batch = this.#queue.unacknowledged(this.#maxPostBytes / 2, this.#openLast);
    this.#queue.markPosted(batch.last);
    this.#runTurns();
    return this.options.codec.open(
      {
        versions: [1],
        secret: this.#secret,
        retry: this.#openMayHaveArrived,
        maxMs: bounded ? boundedTime : 0,
        callWindowBytes: this.limits.callWindowBytes,
        sessionWindowBytes: this.limits.maxSessionWindowBytes,
      },
      batch.frames,
    );
  }

  #attachBody(bounded: boolean) {
    const attempt = ++this.#attempt;
    return this.options.codec.attach({ after: this.#received, attempt, maxMs: bounded ? boundedTime : 0 });
  }

  async #readEvents(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const parser = new EventParser(2 * this.limits.maxMessageBytes + 128 * 1024);
    const decoder = new TextDecoder();
    while (this.over === undefined) {
      const { done, value } = await reader.read();
      if (done || this.over !== undefined) return;
      this.#lastContact = this.clock.now();
      this.#watch.onBytes();
      try {
        for (const event of parser.feed(decoder.decode(value, { stream: true }))) {
          this.#takeEvent(event);
          if (this.over !== undefined) return;
        }
      } catch (error) {
        return this.#end(lost(messageOf(error)));
      }
      if (this.#polling.on && this.#watch.flows) this.#polling.end();
      if (this.name !== "") this.#setState("connected");
    }
  }

  #takeEvent(event: StreamEvent): void {
    if (event.type === "end") {
      const { error } = JSON.parse(event.data) as { error?: unknown };
      const said = error === undefined ? status("unavailable", "the server has ended it") : statusFromJson(error).status;
      return this.#end(reasonOf(said) === "SESSION_LOST" ? said : lost(said.message));
    }
    if (event.type !== "message") return; // a later version's
    const seq = /^.*-([0-9]+)$/.exec(event.id)?.[1];
    if (seq === undefined) throw new Error(`the server sent an event with the id "${event.id}"`);
    this.#unacknowledgedBytes += event.data.length;
    this.#takeBatch(Number(seq), this.options.codec.batch(event.data));
  }

  #takeBatch(last: number, { session, frames = [] }: FrameBatch): void {
    if (session !== undefined) this.#establish(session);
    if (this.name === "") throw new Error("the server's first event names no session");
    if (frames.length === 0) return;
    let seq = last - frames.length;
    if (seq < 0 || seq > this.#received) {
      throw new Error(
        `frame ${last} ends a batch of ${frames.length}, but the last one before is ${this.#received}`,
      );
    }
    for (const frame of frames) {
      if (++seq <= this.#received) continue;
      this.#received = seq;
      this.#progress = true;
      this.#dispatch(frame);
      if (this.over !== undefined) return;
    }
    if (this.#ackDue === Infinity) this.#ackDue = this.clock.now() + ackDelay;
    this.#upChanged.notify();
  }

  #establish(info: SessionInfo): void {
    if (this.name !== "") return;
    this.#progress = true;
    this.name = `${info.id}.${this.#secret}`;
    this.#epoch = info.epoch ?? "";
    const { limits } = this;
    if (info.resumeMs) this.#resumeWindow = info.resumeMs;
    if (info.heartbeatMs) this.#watch.heartbeat = info.heartbeatMs;
    if (info.sessionWindowBytes) {
      this.#sendWindow = Math.min(this.#sendWindow, info.sessionWindowBytes);
      this.#ackAfter = Math.min(limits.sessionWindowBytes, info.sessionWindowBytes) / 4;
    }
    if ((info.maxSendBytes ?? 0) > 2 * postOverhead) {
      this.#maxPostBytes = Math.min(this.#maxPostBytes, info.maxSendBytes! - postOverhead);
    }
    const before = this.callSendWindow;
    this.callSendWindow = info.callWindowBytes || 64 * 1024;
    for (const { listener } of [...this.#calls.values()]) {
      listener.onWindow(Math.max(this.callSendWindow - before, 0));
    }
    this.#queue.acknowledge(Math.min(info.ack ?? 0, this.#queue.lastPosted));
    if (this.hasRoom) this.room.notify();
    this.#upChanged.notify();
  }

  #dispatch(frame: Frame): void {
    if (frame.ping !== undefined) return this.send({ pong: {} });
    if (frame.goAway !== undefined) return this.#onGoAway(frame.goAway);
    // A frame of a call that was cancelled here crossed the cancellation on the way.
    this.#calls.get(frame.call ?? 0)?.listener.onFrame(frame);
  }

  #onGoAway({ lastCall = 0, reason = "", retryMs = 0 }: GoAwayFrame): void {
    this.draining = true;
    this.retryAt = this.clock.now() + retryMs;
    const refused = [...this.#calls].filter(([id]) => id > lastCall);
    for (const [id] of refused) this.#calls.delete(id);
    for (const [, { listener }] of refused) listener.onSessionEnd(status("unavailable", reason), true);
    if (this.#calls.size === 0) this.close();
  }

  #onPingWanted(): void {
    if (this.name === "" || this.#pingSeq > 0) return;
    this.send({ ping: {} });
    this.#pingSeq = this.#queue.lastAppended;
  }

  #onStreamHeldBack(): void {
    this.#polling.begin(this.clock.now());
    this.#progress = true; // no reason to wait
    this.#giveUpStream("a proxy on the way holds the down-stream back; it is asked for in pieces now");
  }

  #giveUpStream(why: string): void {
    this.#downBroken = why;
    this.#down.abort();
  }

  // --- up ---

  get #ackIsDue(): boolean {
    if (this.#received <= this.#acknowledged) return false;
    return this.#unacknowledgedBytes >= this.#ackAfter || this.clock.now() >= this.#ackDue;
  }

  async #runUp(): Promise<void> {
    while (this.over === undefined) {
      const established = this.name !== "";
      if (!established || (this.#queue.empty && !this.#ackIsDue)) {
        await this.#upChanged.waitUntil(this.clock, established ? this.#ackDue : Infinity);
        // What is written together leaves together.
        await this.clock.turn();
        continue;
      }
      const failure = await this.#postInTime();
      if (this.over !== undefined) return;
      let pause = this.#postDelay;
      this.#postDelay = 0;
      if (failure === undefined) {
        this.#upBackoff.reset();
        this.#postFailures = 0;
        if (pause === 0) continue;
      } else {
        this.#checkContact(failure);
        if (this.over !== undefined) return;
        pause = this.#upBackoff.next();
      }
      await sleep(this.clock, pause);
    }
  }

  // What went wrong, if anything did.
  async #postInTime(): Promise<string | undefined> {
    this.#up = new AbortController();
    const up = this.#up;
    let timedOut = false;
    const timer = this.clock.callAfter(replyTime, () => {
      timedOut = true;
      up.abort();
    });
    try {
      return await this.#postFrames(up.signal);
    } catch (error) {
      // Perhaps the way up is slow, or somebody on it refuses large bodies, and a page of another origin is not told.
      const unknown = error instanceof RequestFailed && error.refusal === undefined;
      if (timedOut || (unknown && ++this.#postFailures > 2)) {
        this.#maxPostBytes = Math.max(this.#maxPostBytes / 2, maxPostBytes / 16);
      }
      if (!timedOut) return messageOf(error);
      return `no reply to a POST within ${replyTime / 1000} s`;
    } finally {
      timer.cancel();
    }
  }

  // What is not posted must be small enough, or is made so. False: it cannot be.
  #shrinkPosts(bodyBytes: number): boolean {
    // A frame that is refused by itself cannot be made smaller.
    if (bodyBytes < 2 * postOverhead) return false;
    this.#maxPostBytes = Math.min(this.#maxPostBytes, bodyBytes) / 2;
    return true;
  }

  // One POST of frames or an acknowledgement.
  async #postFrames(signal: AbortSignal): Promise<string | undefined> {
    const batch = this.#queue.unacknowledged(this.#maxPostBytes);
    this.#queue.markPosted(batch.last);
    this.#runTurns();
    const ack = this.#received;
    const acknowledgedBytes = this.#unacknowledgedBytes;
    const body = this.options.codec.send({ seq: batch.first, ack }, batch.frames);
    let reply: Uint8Array;
    try {
      const response = await this.#post("Send", body, signal);
      reply = new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      const refusal = error instanceof RequestFailed ? error.refusal : undefined;
      if (refusal === undefined || this.over !== undefined) throw error;
      if (!tooLarge(refusal)) {
        this.#takeRefusal(refusal);
        throw error;
      }
      if (batch.frames.length > 1 && this.#shrinkPosts(body.length)) return undefined;
      this.#end(
        lost(`a request of ${body.length} bytes was refused as too large, and cannot be made smaller: ${messageOf(error)}`),
      );
      throw error;
    }
    const sent = this.options.codec.sendResponse(reply);
    const taken = sent.ack ?? 0;
    if (taken > this.#queue.lastPosted) {
      return `the server has frame ${taken}, but the last one sent is ${this.#queue.lastPosted}`;
    }
    this.#lastContact = this.clock.now();
    this.#acknowledged = ack;
    this.#unacknowledgedBytes -= acknowledgedBytes;
    this.#ackDue = this.#received > ack ? this.clock.now() + ackDelay : Infinity;
    const hadRoom = this.hasRoom;
    this.#queue.acknowledge(taken);
    if (!hadRoom && this.hasRoom) this.room.notify();
    if (this.#pingSeq > 0 && taken >= this.#pingSeq) {
      this.#pingSeq = 0;
      this.#watch.onPingAnswered();
    }
    if (taken < batch.last) this.#postDelay = Math.min(Math.max(sent.retryMs ?? 0, 10), 10_000);
    return undefined;
  }
}

function tooLarge({ httpStatus, status: said, fromServer }: Refusal): boolean {
  return httpStatus === 413 || (fromServer && reasonOf(said) === "FRAME_TOO_LARGE");
}
