// createClient is connect-es's own, but that a `break` out of a stream's loop cancels the call at once. With connect-es's
// own client the call is cancelled when the garbage collector has found that nobody reads it; until then the windows of
// flow control hold the server.

import type { DescService } from "@bufbuild/protobuf";
import { type CallOptions, type Client, createClient as createConnectClient, makeAnyClient, type Transport } from "@connectrpc/connect";
import { whenAborted } from "./signal.js";

type StreamFunction = (input: unknown, options?: CallOptions) => AsyncIterable<unknown>;

export function createClient<T extends DescService>(service: T, transport: Transport): Client<T> {
  const client = createConnectClient(service, transport) as Record<string, unknown>;
  return makeAnyClient(service, (method) => {
    const call = client[method.localName];
    if (method.methodKind !== "server_streaming" && method.methodKind !== "bidi_streaming") return call as () => void;
    return (input: unknown, options?: CallOptions) => cancellable(call as StreamFunction, input, options);
  }) as Client<T>;
}

function cancellable(call: StreamFunction, input: unknown, options?: CallOptions): AsyncIterable<unknown> {
  const stop = new AbortController();
  const outer = options?.signal;
  const finish = whenAborted(outer, () => stop.abort(outer?.reason));
  const stream = call(input, { ...options, signal: stop.signal })[Symbol.asyncIterator]();
  const iterator: AsyncIterator<unknown> = {
    async next() {
      try {
        const result = await stream.next();
        if (result.done) finish();
        return result;
      } catch (error) {
        finish();
        throw error;
      }
    },
    async return() {
      finish();
      stop.abort();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
