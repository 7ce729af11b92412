// What Connect's client for Node.js does against a server of InteropService, whatever lies between:
// calls of all kinds.

import assert from "node:assert/strict";
import { create, createRegistry } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { test } from "./cases.mjs";
import { Error_Code, InteropService, NoteSchema } from "./gen/interop_pb.js";

// A client; `options` are those of its transport.
export function clientWith(options) {
  return createClient(
    InteropService,
    createConnectTransport({
      httpVersion: "1.1",
      jsonOptions: { registry: createRegistry(NoteSchema, DurationSchema) },
      ...options,
    }),
  );
}

export async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

// The ConnectError that `promise` ends with.
export async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  assert.fail("the call ended well");
}

export function textsOf(messages) {
  return messages.map((message) => message.text);
}

export async function* stream(...requests) {
  yield* requests;
}

export const details = [
  anyPack(NoteSchema, create(NoteSchema, { text: "n" })),
  anyPack(DurationSchema, create(DurationSchema, { seconds: 1n, nanos: 500_000_000 })),
  anyPack(NoteSchema, create(NoteSchema, { text: "m" })),
];

export function assertDetails(error) {
  assert.deepEqual(error.findDetails(NoteSchema).map((note) => note.text), ["n", "m"]);
  assert.deepEqual(error.findDetails(DurationSchema).map((d) => [d.seconds, d.nanos]), [[1n, 500_000_000]]);
}

// What came beside the messages, by the options of a call.
export function recorder(options = {}) {
  const seen = { header: undefined, trailer: undefined };
  return {
    seen,
    options: { ...options, onHeader: (h) => (seen.header = h), onTrailer: (t) => (seen.trailer = t) },
  };
}

// The cases, with `client`; their names begin with `variant`.
export function cases(variant, client) {
  const it = (name, body) => test(`${variant}: ${name}`, body);

  it("unary call", async () => {
    const response = await client.unary({ text: "hi", payload: new Uint8Array([0, 255]) });
    assert.equal(response.text, "hi");
    assert.deepEqual(response.payload, new Uint8Array([0, 255]));
    assert.equal(response.requests, 1);
  });

  it("large messages both ways", async () => {
    const text = "long ".repeat(100_000);
    const response = await client.unary({ text, plan: { size: 1_000_000 } });
    assert.equal(response.text, text);
    assert.equal(response.payload.length, 1_000_000);
  });

  it("metadata come back as headers and trailers", async () => {
    const { seen, options } = recorder({ headers: { "x-echo-color": "blue", "x-other": "1" } });
    const response = await client.unary({}, options);
    assert.equal(seen.header.get("x-echo-color"), "blue");
    assert.equal(seen.trailer.get("x-echo-color"), "blue");
    assert.equal(seen.header.get("x-other"), null);
    const value = response.metadata.find((entry) => entry.name === "x-other")?.value;
    assert.equal(value, "1");
  });

  it("binary metadata", async () => {
    const bytes = new Uint8Array([0, 128, 255]);
    const { seen, options } = recorder({ headers: { "x-echo-raw-bin": encodeBinaryHeader(bytes) } });
    const response = await client.unary({}, options);
    assert.deepEqual(decodeBinaryHeader(seen.header.get("x-echo-raw-bin")), bytes);
    assert.deepEqual(decodeBinaryHeader(seen.trailer.get("x-echo-raw-bin")), bytes);
    assert.deepEqual(response.metadata.find((entry) => entry.name === "x-echo-raw-bin")?.binary, bytes);
  });

  it("error with details and metadata", async () => {
    const error = await errorOf(
      client.unary(
        { plan: { error: { code: Error_Code.NOT_FOUND, message: "gone", details } } },
        { headers: { "x-echo-color": "blue" } },
      ),
    );
    assert.equal(error.code, Code.NotFound);
    assert.equal(error.rawMessage, "gone");
    assertDetails(error);
    // The header and the trailer.
    assert.equal(error.metadata.get("x-echo-color"), "blue, blue");
  });

  it("every code", async () => {
    for (let code = 1; code <= 16; ++code) {
      const error = await errorOf(client.unary({ plan: { error: { code, message: "m" } } }));
      assert.equal(error.code, code);
    }
  });

  it("timeout ends the call", async () => {
    const error = await errorOf(client.unary({ plan: { delayMs: 60_000 } }, { timeoutMs: 100 }));
    assert.equal(error.code, Code.DeadlineExceeded);
  });

  it("timeout reaches the handler", async () => {
    const response = await client.unary({}, { timeoutMs: 50_000 });
    assert.ok(response.timeoutMs > 0n && response.timeoutMs <= 50_000n, `${response.timeoutMs}`);
  });

  it("cancelled unary call", async () => {
    const controller = new AbortController();
    const call = errorOf(client.unary({ plan: { delayMs: 60_000 } }, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);
    assert.equal((await call).code, Code.Canceled);
  });

  it("server stream", async () => {
    const { seen, options } = recorder({ headers: { "x-echo-color": "blue" } });
    const messages = await all(client.serverStream({ text: "hi", plan: { count: 3, size: 5_000 } }, options));
    assert.deepEqual(messages.map((m) => [m.number, m.text, m.payload.length]), [
      [0, "hi", 5_000],
      [1, "hi", 5_000],
      [2, "hi", 5_000],
    ]);
    assert.equal(seen.header.get("x-echo-color"), "blue");
    assert.equal(seen.trailer.get("x-echo-color"), "blue");
  });

  it("server stream without a message", async () => {
    assert.deepEqual(await all(client.serverStream({ plan: { count: 0 } })), []);
  });

  it("server stream of many messages", async () => {
    const messages = await all(client.serverStream({ plan: { count: 5_000, size: 100 } }));
    assert.equal(messages.length, 5_000);
    messages.forEach((message, i) => assert.equal(message.number, i));
  });

  it("server stream arrives while it runs", async () => {
    // All of it would take two minutes.
    for await (const message of client.serverStream({ text: "first", plan: { count: 120, delayMs: 1_000 } })) {
      assert.equal(message.text, "first");
      break;
    }
  });

  it("server stream ends with its error", async () => {
    const numbers = [];
    const error = await errorOf(
      (async () => {
        const request = { plan: { count: 2, error: { code: Error_Code.ABORTED, message: "stop", details } } };
        for await (const message of client.serverStream(request)) numbers.push(message.number);
      })(),
    );
    assert.deepEqual(numbers, [0, 1]);
    assert.equal(error.code, Code.Aborted);
    assert.equal(error.rawMessage, "stop");
    assertDetails(error);
  });

  it("server stream that fails at once", async () => {
    const error = await errorOf(
      all(client.serverStream({ plan: { count: 0, error: { code: Error_Code.PERMISSION_DENIED, message: "no" } } })),
    );
    assert.equal(error.code, Code.PermissionDenied);
  });

  it("timeout ends a server stream", async () => {
    const error = await errorOf(
      all(client.serverStream({ plan: { count: 1, delayMs: 60_000 } }, { timeoutMs: 300 })),
    );
    assert.equal(error.code, Code.DeadlineExceeded);
  });

  it("cancelled server stream", async () => {
    const controller = new AbortController();
    const error = await errorOf(
      (async () => {
        const plan = { count: 1_000_000, delayMs: 10 };
        for await (const _ of client.serverStream({ plan }, { signal: controller.signal })) controller.abort();
      })(),
    );
    assert.equal(error.code, Code.Canceled);
  });

  it("client stream", async () => {
    const { seen, options } = recorder({ headers: { "x-echo-color": "blue" } });
    const response = await client.clientStream(
      stream({ text: "a" }, { text: "b", payload: new Uint8Array([1]) }, { text: "c", payload: new Uint8Array([2]) }),
      options,
    );
    assert.equal(response.text, "abc");
    assert.deepEqual(response.payload, new Uint8Array([1, 2]));
    assert.equal(response.requests, 3);
    assert.equal(seen.header.get("x-echo-color"), "blue");
    assert.equal(seen.trailer.get("x-echo-color"), "blue");
  });

  it("client stream of many messages", async () => {
    const requests = Array.from({ length: 2_000 }, () => ({ text: "x".repeat(100) }));
    const response = await client.clientStream(stream(...requests));
    assert.equal(response.requests, 2_000);
    assert.equal(response.text.length, 200_000);
  });

  it("client stream without a message", async () => {
    const error = await errorOf(client.clientStream(stream()));
    assert.equal(error.code, Code.InvalidArgument);
    assert.equal(error.rawMessage, "there was no request");
  });

  it("client stream ends with its error", async () => {
    const error = await errorOf(
      client.clientStream(
        stream({ text: "a" }, { plan: { error: { code: Error_Code.OUT_OF_RANGE, message: "far", details } } }),
      ),
    );
    assert.equal(error.code, Code.OutOfRange);
    assert.equal(error.rawMessage, "far");
    assertDetails(error);
  });

  it("bidi stream, half duplex", async () => {
    const { seen, options } = recorder({ headers: { "x-echo-color": "blue" } });
    const messages = await all(
      client.bidi(stream({ text: "a" }, { text: "b", plan: { count: 2 } }, { text: "c" }), options),
    );
    assert.deepEqual(textsOf(messages), ["a", "b", "b", "c"]);
    assert.deepEqual(messages.map((message) => message.number), [0, 1, 2, 3]);
    assert.equal(seen.header.get("x-echo-color"), "blue");
    assert.equal(seen.trailer.get("x-echo-color"), "blue");
  });

  it("bidi stream ends with its error", async () => {
    const texts = [];
    const error = await errorOf(
      (async () => {
        const requests = stream({ text: "a" }, { text: "b", plan: { error: { code: Error_Code.DATA_LOSS, details } } });
        for await (const message of client.bidi(requests)) texts.push(message.text);
      })(),
    );
    assert.deepEqual(texts, ["a", "b"]);
    assert.equal(error.code, Code.DataLoss);
    assertDetails(error);
  });

  it("many calls at once", async () => {
    const texts = Array.from({ length: 50 }, (_, i) => `call ${i}`);
    const responses = await Promise.all(texts.map((text) => client.unary({ text, plan: { delayMs: 20 } })));
    assert.deepEqual(textsOf(responses), texts);
  });
}
