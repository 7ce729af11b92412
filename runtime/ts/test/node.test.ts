// The client in Node.js against the C++ server //tests/interop:server.

import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient as createConnectClient, type Interceptor } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Error_Code, InteropService, NoteSchema } from "../gen/interop_pb.js";
import { createClient, createRunnelTransport, type RunnelTransport, type RunnelTransportOptions } from "../src/index.js";
import { type ServerProcess, startProcess } from "./server-process.js";

let server: ServerProcess;
const transports: RunnelTransport[] = [];

beforeAll(async () => {
  server = await startProcess(process.env["RUNNEL_SERVER"]!, "--port", "0");
});
afterEach(() => {
  for (const transport of transports.splice(0)) transport.close();
});
afterAll(() => server.stop());

function transportTo(options: Partial<RunnelTransportOptions> = {}): RunnelTransport {
  const transport = createRunnelTransport({ baseUrl: server.url, ...options });
  transports.push(transport);
  return transport;
}

async function* requests(...texts: string[]): AsyncGenerator<{ text: string }> {
  for (const text of texts) yield { text };
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const message of messages) list.push(message);
  return list;
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

describe.each([
  ["JSON", { useBinaryFormat: false }],
  ["binary", { useBinaryFormat: true }],
])("in %s", (_, format) => {
  // As an application has it: the client is connect-es's own.
  const jsonOptions = { registry: createRegistry(NoteSchema) };
  const client = (options: Partial<RunnelTransportOptions> = {}) =>
    createConnectClient(InteropService, transportTo({ ...format, jsonOptions, ...options }));

  test.each(["direct", "channel"] as const)("a unary call, %s", async (unary) => {
    const payload = new Uint8Array([0, 1, 255]);
    const response = await client({ unary }).unary({ text: "hä €😀", payload });
    expect([response.text, response.payload]).toEqual(["hä €😀", payload]);
  });

  test("a unary call by GET", async () => {
    expect((await client({ useHttpGet: true }).unaryGet({ text: "hi" })).text).toBe("hi");
  });

  test.each(["channel", "direct"] as const)("a server stream, %s", async (streams) => {
    const responses = await all(client({ streams }).serverStream({ text: "hi", plan: { count: 5 } }));
    expect(responses.map(({ text, number }) => [text, number])).toEqual([0, 1, 2, 3, 4].map((n) => ["hi", n]));
  });

  test.each(["channel", "direct"] as const)("a client stream, %s", async (streams) => {
    const response = await client({ streams }).clientStream(requests("a", "b", "c"));
    expect([response.text, response.requests]).toEqual(["abc", 3]);
  });

  test("a bidi stream, both ways at once", async () => {
    // Each request but the first waits for the response to the one before.
    let answered: (() => void) | undefined;
    async function* pingPong() {
      for (let round = 0; round < 10; ++round) {
        const answer = new Promise<void>((resolve) => (answered = resolve));
        yield { text: `${round}` };
        await answer;
      }
    }
    const texts: string[] = [];
    for await (const { text } of client().bidi(pingPong())) {
      texts.push(text);
      answered?.();
    }
    expect(texts).toEqual(Array.from({ length: 10 }, (_, round) => `${round}`));
  });

  test("large messages, both ways, beside small ones", async () => {
    const payload = new Uint8Array(3_000_000).map((_, at) => at * 7);
    const one = client();
    const [large, small] = await Promise.all([
      all(one.bidi((async function* () { yield { payload }; yield { payload }; })())),
      all(one.serverStream({ plan: { count: 100 } })),
    ]);
    expect(large.map((response) => Buffer.compare(response.payload, payload))).toEqual([0, 0]);
    expect(small).toHaveLength(100);
  });

  test.each(["channel", "direct"] as const)("metadata both ways, %s", async (unary) => {
    let header: Headers | undefined;
    let trailer: Headers | undefined;
    await client({ unary }).unary(
      {},
      {
        headers: { "x-echo-color": "blue", "x-echo-raw-bin": "AP8" },
        onHeader: (headers) => (header = headers),
        onTrailer: (headers) => (trailer = headers),
      },
    );
    for (const headers of [header!, trailer!]) {
      expect(headers.get("x-echo-color")).toBe("blue");
      expect(headers.get("x-echo-raw-bin")).toBe("AP8");
    }
  });

  test("metadata of streams: the header comes before the first message, the trailers with the end", async () => {
    const seen: string[] = [];
    const responses = client().serverStream(
      { plan: { count: 2 } },
      {
        headers: { "x-echo-color": "blue" },
        onHeader: (headers) => seen.push(`header ${headers.get("x-echo-color")}`),
        onTrailer: (headers) => seen.push(`trailer ${headers.get("x-echo-color")}`),
      },
    );
    for await (const { number } of responses) seen.push(`${number}`);
    expect(seen).toEqual(["header blue", "0", "1", "trailer blue"]);
  });

  test.each(["channel", "direct"] as const)("an error with details, %s", async (unary) => {
    const details = [{ typeUrl: "type.googleapis.com/runnel.interop.v1.Note", value: new Uint8Array([10, 1, 110]) }];
    const plan = { error: { code: Error_Code.NOT_FOUND, message: "gone", details } };
    const failure = await failureOf(client({ unary }).unary({ plan }));
    expect([failure.code, failure.rawMessage]).toEqual([Code.NotFound, "gone"]);
    expect(failure.findDetails(NoteSchema).map((note) => note.text)).toEqual(["n"]);
    const [detail] = failure.details as { value: Uint8Array }[];
    expect(fromBinary(NoteSchema, detail!.value).text).toBe("n");
  });

  test("an error after messages, with the metadata of the call", async () => {
    const numbers: number[] = [];
    const read = async () => {
      const plan = { count: 2, error: { code: Error_Code.ABORTED, message: "stop" } };
      const responses = client().serverStream({ plan }, { headers: { "x-echo-color": "blue" } });
      for await (const { number } of responses) numbers.push(number);
    };
    const failure = await failureOf(read());
    expect([failure.code, failure.rawMessage, numbers]).toEqual([Code.Aborted, "stop", [0, 1]]);
    expect(failure.metadata.get("x-echo-color")).toContain("blue");
  });

  test.each(["channel", "direct"] as const)("a timeout throws, and the server knows of it, %s", async (unary) => {
    const one = client({ unary });
    const failure = await failureOf(one.unary({ plan: { delayMs: 60_000 } }, { timeoutMs: 50 }));
    expect(failure.code).toBe(Code.DeadlineExceeded);
    const { timeoutMs } = await one.unary({}, { timeoutMs: 50_000 });
    expect(Number(timeoutMs)).toBeGreaterThan(40_000);
    expect(Number(timeoutMs)).toBeLessThanOrEqual(50_000);
  });

  test("a stream that is aborted throws, though messages are there", async () => {
    const abort = new AbortController();
    const read = async () => {
      for await (const { number } of client().serverStream({ plan: { count: 100_000 } }, { signal: abort.signal })) {
        if (number === 3) abort.abort();
      }
    };
    expect((await failureOf(read())).code).toBe(Code.Canceled);
  });

  test("a call that is aborted before it begins never leaves", async () => {
    const one = client();
    expect((await failureOf(all(one.serverStream({}, { signal: AbortSignal.abort() })))).code).toBe(Code.Canceled);
    expect((await failureOf(one.clientStream(requests("a"), { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled);
  });
});

test("requests are pulled only while there is room", async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<{ payload: Uint8Array }> {
    for (;;) {
      ++pulled;
      yield { payload: new Uint8Array(10_000) };
    }
  }
  // Nobody reads the responses: the server stops reading when its window to us is full.
  const abort = new AbortController();
  const responses = createClient(InteropService, transportTo()).bidi(endless(), { signal: abort.signal });
  const iterator = responses[Symbol.asyncIterator]();
  await iterator.next();
  let before = -1;
  while (before !== pulled) {
    before = pulled;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  // Both windows of a call, as they are before anybody was fast, and what is under way.
  expect(pulled).toBeLessThan(100);
  abort.abort();
  await expect(iterator.next()).rejects.toMatchObject({ code: Code.Canceled });
});

test("requests that fail fail the call, with their own error", async () => {
  async function* failing() {
    yield { text: "a" };
    throw new ConnectError("no more paper", Code.ResourceExhausted);
  }
  const failure = await failureOf(createClient(InteropService, transportTo()).clientStream(failing()));
  expect([failure.code, failure.rawMessage]).toEqual([Code.ResourceExhausted, "no more paper"]);
});

test("when the server ends the call the requests are let go of", async () => {
  let released = false;
  async function* waiting() {
    try {
      yield { plan: { error: { code: Error_Code.ABORTED } } };
      for (;;) yield { text: "more" };
    } finally {
      released = true;
    }
  }
  const failure = await failureOf(createClient(InteropService, transportTo()).clientStream(waiting()));
  expect(failure.code).toBe(Code.Aborted);
  await expect.poll(() => released).toBe(true);
});

test("interceptors see calls on the channel, and may change them", async () => {
  const seen: string[] = [];
  const interceptor: Interceptor = (next) => async (request) => {
    request.header.set("x-echo-color", "green");
    const response = await next(request);
    seen.push(`${request.method.name} ${request.stream} ${response.header.get("x-echo-color")}`);
    return response;
  };
  const client = createClient(InteropService, transportTo({ interceptors: [interceptor], unary: "channel" }));
  await client.unary({});
  await all(client.serverStream({}));
  expect(seen).toEqual(["Unary false green", "ServerStream true green"]);
});

test("a hundred calls at once share one session", async () => {
  const states: string[] = [];
  const transport = transportTo({ onStatus: ({ state }) => states.push(state) });
  const client = createClient(InteropService, transport);
  const calls = Array.from({ length: 100 }, (_, at) => client.clientStream(requests(`${at}`, "!")));
  expect((await Promise.all(calls)).map(({ text }) => text)).toEqual(calls.map((_, at) => `${at}!`));
  expect(states).toEqual(["connecting", "connected"]);
  expect(transport.status.state).toBe("connected");
});

test("what is closed ends its calls, and opens again for the next", async () => {
  const transport = transportTo();
  const client = createClient(InteropService, transport);
  const stream = client.serverStream({ plan: { count: 2, delayMs: 50_000 } })[Symbol.asyncIterator]();
  const first = failureOf(stream.next());
  await expect.poll(() => transport.status.state).toBe("connected");
  transport.close();
  expect((await first).code).toBe(Code.Canceled);
  expect(await all(client.serverStream({}))).toHaveLength(1);
});

test("a server that is not there is unavailable", async () => {
  const other = await startProcess(process.env["RUNNEL_SERVER"]!, "--port", "0");
  await other.stop();
  const options = { baseUrl: other.url, connectTimeoutMs: 300 };
  const client = createClient(InteropService, transportTo(options));
  expect((await failureOf(all(client.serverStream({})))).code).toBe(Code.Unavailable);
  expect((await failureOf(client.unary({}))).code).toBe(Code.Unavailable);
});

test("a server that drains lets calls end, and the next ones wait for another", async () => {
  const draining = await startProcess(process.env["RUNNEL_SERVER"]!, "--port", "0");
  const port = new URL(draining.url).port;
  const client = createClient(InteropService, transportTo({ baseUrl: draining.url, connectTimeoutMs: 60_000 }));
  let finish!: () => void;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  async function* slow() {
    yield { text: "a" };
    await finished;
    yield { text: "b" };
  }
  const responses = client.bidi(slow())[Symbol.asyncIterator]();
  expect((await responses.next()).value.text).toBe("a");
  const stopped = draining.stop();
  // It says go_away; the call that runs may go on.
  const next = client.clientStream(requests("later"));
  finish();
  expect((await responses.next()).value.text).toBe("b");
  expect((await responses.next()).done).toBe(true);
  await stopped;
  const another = await startProcess(process.env["RUNNEL_SERVER"]!, "--port", port);
  try {
    expect((await next).text).toBe("later");
  } finally {
    await another.stop();
  }
});
