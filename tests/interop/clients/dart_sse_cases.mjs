// A page in Chromium that does what the client of Dart's package:sse does, against our endpoint.
//
// Usage: node dart_sse_cases.mjs SERVER CHROMIUM [words of a case's name]
//   SERVER    the program //tests/interop:dart_sse
//   CHROMIUM  the browser's program

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { runCases, test } from "./cases.mjs";
import { Chromium } from "./chromium.mjs";
import { Cutter } from "./cutter.mjs";
import { serveSite } from "./page_calls.mjs";

const [serverProgram, chromiumProgram, only] = process.argv.slice(2);

const server = spawn(serverProgram, ["--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
let url;
for await (const line of createInterface({ input: server.stdout })) {
  url = line.slice(line.indexOf("http"));
  break;
}
const chromium = new Chromium(chromiumProgram);

// SseClient of package:sse 4.2 (lib/client/sse_client.dart), as it is when compiled.
function dartSseClient(serverUrl, debugKey) {
  const random = () => Math.floor(Math.random() * 64);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const id = Array.from({ length: 5 }, () => alphabet[random()]).join("") + alphabet[random() & 3];
  const clientId = debugKey === undefined ? id : `${debugKey}-${id}`;
  const source = new EventSource(`${serverUrl}?sseClientId=${clientId}`, { withCredentials: true });
  const client = { received: [], opens: 0, closed: false, failure: null };
  let next = 0;
  const opened = new Promise((resolve) => source.addEventListener("open", resolve, { once: true }));
  source.addEventListener("open", () => ++client.opens);
  source.addEventListener("message", ({ data }) => {
    const text = JSON.parse(data);
    if (typeof text !== "string") throw new Error(`not a string: ${data}`);
    client.received.push(text);
  });
  source.addEventListener("control", ({ data }) => {
    if (data !== "close") throw new Error(`[$clientId] Illegal Control Message "${data}"`);
    client.close();
  });
  client.close = () => {
    client.closed = true;
    source.close();
  };
  client.add = async (text) => {
    await opened;
    const target = `${serverUrl}?sseClientId=${clientId}&messageId=${next++}`;
    try {
      await fetch(target, { method: "POST", body: JSON.stringify(text), credentials: "include" });
    } catch (error) {
      client.failure = String(error);
      client.close();
    }
  };
  client.until = async (count) => {
    while (client.received.length < count && !client.closed) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return client;
}

// A page of the server's own.
const home = (target) => `${new URL(target).origin}/`;

// What the page at `page` sees of a client of `target` that sends `texts` and gets `count` back.
const talk = (page, target, texts, count = texts.length) =>
  chromium.evaluateAt(
    page,
    `(async () => {
      ${dartSseClient}
      const client = dartSseClient(${JSON.stringify(target)}, "Page");
      const texts = ${JSON.stringify(texts)};
      for (const text of texts) client.add(text);
      await client.until(${count});
      // Whatever comes twice comes soon.
      await new Promise((resolve) => setTimeout(resolve, 100));
      client.close();
      return { received: client.received, opens: client.opens, failure: client.failure };
    })()`,
  );

test("a page of the server's own gets its strings back", async () => {
  const texts = ["blah", 'line1\nline2 "q" \\ €', "\b\t\f\v\u0000\u2028\u{1F600}", ""];
  assert.deepEqual(await talk(home(url), url, texts), { received: texts, opens: 1, failure: null });
});

test("half a surrogate pair does no harm", async () => {
  const seen = await talk(home(url), url, ["a\ud800b", "c"]);
  assert.deepEqual(seen.received, ["a\ufffdb", "c"]);
});

test("a page of another origin, with cookies", async () => {
  const site = await serveSite();
  const seen = await talk(`${site}/`, url, ["blah"]);
  assert.deepEqual(seen, { received: ["blah"], opens: 1, failure: null });
});

test("500 messages come back in order, on five connections at once", async () => {
  const texts = Array.from({ length: 500 }, (_, i) => String(i));
  const seen = await talk(home(url), url, texts);
  assert.deepEqual(seen.received, texts);
});

test("a message of a megabyte", async () => {
  const text = "x€".repeat(1 << 18);
  const seen = await talk(home(url), url, [text]);
  assert.equal(seen.received[0] === text, true);
});

for (const [where, after] of [
  ["between two messages", 'data: "3"\n\n'],
  ["in a message", 'data: "3'],
  ["in an id", "-4"],
]) {
  test(`a stream cut ${where} goes on, nothing lost, nothing twice`, async () => {
    const cutter = new Cutter(new URL(url).origin, after);
    const way = `${await cutter.listen()}/test`;
    const texts = Array.from({ length: 8 }, (_, i) => String(i));
    const seen = await talk(home(way), way, texts);
    cutter.close();
    assert.equal(cutter.cuts, 1);
    assert.deepEqual(seen, { received: texts, opens: 2, failure: null });
  });
}

process.on("SIGTERM", async () => {
  server.kill();
  await chromium.close();
  process.exit(1);
});

let good = false;
try {
  console.log(`browser-dart: ${await chromium.version()}`);
  // An EventSource lets three seconds pass before it comes back.
  good = await runCases("browser-dart", only, 8);
} finally {
  server.kill();
  await chromium.close();
}
process.exit(good ? 0 : 1);
