// ChannelTransport makes calls of connect-es on a channel.

import { create, type DescMessage, type DescMethodStreaming, type DescMethodUnary } from "@bufbuild/protobuf";
import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { Call } from "./call.js";
import type { Outgoing } from "./call-stream.js";
import type { Channel } from "./channel.js";
import type { Clock } from "./clock.js";
import { codeFromString, createMethodUrl } from "./connect-private.js";
import { appendMetadata, metadataOf } from "./metadata.js";
import { MessageCodec } from "./message-codec.js";
import { whenAborted } from "./signal.js";
import { type Status, status } from "./status.js";
import type { RunnelTransportOptions } from "./transport-options.js";

// Cancels calls whose consumer has gone: connect-es does not tell a transport of a `break`.
const forgotten = new FinalizationRegistry<Call>((call) => call.abort(status("canceled", "nobody reads the call")));

type Method = DescMethodUnary | DescMethodStreaming;
type AnyRequest = UnaryRequest | StreamRequest;
type AnyResponse = UnaryResponse | StreamResponse;

// A call that an application has begun.
interface Begun {
  deadline: number;
  signal: AbortSignal;
  // It is over.
  done: () => void;
}

export class ChannelTransport implements Transport {
  readonly #messages: MessageCodec;

  constructor(
    private readonly options: RunnelTransportOptions & { connectTimeoutMs: number },
    private readonly channel: Channel,
    private readonly clock: Clock,
  ) {
    this.#messages = new MessageCodec(options);
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: MessageInitShape<I>,
    contextValues?: ContextValues,
  ): Promise<UnaryResponse<I, O>> {
    const begun = this.#begin(signal, timeoutMs);
    const next = async (request: AnyRequest): Promise<AnyResponse> => {
      const call = this.#start(request, begun, one(request.message as MessageShape<I>));
      const trailer = new Headers();
      const replies = this.#replies(call, method, begun, trailer);
      const reply = await replies.next();
      const extra = reply.done ? reply : await replies.next();
      if (reply.done) throw protocolError("the server ended the call without a response");
      if (!extra.done) {
        call.abort(status("canceled", "one response was expected"));
        throw protocolError("the server sent more than one response");
      }
      return { stream: false, service: method.parent, method, header: headerOf(call), trailer, message: reply.value };
    };
    const message = create(method.input, input);
    return this.#run(method, begun, header, contextValues, { stream: false, message }, next) as Promise<UnaryResponse<I, O>>;
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
    input: AsyncIterable<MessageInitShape<I>>,
    contextValues?: ContextValues,
  ): Promise<StreamResponse<I, O>> {
    const begun = this.#begin(signal, timeoutMs);
    const next = async (request: AnyRequest): Promise<AnyResponse> => {
      const requests = request.message as AsyncIterable<MessageShape<I>>;
      const call = this.#start(request, begun, requests[Symbol.asyncIterator]());
      await call.waitForHeader();
      const trailer = new Headers();
      const message = this.#replies(call, method, begun, trailer);
      return { stream: true, service: method.parent, method, header: headerOf(call), trailer, message };
    };
    const message = normalized(method.input, input);
    return this.#run(method, begun, header, contextValues, { stream: true, message }, next) as Promise<StreamResponse<I, O>>;
  }

  // The time of a call runs, and it can be aborted, before interceptors have passed it on.
  #begin(signal: AbortSignal | undefined, timeoutMs = this.options.defaultTimeoutMs): Begun {
    const controller = new AbortController();
    const limited = timeoutMs !== undefined && timeoutMs > 0;
    const timer = limited
      ? this.clock.callAfter(timeoutMs, () =>
          controller.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded)),
        )
      : undefined;
    const letGo = whenAborted(signal, () => controller.abort(signal?.reason));
    return {
      deadline: limited ? this.clock.now() + timeoutMs : Infinity,
      signal: controller.signal,
      done: () => {
        timer?.cancel();
        letGo();
      },
    };
  }

  async #run(
    method: Method,
    begun: Begun,
    header: HeadersInit | undefined,
    contextValues: ContextValues | undefined,
    rest: { stream: boolean; message: unknown },
    next: (request: AnyRequest) => Promise<AnyResponse>,
  ): Promise<AnyResponse> {
    const request = {
      service: method.parent,
      method,
      requestMethod: "POST",
      url: createMethodUrl(this.options.baseUrl, method),
      signal: begun.signal,
      header: new Headers(header),
      contextValues: contextValues ?? createContextValues(),
      ...rest,
    } as AnyRequest;
    let run = next;
    for (const interceptor of [...(this.options.interceptors ?? [])].reverse()) run = interceptor(run);
    try {
      return await run(request);
    } catch (error) {
      begun.done();
      throw ConnectError.from(error);
    }
  }

  #start(request: AnyRequest, begun: Begun, requests: AsyncIterator<unknown>): Call {
    const { signal, method } = request;
    if (signal.aborted) throw abortion(signal);
    const codec = this.#messages;
    const call = new Call(this.channel, this.clock, {
      path: `/${method.parent.typeName}/${method.name}`,
      metadata: metadataOf(request.header),
      deadline: begun.deadline,
      repeatable: method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
      clientStreams: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
      requests: mapped(requests, (message) => encoded(codec, method.input, message)),
      connectTimeoutMs: this.options.connectTimeoutMs,
    });
    const letGo = whenAborted(signal, () => call.abort(statusOf(abortion(signal))));
    void call.ended.then(() => {
      begun.done();
      letGo();
      forgotten.unregister(call);
    });
    return call;
  }

  // What comes of a call. The iterator is held by its consumer alone, so that its end can be noticed.
  #replies<O extends DescMessage>(
    call: Call,
    method: { output: O },
    { signal }: Begun,
    trailer: Headers,
  ): AsyncIterableIterator<MessageShape<O>> {
    const codec = this.#messages;
    const iterator: AsyncIterableIterator<MessageShape<O>> = {
      async next() {
        const message = await call.receive();
        if (signal.aborted) throw abortion(signal);
        if (message !== undefined) {
          try {
            return { done: false, value: codec.decode(method.output, message) };
          } catch (error) {
            const wrong = ConnectError.from(error, Code.InvalidArgument);
            call.abort(statusOf(wrong));
            throw wrong;
          }
        }
        if (call.failure !== undefined) throw errorOf(call);
        metadataTo(trailer, call.trailers);
        return { done: true, value: undefined };
      },
      async return() {
        call.abort(status("canceled", "nobody reads the call"));
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    forgotten.register(iterator, call, call);
    return iterator;
  }
}

function encoded(codec: MessageCodec, desc: DescMessage, message: unknown): Outgoing {
  try {
    return codec.encode(desc, message);
  } catch (error) {
    throw ConnectError.from(error, Code.Internal);
  }
}

async function* one<T>(item: T): AsyncGenerator<T> {
  yield item;
}

function normalized<Desc extends DescMessage>(
  desc: Desc,
  input: AsyncIterable<MessageInitShape<Desc>>,
): AsyncIterable<MessageShape<Desc>> {
  return { [Symbol.asyncIterator]: () => mapped(input[Symbol.asyncIterator](), (message) => create(desc, message)) };
}

function mapped<T, U>(items: AsyncIterator<T>, convert: (item: T) => U): AsyncIterator<U> {
  return {
    async next() {
      const result = await items.next();
      return result.done ? result : { done: false, value: convert(result.value) };
    },
    async return() {
      await items.return?.();
      return { done: true, value: undefined };
    },
  };
}

function protocolError(message: string): ConnectError {
  return new ConnectError(message, Code.Unimplemented);
}

function abortion(signal: AbortSignal): ConnectError {
  return ConnectError.from(signal.reason, Code.Canceled);
}

function statusOf(error: ConnectError): Status {
  const code = error.code === Code.DeadlineExceeded ? "deadline_exceeded" : "canceled";
  return status(code, error.rawMessage);
}

function errorOf(call: Call): ConnectError {
  if (call.thrown !== undefined) return ConnectError.from(call.thrown);
  const { code, message, details } = call.failure!;
  const error = new ConnectError(message, codeFromString(code) ?? Code.Unknown, metadataTo(headerOf(call), call.trailers));
  error.details = details;
  return error;
}

function headerOf(call: Call): Headers {
  return metadataTo(new Headers(), call.header);
}

function metadataTo(headers: Headers, entries: Call["header"]): Headers {
  try {
    return appendMetadata(headers, entries);
  } catch (error) {
    throw new ConnectError(`the server's metadata are no header fields: ${String(error)}`, Code.Internal);
  }
}
