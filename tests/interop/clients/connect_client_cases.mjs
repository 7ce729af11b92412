// Connect's client for Node.js against our server, over HTTP/1.1.
//
// Usage: node connect_client_cases.mjs URL [words of a case's name]

import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { runCases, test } from "./cases.mjs";
import { assertDetails, cases, clientWith, details, errorOf, recorder } from "./connect_calls.mjs";
import { Error_Code } from "./gen/interop_pb.js";

const [url, only] = process.argv.slice(2);

function clientOf(options) {
  return clientWith({ baseUrl: url, ...options });
}

for (const useBinaryFormat of [false, true]) {
  const codec = useBinaryFormat ? "proto" : "json";
  cases(codec, clientOf({ useBinaryFormat, acceptCompression: [] }));
  cases(
    `${codec}, gzip`,
    clientOf({ useBinaryFormat, sendCompression: compressionGzip, compressMinBytes: 0, acceptCompression: [compressionGzip] }),
  );

  const getter = clientOf({ useBinaryFormat, useHttpGet: true });
  test(`${codec}: GET`, async () => {
    const { seen, options } = recorder();
    const response = await getter.unaryGet({ text: "ä+/ ?&" }, options);
    assert.equal(response.text, "ä+/ ?&");
    // Only what came by GET has it.
    assert.equal(seen.header.get("vary"), "accept-encoding");
  });
  test(`${codec}: GET is left to methods without side effects`, async () => {
    const { seen, options } = recorder();
    await getter.unary({}, options);
    assert.equal(seen.header.get("vary"), null);
  });
  test(`${codec}: GET ends with its error`, async () => {
    const error = await errorOf(getter.unaryGet({ plan: { error: { code: Error_Code.NOT_FOUND, details } } }));
    assert.equal(error.code, Code.NotFound);
    assertDetails(error);
  });
  test(`${codec}: GET with a compressed message`, async () => {
    const gzip = clientOf({ useBinaryFormat, useHttpGet: true, sendCompression: compressionGzip, compressMinBytes: 0 });
    const { seen, options } = recorder();
    const response = await gzip.unaryGet({ text: "x".repeat(20_000) }, options);
    assert.equal(response.text.length, 20_000);
    assert.equal(seen.header.get("vary"), "accept-encoding");
  });
  test(`${codec}: response is compressed only for who accepts it`, async () => {
    const accepting = recorder();
    await clientOf({ useBinaryFormat }).unary({ plan: { size: 30_000 } }, accepting.options);
    assert.equal(accepting.seen.header.get("content-encoding"), "gzip");
    const refusing = recorder();
    await clientOf({ useBinaryFormat, acceptCompression: [] }).unary({ plan: { size: 30_000 } }, refusing.options);
    assert.equal(refusing.seen.header.get("content-encoding"), null);
  });
  test(`${codec}: response over the client's limit is refused by it`, async () => {
    const error = await errorOf(
      clientOf({ useBinaryFormat, readMaxBytes: 1_000 }).unary({ plan: { size: 5_000 } }),
    );
    assert.equal(error.code, Code.ResourceExhausted);
  });
  test(`${codec}: request over the server's limit is refused by it`, async () => {
    const error = await errorOf(clientOf({ useBinaryFormat }).unary({ text: "x".repeat(5_000_000) }));
    assert.equal(error.code, Code.ResourceExhausted);
    assert.match(error.rawMessage, /max_message_bytes/);
  });
}

process.exit((await runCases("connect-node", only)) ? 0 : 1);
