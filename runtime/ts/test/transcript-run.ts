// Plays one transcript of tests/conformance/transcripts/client/ against the client, in virtual time. The steps are
// those of the README there.

import { type DescMethodStreaming, type DescMethodUnary, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { ReplySchema, RequestSchema, Scripted, type Request } from "../gen/scripted_pb.js";
import { type RunnelTransport, transportIn } from "../src/transport.js";
import { batch, type CodecName, decode, details, encode, errorInfo, toBase64 } from "./decoded-message.js";
import { expand, isObject, type Json, type JsonObject, match, type Names, Wrong } from "./expectation.js";
import { ManualClock } from "./manual-clock.js";
import { type Exchange, ScriptedFetch } from "./scripted-fetch.js";

export interface Transcript {
  name: string;
  codecs: CodecName[];
  client?: { servers?: number; limits?: { [name: string]: number } };
  steps: JsonObject[];
}

// Into which pieces the bytes are cut that the client is fed with: at one place, or after each byte.
export type Split = number | "bytes";

// Of what is very long only both ends go byte by byte.
const endBytes = 300;

function pieces(bytes: Uint8Array, split: Split): Uint8Array[] {
  if (split !== "bytes") {
    return split > 0 && split < bytes.length ? [bytes.subarray(0, split), bytes.subarray(split)] : [bytes];
  }
  const cuts: number[] = [];
  for (let at = 1; at < bytes.length; ++at) if (at < endBytes || at > bytes.length - endBytes) cuts.push(at);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}

// A request stream that is written as the transcript says.
class Requests implements AsyncIterable<Request> {
  #messages: Request[] = [];
  #done = false;
  #wake: (() => void) | undefined;

  write(messages: Request[]): void {
    this.#messages.push(...messages);
    this.#wake?.();
  }
  halfClose(): void {
    this.#done = true;
    this.#wake?.();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Request> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) yield message;
      else if (this.#done) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

interface Call {
  requests: Requests;
  abort: AbortController;
  mayRead: number;
  wake: () => void;
  messages: Json[];
  header: Headers;
  trailer: Headers;
  ended: JsonObject | undefined;
}

export class TranscriptRun {
  // Of the texts that were fed to the client.
  longest = 0;

  readonly #clock = new ManualClock();
  readonly #network = new ScriptedFetch();
  readonly #transport: RunnelTransport;
  readonly #names: Names = new Map();
  readonly #calls = new Map<string, Call>();
  readonly #claimed = new Set<Exchange>();
  readonly #exchanges = new Map<string, Exchange>();
  readonly #secrets = new Map<Exchange, string>();
  readonly #sessions = new Set<string>();
  #last = "";

  constructor(
    transcript: Transcript,
    private readonly codec: CodecName,
    private readonly split: Split,
  ) {
    this.#transport = transportIn(
      {
        baseUrl: "http://server",
        unary: "channel",
        useBinaryFormat: codec === "proto",
        fetch: this.#network.fetch,
        // Longer than any transcript: C++ clients wait for an answer to Open as long as for others.
        connectTimeoutMs: 120_000,
      },
      { clock: this.#clock, random: Math.random, limits: transcript.client?.limits ?? {} },
    );
  }

  async play(steps: JsonObject[]): Promise<void> {
    try {
      for (const [at, step] of steps.entries()) {
        try {
          await this.#step(step);
        } catch (error) {
          throw new Error(`step ${at + 1}, ${JSON.stringify(step).slice(0, 300)}: ${String(error)}`, { cause: error });
        }
      }
      this.#nothing();
    } finally {
      this.#transport.close();
      for (const exchange of this.#network.exchanges) exchange.break(false);
      await this.#clock.advance(60_000);
    }
  }

  async #step(step: JsonObject): Promise<void> {
    const [verb, raw] = Object.entries(step)[0]!;
    if (verb === "advance") return this.#clock.advance(raw as number);
    const what = expand(raw, this.#names) as JsonObject;
    await this.#act(verb, what, raw as JsonObject);
    await this.#clock.settle();
  }

  async #act(verb: string, what: JsonObject, raw: JsonObject): Promise<void> {
    const call = this.#calls.get((what["call"] as string | undefined) ?? "a");
    switch (verb) {
      case "call":
        return this.#make(what);
      case "write":
        return call!.requests.write(requestsOf(what));
      case "halfClose":
        return call!.requests.halfClose();
      case "cancel":
        return call!.abort.abort();
      case "read":
        call!.mayRead += (what["messages"] as number | undefined) ?? 1;
        return call!.wake();
      case "close":
        return this.#transport.close();
      case "result":
        return this.#result(what, call!);
      case "request":
        return this.#expect(raw);
      case "nothing":
        return this.#nothing();
      case "reply":
        return this.#reply(what);
      case "events":
        return this.#events(what);
      case "end":
        return this.#end(what);
      case "break":
        return this.#find(what).break(what["refused"] === true);
      case "abandoned":
        if (!this.#find(what).abandoned) throw new Wrong("expected that the client gives it up, it has not");
        return;
      default:
        throw new Error(`a client's transcript has no step ${verb}`);
    }
  }

  // --- calls ---

  #make(what: JsonObject): void {
    const method = Scripted.methods.find((one) => one.name === what["method"]);
    if (method === undefined) throw new Error(`there is no method ${String(what["method"])}`);
    const headers = new Headers();
    for (const entry of (what["metadata"] ?? []) as { key: string; text?: string; binary?: string }[]) {
      headers.append(entry.key, entry.text ?? entry.binary ?? "");
    }
    const call: Call = {
      requests: new Requests(),
      abort: new AbortController(),
      mayRead: (what["read"] as number | undefined) ?? Infinity,
      wake: () => undefined,
      messages: [],
      header: new Headers(),
      trailer: new Headers(),
      ended: undefined,
    };
    const requests = requestsOf(what);
    const one = method.methodKind === "unary" || method.methodKind === "server_streaming";
    call.requests.write(requests);
    if (one) call.requests.halfClose();
    this.#calls.set((what["id"] as string | undefined) ?? "a", call);
    const timeoutMs = what["timeoutMs"] as number | undefined;
    const run = async () => {
      if (method.methodKind === "unary") {
        const response = await this.#transport.unary(method as DescMethodUnary, call.abort.signal, timeoutMs, headers, requests[0]!);
        call.messages.push(toJson(ReplySchema, response.message as never) as Json);
        [call.header, call.trailer] = [response.header, response.trailer];
        return;
      }
      const response = await this.#transport.stream(method as DescMethodStreaming, call.abort.signal, timeoutMs, headers, call.requests);
      [call.header, call.trailer] = [response.header, response.trailer];
      const replies = response.message[Symbol.asyncIterator]();
      for (;;) {
        while (call.mayRead === 0) await new Promise<void>((resolve) => (call.wake = resolve));
        --call.mayRead;
        const reply = await replies.next();
        if (reply.done) return;
        call.messages.push(toJson(ReplySchema, reply.value as never) as Json);
      }
    };
    void run().then(
      () => (call.ended = { code: "ok" }),
      (error: unknown) => {
        const connect = ConnectError.from(error);
        // Transcripts know of calls what the session knows; that a unary call wants one reply is not of it.
        if (connect.rawMessage === "the server ended the call without a response") {
          call.ended = { code: "ok" };
          return;
        }
        call.trailer = connect.metadata;
        call.ended = statusJson(connect);
      },
    );
  }

  #result(what: JsonObject, call: Call): void {
    match(what["messages"] ?? [], call.messages, this.#names);
    call.messages = [];
    if (what["header"] !== undefined) match(what["header"], metadataJson(call.header), this.#names);
    if (what["trailers"] !== undefined) match(what["trailers"], metadataJson(call.trailer), this.#names);
    if (what["status"] === undefined) {
      if (call.ended !== undefined) throw new Wrong(`expected the call to go on, got ${JSON.stringify(call.ended)}`);
      return;
    }
    if (call.ended === undefined) throw new Wrong("expected the end of the call, got none");
    match(what["status"], call.ended, this.#names, false);
  }

  // --- requests ---

  #unclaimed(): Exchange[] {
    return this.#network.exchanges.filter((exchange) => !this.#claimed.has(exchange));
  }

  #nothing(): void {
    const [other] = this.#unclaimed();
    if (other === undefined) return;
    throw new Wrong(`expected no other request, got ${other.url} ${new TextDecoder().decode(other.body)}`);
  }

  #expect(what: JsonObject): void {
    const method = what["method"] as string;
    const found = this.#unclaimed().find((exchange) => exchange.url === `http://server/runnel.v1.Channel/${method}`);
    if (found === undefined) {
      throw new Wrong(`expected a request ${method}, got ${this.#unclaimed().map(({ url }) => url).join(" ") || "none"}`);
    }
    this.#claimed.add(found);
    this.#last = (what["id"] as string | undefined) ?? method;
    this.#exchanges.set(this.#last, found);
    this.#checkHeaders(method, found);
    if (what["headers"] !== undefined) {
      match(what["headers"], Object.fromEntries(found.headers) as JsonObject, this.#names, false);
    }
    const message = decode(this.codec, `${method}Request`, found.body);
    match(what["message"] ?? {}, message, this.#names);
    if (method === "Open") this.#secrets.set(found, message["secret"] as string);
  }

  #checkHeaders(method: string, { method: verb, headers }: Exchange): void {
    if (verb !== "POST") throw new Wrong(`expected POST, got ${verb}`);
    if (headers.get("content-type") !== `application/${this.codec}`) {
      throw new Wrong(`a request with the content type ${headers.get("content-type")}`);
    }
    if ((method === "Open" || method === "Attach") && headers.get("accept") !== "text/event-stream") {
      throw new Wrong("a request for a stream does not say that it accepts one");
    }
    const session = headers.get("runnel-session");
    if (method === "Open" ? session !== null : !this.#sessions.has(session ?? "")) {
      throw new Wrong(`a request with \`runnel-session: ${session}\``);
    }
  }

  // --- the server ---

  #find(what: JsonObject): Exchange {
    const id = (what["on"] ?? what["to"] ?? this.#last) as string;
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined) throw new Error(`no request was called ${id}`);
    return exchange;
  }

  get #streamType(): string {
    return this.codec === "json" ? "text/event-stream" : "text/event-stream; codec=proto";
  }

  #begin(exchange: Exchange): void {
    if (!exchange.answered) exchange.answer(200, this.#streamType);
  }

  async #push(exchange: Exchange, bytes: Uint8Array): Promise<void> {
    this.longest = Math.max(this.longest, bytes.length);
    for (const piece of pieces(bytes, this.split)) {
      // Whatever can happen without time passing happens between two pieces.
      await this.#clock.settle();
      exchange.push(piece);
    }
    await this.#clock.settle();
  }

  async #reply(what: JsonObject): Promise<void> {
    const exchange = this.#find(what);
    const status = (what["status"] as number | undefined) ?? 200;
    const method = exchange.url.slice(exchange.url.lastIndexOf("/") + 1);
    if (status === 200 && (method === "Open" || method === "Attach")) return this.#begin(exchange);
    let body: Uint8Array;
    let type = `application/${this.codec}`;
    if (isObject(what["error"])) {
      body = new TextEncoder().encode(JSON.stringify(connectError(what["error"])));
      type = "application/json";
    } else if (typeof what["body"] === "string") {
      body = new TextEncoder().encode(what["body"]);
      type = "text/html";
    } else {
      body = encode(this.codec, `${method}Response`, (what["message"] ?? {}) as JsonObject);
    }
    exchange.answer(status, type);
    await this.#push(exchange, body);
    exchange.end();
  }

  async #events(what: JsonObject): Promise<void> {
    const exchange = this.#find(what);
    this.#begin(exchange);
    let text = (what["raw"] as string | undefined) ?? "";
    for (const { id = "", ...event } of (what["events"] ?? []) as (JsonObject & { id?: string })[]) {
      if (isObject(event["session"])) {
        this.#sessions.add(`${String(event["session"]["id"])}.${this.#secrets.get(exchange)}`);
      }
      text += `id: ${id}\ndata: ${batch(this.codec, event)}\n\n`;
    }
    await this.#push(exchange, new TextEncoder().encode(text));
  }

  async #end(what: JsonObject): Promise<void> {
    const exchange = this.#find(what);
    this.#begin(exchange);
    if (isObject(what["error"])) {
      const end = JSON.stringify({ error: connectError(what["error"]) });
      await this.#push(exchange, new TextEncoder().encode(`event: end\nid: end\ndata: ${end}\n\n`));
    }
    exchange.end();
  }
}

function requestsOf(what: JsonObject): Request[] {
  return ((what["messages"] ?? []) as JsonValue[]).map((json) => fromJson(RequestSchema, json));
}

function connectError({ reason, domain, metadata, ...error }: JsonObject): JsonObject {
  if (reason === undefined) return error;
  return { ...error, details: details([{ reason, ...(domain && { domain }), ...(metadata && { metadata }) } as JsonObject]) };
}

function statusJson(error: ConnectError): JsonObject {
  const code = Code[error.code].replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
  const info = error.details.find((detail) => "type" in detail && detail.type === "google.rpc.ErrorInfo");
  const value = info !== undefined && "type" in info ? errorInfo(info.value) : {};
  return { code, message: error.rawMessage, ...value };
}

function metadataJson(headers: Headers): Json {
  return [...headers].map(([key, value]) =>
    key.endsWith("-bin") ? { key, binary: toBase64(Uint8Array.from(atob(value), (c) => c.charCodeAt(0))) } : { key, text: value },
  );
}
