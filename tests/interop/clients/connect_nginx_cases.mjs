// Connect's client for Node.js against our server behind nginx, over HTTP/2.
//
// Usage: node connect_nginx_cases.mjs URL TLS [words of a case's name]
//   URL  where nginx listens (tests/interop/nginx)
//   TLS  the folder that tests/interop/certificates has filled

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { Code } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import { runCases, test } from "./cases.mjs";
import { all, cases, clientWith, errorOf, textsOf } from "./connect_calls.mjs";

const [url, tls, only] = process.argv.slice(2);

const ca = readFileSync(`${tls}/ca.pem`);
const connections = []; // all that were ever made

function clientOf(options = {}) {
  return clientWith({
    baseUrl: "https://app.example.com",
    httpVersion: "2",
    nodeOptions: {
      createConnection: () => {
        const { hostname: host, port } = new URL(url);
        const made = connect({ host, port, ca, servername: "app.example.com", ALPNProtocols: ["h2"] });
        connections.push(made);
        return made;
      },
    },
    ...options,
  });
}

for (const useBinaryFormat of [false, true]) {
  const codec = useBinaryFormat ? "proto" : "json";
  cases(codec, clientOf({ useBinaryFormat, acceptCompression: [] }));
}
cases(
  "proto, gzip",
  clientOf({ sendCompression: compressionGzip, compressMinBytes: 0, acceptCompression: [compressionGzip] }),
);

// Behind nginx too the server speaks HTTP/1.1, cannot answer so, and says it after 10 s (PROTOCOL.md, A.5).
test("bidi stream, full duplex, is refused", async () => {
  let end;
  const answered = new Promise((resolve) => (end = resolve));
  const texts = [];
  async function* requests() {
    yield { text: "first" };
    await answered;
  }
  const error = await errorOf(
    (async () => {
      for await (const { text } of clientOf().bidi(requests())) {
        texts.push(text);
        end();
      }
    })(),
  );
  end();
  assert.deepEqual(texts, []);
  assert.equal(error.code, Code.Unknown); // what Connect makes of 505
  assert.equal(error.rawMessage, "HTTP 505");
});

test("all calls of a client share a connection of HTTP/2", async () => {
  const before = connections.length;
  const client = clientOf();
  const streams = Array.from({ length: 30 }, () => all(client.serverStream({ plan: { count: 3, delayMs: 50 } })));
  const texts = Array.from({ length: 30 }, (_, i) => `call ${i}`);
  const responses = await Promise.all(texts.map((text) => client.unary({ text })));
  assert.deepEqual(textsOf(responses), texts);
  for (const messages of await Promise.all(streams)) assert.equal(messages.length, 3);
  assert.equal(connections.length - before, 1);
  assert.equal(connections[before].alpnProtocol, "h2");
});

test("GET", async () => {
  const seen = {};
  const options = { onHeader: (header) => (seen.header = header) };
  const response = await clientOf({ useHttpGet: true }).unaryGet({ text: "ä+/ ?&" }, options);
  assert.equal(response.text, "ä+/ ?&");
  // Only what came by GET has it.
  assert.equal(seen.header.get("vary"), "accept-encoding");
});

test("request over nginx's limit is refused by it", async () => {
  const error = await errorOf(clientOf().unary({ text: "x".repeat(5_000_000) }));
  // What Connect makes of 413.
  assert.equal(error.code, Code.Unknown);
});

process.exit((await runCases("connect-node, nginx", only)) ? 0 : 1);
