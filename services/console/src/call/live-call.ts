// LiveCall is a call of any kind, from its start to its status.

import type { DescMethod, DescMethodStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { reasonOf } from "@runnel/web";
import { type CallMessage, MessageRing } from "./message-ring.js";
import { SendQueue } from "./send-queue.js";

// More are counted, and plotted, but not kept.
const kept = 2_000;

export interface CallDetail {
  type: string;
  value: Uint8Array;
}

export interface CallStatus {
  // "ok", "not_found"
  code: string;
  message: string;
  // Of google.rpc.ErrorInfo, where the server gave one.
  reason: string;
  details: CallDetail[];
}

export interface CallOptions {
  header: [string, string][];
  timeoutMs: number | undefined;
}

export class LiveCall {
  readonly messages = new MessageRing(kept);
  sent = 0;
  received = 0;
  header: Headers | undefined;
  trailer: Headers | undefined;
  status: CallStatus | undefined;
  // Whether the requests have ended.
  finished = false;
  readonly start = Date.now();
  // Milliseconds after it.
  headerAfter: number | undefined;
  firstAfter: number | undefined;
  after: number | undefined;
  last: CallMessage | undefined;
  // Hears of each message that comes.
  onMessage: (message: CallMessage) => void = () => undefined;
  onChange: () => void = () => undefined;

  readonly #began = performance.now();
  readonly #stop = new AbortController();
  readonly #requests = new SendQueue<Message>();

  constructor(
    readonly method: DescMethod,
    private readonly transport: Transport,
    private readonly options: CallOptions,
  ) {}

  get running(): boolean {
    return this.status === undefined;
  }

  // What is sent before `run` goes along with it.
  send(message: Message): void {
    if (!this.running || this.finished) return;
    ++this.sent;
    // One request is no stream of messages.
    if (this.method.methodKind !== "server_streaming") this.messages.add(Date.now(), true, message);
    this.#requests.push(message);
    this.onChange();
  }

  // No more requests.
  finish(): void {
    this.finished = true;
    this.#requests.end();
    this.onChange();
  }

  cancel(): void {
    this.#stop.abort(new ConnectError("cancelled here", Code.Canceled));
  }

  async run(): Promise<void> {
    try {
      await (this.method.methodKind === "unary" ? this.#unary(this.method as DescMethodUnary) : this.#stream(this.method as DescMethodStreaming));
      this.#end({ code: "ok", message: "", reason: "", details: [] });
    } catch (error) {
      const failure = ConnectError.from(error);
      // Headers and trailers together, as they are all that an error has.
      if (this.header === undefined) this.header = failure.metadata;
      else this.trailer = failure.metadata;
      const details = failure.details.flatMap((detail) => ("type" in detail ? [detail] : []));
      this.#end({ code: codeName(failure.code), message: failure.rawMessage, reason: reasonOf(failure) ?? "", details });
    }
  }

  async #unary(method: DescMethodUnary): Promise<void> {
    const { header, timeoutMs } = this.options;
    const request = (await this.#requests[Symbol.asyncIterator]().next()).value as Message;
    const response = await this.transport.unary(method, this.#stop.signal, timeoutMs, header, request);
    this.#takeHeader(response.header);
    this.trailer = response.trailer;
    this.#take(response.message);
  }

  async #stream(method: DescMethodStreaming): Promise<void> {
    const { header, timeoutMs } = this.options;
    const response = await this.transport.stream(method, this.#stop.signal, timeoutMs, header, this.#requests);
    this.#takeHeader(response.header);
    this.onChange();
    for await (const message of response.message) this.#take(message);
    this.trailer = response.trailer;
  }

  #takeHeader(header: Headers): void {
    this.header = header;
    this.headerAfter = performance.now() - this.#began;
  }

  #take(message: Message): void {
    this.firstAfter ??= performance.now() - this.#began;
    ++this.received;
    this.last = this.messages.add(Date.now(), false, message);
    this.onMessage(this.last);
    this.onChange();
  }

  #end(status: CallStatus): void {
    this.status = status;
    this.after = performance.now() - this.#began;
    this.#requests.end();
    this.onChange();
  }

  // Milliseconds that it has taken so far.
  get elapsed(): number {
    return this.after ?? performance.now() - this.#began;
  }
}

// "not_found"
function codeName(code: Code): string {
  return Code[code].replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? "" : "_"}${letter.toLowerCase()}`);
}
