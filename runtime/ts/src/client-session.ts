// ClientSession is the client's end of a session: it opens it, attaches again whenever the event stream ends, posts
// what its calls send, and repeats what got lost (PROTOCOL.md, part B).

import { Backoff } from "./backoff.js";
import { type Clock, sleep } from "./clock.js";
import { EventParser, type StreamEvent } from "./event-parser.js";
import type { Encoded, FrameCodec } from "./frame-codec.js";
import type { CallListener, FrameSession, Limits } from "./frame-session.js";
import type { Frame, FrameBatch, GoAwayFrame, OpenFrame, SessionInfo } from "./frame.js";
import type { PartSource } from "./part-turns.js";
import { Polling } from "./polling.js";
import { type HttpOptions, messageOf, post, RequestFailed, sayClose, type SessionRequest, unavailable } from "./session-http.js";
import type { Signal } from "./signal.js";
import { lost, reasonOf, type Refusal, status, statusFromJson, type Status } from "./status.js";
import { boundedTime, StreamWatch } from "./stream-watch.js";
import { tooLarge, UpLink, type UpLinkHost } from "./up-link.js";

// A stream that ends after so long has not failed.
const lasted = 1_000;

// How long a stream that is answered at once may take to begin; after one that did not begin twice as long, then three
// times, and so again: the network is slow, or its connections are dead.
const firstPatience = 3_000;

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
  // The stream is asked for in pieces, as a proxy on the way holds responses back until they end, or others have all the
  // connections that a browser allows: everything works, with more requests and some delay.
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

export class ClientSession implements FrameSession, UpLinkHost {
  readonly clock: Clock;
  readonly limits: Limits;
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
  #silent = 0; // streams in a row that have brought no byte
  #owed = false; // the server has something to say that a stream has not brought
  #progress = false; // the current stream has brought something new
  #downBroken: string | undefined; // why we gave the current stream up
  readonly #downBackoff: Backoff;

  readonly #up: UpLink;

  #lastCall = 0;
  readonly #calls = new Map<number, Call>();

  constructor(private readonly options: SessionOptions) {
    this.clock = options.clock;
    this.limits = options.limits;
    this.#watch = new StreamWatch(this.clock, {
      onPingWanted: () => this.name !== "" && this.#up.ping(),
      onStreamDead: () => {
        // Perhaps the last one was not held back either.
        this.#polling.end();
        this.#giveUpStream("the stream was silent for too long");
      },
      onStreamHeldBack: () => {
        this.#owed = true;
        this.#askInPieces("a proxy holds the stream back");
      },
    });
    this.#downBackoff = new Backoff(options.random);
    this.#up = new UpLink(this.clock, options.codec, options.random, this.limits.sessionWindowBytes, this);
  }

  // --- for calls ---

  openCall(listener: CallListener, open: OpenFrame, repeatable: boolean): number {
    const id = ++this.#lastCall;
    if (!repeatable) this.#openLast = Math.min(this.#openLast, this.#up.lastAppended);
    this.#calls.set(id, { listener, openSeq: this.#up.lastAppended + 1 });
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
    if (this.over === undefined) this.#up.append(frame);
  }

  get room(): Signal {
    return this.#up.room;
  }

  get hasRoom(): boolean {
    // What is sent after the end is dropped.
    return this.over !== undefined || this.#up.hasRoom;
  }

  takeTurns(source: PartSource): void {
    this.#up.takeTurns(source);
  }

  leaveTurns(source: PartSource): void {
    this.#up.leaveTurns(source);
  }

  // --- its life ---

  // Ends every call, and tells the server.
  close(): void {
    if (this.over !== undefined) return;
    if (this.name !== "") sayClose(this.options.http, this.options.codec, this.name, this.clock);
    this.#setState("idle");
    this.end(status("canceled", "the channel was closed"));
  }

  async #run(): Promise<void> {
    // What is opened together leaves together.
    await this.clock.turn();
    void this.#runDown();
    void this.#up.run();
  }

  end(why: Status, neverRan = false): void {
    if (this.over !== undefined) return;
    this.over = why;
    this.#watch.end();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    if (this.#status.state !== "idle") this.#setState("lost", why.message);
    for (const { listener, openSeq } of calls) {
      listener.onSessionEnd(why, neverRan || openSeq > this.#up.lastPosted);
    }
    this.#up.stop();
    this.#down.abort();
  }

  #setState(state: ChannelState, reason?: string): void {
    const polling = this.#polling.on;
    if (state === this.#status.state && polling === this.#status.polling) return;
    this.#status = reason === undefined ? { state, polling } : { state, polling, reason };
    this.options.onStatus(this.#status);
  }

  // What to make of an answer that is no success. Ends the session where that is final.
  onRefusal(refusal: Refusal): void {
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
      this.end(said, !fromServer || reason === "DRAINING");
    } else {
      this.end(reason === "SESSION_LOST" ? said : lost(said.message));
    }
  }

  // Ends the session when nothing has been heard of the server for too long.
  onFailure(failure: string): void {
    if (this.over !== undefined) return;
    const opening = this.name === "";
    const patience = opening ? Math.min(this.options.connectTimeoutMs, this.#resumeWindow) : this.#resumeWindow;
    if (this.clock.now() - this.#lastContact <= patience) return;
    const why = `no contact with the server for ${patience / 1000} s; the last attempt: ${failure}`;
    this.end(opening ? status("unavailable", why) : lost(why));
  }

  #post(method: SessionRequest["method"], body: SessionRequest["body"], signal: AbortSignal, lastEventId?: string) {
    const { http, codec } = this.options;
    return post(http, { method, codec: codec.name, body, session: this.name, lastEventId }, signal);
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
      this.onFailure(failure ?? "the stream ended");
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
    // Where nothing holds it back it is answered at once, unless its connection is dead; the next one takes another.
    const prompt = bounded ? opening || this.#owed : !opening && !this.#polling.on;
    const patient = prompt ? ((this.#silent++ % 3) + 1) * firstPatience : Infinity;
    this.#watch.begin(bounded ? "bounded" : opening ? "open" : "attach", patient);
    try {
      const response = opening
        ? await this.#post("Open", body, signal)
        : await this.#post("Attach", body, signal, `${this.#epoch}-${this.#up.received}`);
      if (response.body === null) return "the stream has no body";
      await this.#readEvents(response.body.getReader()).catch((error: unknown) => {
        // The server is there, if not for long. Browsers drop what they have read of a body that breaks.
        this.#downBackoff.reset();
        throw error;
      });
      return undefined;
    } catch (error) {
      if (this.over !== undefined) return undefined;
      if (error instanceof RequestFailed) {
        const { refusal } = error;
        if (refusal !== undefined) {
          if (opening && tooLarge(refusal) && this.#up.shrinkPosts(body.length)) {
            this.#openMayHaveArrived = before;
            this.#progress = true;
            return undefined;
          }
          this.onRefusal(refusal);
        } else if (opening && error.notSent) {
          // Nobody is there: whoever made the calls may try again.
          this.#openMayHaveArrived = before;
          this.end(unavailable(error), true);
        }
      }
      return messageOf(error);
    }
  }

  #openBody(bounded: boolean) {
    const batch = this.#up.takeForOpen(this.#openLast);
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
    return this.options.codec.attach({ after: this.#up.received, attempt, maxMs: bounded ? boundedTime : 0 });
  }

  async #readEvents(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const parser = new EventParser(2 * this.limits.maxMessageBytes + 128 * 1024);
    const decoder = new TextDecoder();
    while (this.over === undefined) {
      const { done, value } = await reader.read();
      if (done || this.over !== undefined) return;
      this.#lastContact = this.clock.now();
      this.#watch.onBytes();
      this.#silent = 0;
      this.#owed = false;
      try {
        for (const event of parser.feed(decoder.decode(value, { stream: true }))) {
          this.#takeEvent(event);
          if (this.over !== undefined) return;
        }
      } catch (error) {
        return this.end(lost(messageOf(error)));
      }
      if (this.#polling.on && this.#watch.flows) this.#polling.end();
      if (this.name !== "") this.#setState("connected");
    }
  }

  #takeEvent(event: StreamEvent): void {
    if (event.type === "end") {
      const { error } = JSON.parse(event.data) as { error?: unknown };
      const said = error === undefined ? status("unavailable", "the server has ended it") : statusFromJson(error).status;
      return this.end(reasonOf(said) === "SESSION_LOST" ? said : lost(said.message));
    }
    if (event.type !== "message") return; // a later version's
    const seq = /^.*-([0-9]+)$/.exec(event.id)?.[1];
    if (seq === undefined) throw new Error(`an event has the id "${event.id}"`);
    const batch = this.options.codec.batch(event.data);
    this.#takeBatch(Number(seq), batch);
    if (this.over === undefined) this.#up.onEvent(event.data.length, batch.frames?.length ?? 0);
  }

  #takeBatch(last: number, { session, frames = [] }: FrameBatch): void {
    if (session !== undefined) this.#establish(session);
    if (this.name === "") throw new Error("the first event names no session");
    if (frames.length === 0) return;
    let seq = last - frames.length;
    if (seq < 0 || seq > this.#up.received) {
      throw new Error(`frame ${last} ends a batch of ${frames.length}, after frame ${this.#up.received}`);
    }
    for (const frame of frames) {
      if (++seq <= this.#up.received) continue;
      this.#up.received = seq;
      this.#progress = true;
      this.#dispatch(frame);
      if (this.over !== undefined) return;
    }
  }

  #establish(info: SessionInfo): void {
    if (this.name !== "") return;
    this.#progress = true;
    this.name = `${info.id}.${this.#secret}`;
    this.#epoch = info.epoch ?? "";
    if (info.resumeMs) this.#resumeWindow = info.resumeMs;
    if (info.heartbeatMs) this.#watch.heartbeat = info.heartbeatMs;
    const before = this.callSendWindow;
    this.callSendWindow = info.callWindowBytes || 64 * 1024;
    for (const { listener } of [...this.#calls.values()]) {
      listener.onWindow(Math.max(this.callSendWindow - before, 0));
    }
    this.#up.establish(info);
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

  #askInPieces(why: string): void {
    this.#polling.begin(this.clock.now());
    this.#progress = true; // no reason to wait
    this.#giveUpStream(`${why}; it is asked for in pieces now`);
  }

  #giveUpStream(why: string): void {
    this.#downBroken = why;
    this.#down.abort();
  }

  // --- up ---

  postSend(body: Encoded, signal: AbortSignal): Promise<Response> {
    return this.#post("Send", body, signal);
  }

  onReply(pingAnswered: boolean): void {
    this.#lastContact = this.clock.now();
    if (pingAnswered) this.#watch.onPingAnswered();
  }

  onNoReplies(): void {
    const bounded = this.#polling.bounded(this.clock.now());
    if (this.#status.state === "connected" && !bounded) this.#askInPieces("POSTs find no connection beside the stream");
  }
}
