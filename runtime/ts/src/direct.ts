// Direct calls: one HTTP exchange each, in the Connect protocol (PROTOCOL.md, part A).

import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { Backoff } from "./backoff.js";
import { type Clock, sleep } from "./clock.js";
import { createConnectTransport, type UniversalClientFn } from "./connect-private.js";
import { messageOf } from "./session-http.js";
import type { RunnelTransportOptions } from "./transport-options.js";

// A server that says so has not run the call, and may be another one the next time.
const neverRanHeader = "runnel-never-ran";
const maxAttempts = 3;

export function directTransport(options: RunnelTransportOptions, fetch: typeof globalThis.fetch, clock: Clock): Transport {
  const httpClient: UniversalClientFn = async (request) => {
    const { method, header: headers, signal } = request;
    const init = { method, headers, signal, credentials: options.credentials } as RequestInit;
    // Browsers send no stream over HTTP/1.1.
    if (request.body !== undefined) init.body = await wholeOf(request.body);
    for (const [name, value] of new Headers(await options.headers?.())) request.header.set(name, value);
    const backoff = new Backoff();
    for (let attempt = 1; ; ++attempt) {
      let response: Response;
      try {
        response = await fetch(request.url, init);
      } catch (error) {
        if (request.signal?.aborted) throw error;
        throw new ConnectError(messageOf(error), Code.Unavailable, undefined, undefined, error);
      }
      const never = response.headers.has(neverRanHeader);
      if (!never || attempt === maxAttempts) {
        const header = new Headers(response.headers);
        // fetch has undone it.
        header.delete("content-encoding");
        return { status: response.status, header, body: piecesOf(response), trailer: new Headers() };
      }
      await sleep(clock, backoff.next());
    }
  };
  const { baseUrl, interceptors, jsonOptions, binaryOptions, defaultTimeoutMs } = options;
  return createConnectTransport({
    httpClient,
    baseUrl,
    useBinaryFormat: options.useBinaryFormat ?? false,
    useHttpGet: options.useHttpGet ?? false,
    interceptors: interceptors ?? [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1024,
    readMaxBytes: options.readMaxBytes ?? 0xffffffff,
    writeMaxBytes: 0xffffffff,
    jsonOptions,
    binaryOptions,
    defaultTimeoutMs,
  } as Parameters<typeof createConnectTransport>[0]);
}

async function wholeOf(body: AsyncIterable<Uint8Array>): Promise<Blob> {
  const pieces: BlobPart[] = [];
  for await (const piece of body) pieces.push(piece as Uint8Array<ArrayBuffer>);
  return new Blob(pieces);
}

async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (error) {
    ended = true;
    throw error instanceof Error && error.name === "AbortError"
      ? error
      : new ConnectError(messageOf(error), Code.Unavailable, undefined, undefined, error);
  } finally {
    if (!ended) reader.cancel().catch(() => undefined);
  }
}
