// Connect's client for Node.js against our server, over TLS.
//
// Usage: node connect_tls_cases.mjs URL STRICT TLS [words of a case's name]
//   URL     of a server with TLS
//   STRICT  that of one which asks for client certificates
//   TLS     the folder that tests/interop/certificates has filled

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { runCases, test } from "./cases.mjs";
import { cases, clientWith, errorOf } from "./connect_calls.mjs";

const [url, strict, tls, only] = process.argv.slice(2);

const ca = readFileSync(`${tls}/ca.pem`);
const alice = { cert: readFileSync(`${tls}/client.pem`), key: readFileSync(`${tls}/client.key`) };

cases("TLS", clientWith({ baseUrl: url, nodeOptions: { ca } }));

test("client certificate names who calls", async () => {
  const client = clientWith({ baseUrl: strict, nodeOptions: { ca, ...alice } });
  assert.equal((await client.unary({ text: "hi" })).principal, "alice");
});

test("client certificate is wanted", async () => {
  const error = await errorOf(clientWith({ baseUrl: strict, nodeOptions: { ca } }).unary({}));
  assert.notEqual(error.code, Code.Unauthenticated); // nothing of HTTP was said
  assert.match(error.rawMessage, /certificate required/);
});

test("server of an authority that is not trusted is refused by the client", async () => {
  const error = await errorOf(clientWith({ baseUrl: url }).unary({}));
  assert.match(error.rawMessage, /unable to (verify|get local issuer)|self.signed/);
});

process.exit((await runCases("connect-node, TLS", only)) ? 0 : 1);
