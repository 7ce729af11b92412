// EventSource and fetch in Chromium against our server.
//
// Usage: node browser_cases.mjs SERVER CHROMIUM [words of a case's name]
//   SERVER    the program //tests/interop:server
//   CHROMIUM  the browser's program

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { runCases, test } from "./cases.mjs";
import { Chromium } from "./chromium.mjs";
import { Cutter } from "./cutter.mjs";
import { getUrl, listen, numbersOf, post, serveSite, service } from "./page_calls.mjs";

const [serverProgram, chromiumProgram, only] = process.argv.slice(2);

async function startServer(...options) {
  const server = spawn(serverProgram, ["--port", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    return { url: line.slice(line.indexOf("http")), process: server };
  }
  throw new Error(`${serverProgram} said nothing`);
}

const allowed = await serveSite();
const foreign = await serveSite();
const server = await startServer("--allow-origin", allowed);
const chromium = new Chromium(chromiumProgram);

const inPage = (origin, expression) => chromium.evaluateAt(`${origin}/`, expression);

test("EventSource gets the messages, then the end, and stops for good", async () => {
  const url = getUrl(server.url, "ServerStreamGet", { text: "hi", plan: { count: 3 } });
  const seen = await inPage(server.url, listen(url));
  assert.deepEqual(numbersOf(seen.messages), [0, 1, 2]);
  assert.deepEqual(seen.messages.map((message) => message.text), ["hi", "hi", "hi"]);
  assert.deepEqual(seen.end, {});
  // The stream ended, it came back with the id "end", and was told to stop (204).
  assert.deepEqual(seen.states, [0, 2]);
});

test("EventSource gets messages while the stream runs", async () => {
  // All of it would take hours.
  const url = getUrl(server.url, "ServerStreamGet", { plan: { count: 100_000, delayMs: 100 } });
  const numbers = await inPage(
    server.url,
    `new Promise((resolve) => {
      const numbers = [];
      const source = new EventSource(${JSON.stringify(url)});
      source.onmessage = (event) => {
        numbers.push(JSON.parse(event.data).number ?? 0);
        if (numbers.length < 3) return;
        source.close();
        resolve(numbers);
      };
    })`,
  );
  assert.deepEqual(numbers, [0, 1, 2]);
});

test("EventSource is told the error that a stream ends with", async () => {
  const plan = { count: 1, error: { code: "ABORTED", message: "stop" } };
  const seen = await inPage(server.url, listen(getUrl(server.url, "ServerStreamGet", { plan })));
  assert.equal(seen.messages.length, 1);
  assert.deepEqual(seen.end, { error: { code: "aborted", message: "stop" } });
  assert.deepEqual(seen.states, [0, 2]);
});

test("EventSource does not come back to a stream that fails at once", async () => {
  const plan = { count: 0, error: { code: "NOT_FOUND", message: "gone" } };
  const seen = await inPage(server.url, listen(getUrl(server.url, "ServerStreamGet", { plan })));
  assert.deepEqual(seen, { messages: [], ids: [], end: null, states: [2] });
});

for (const [where, after] of [
  ["between two events", '"number":4}\n\n'],
  ["in an event", '"number":4'],
  ["in an id", "id: 4"],
]) {
  test(`feed resumes after a connection cut ${where}, nothing lost, nothing twice`, async () => {
    const cutter = new Cutter(server.url, after);
    const url = await cutter.listen();
    const seen = await inPage(url, listen(getUrl(url, "Feed", { count: 8 })));
    cutter.close();
    assert.equal(cutter.cuts, 1);
    assert.deepEqual(numbersOf(seen.messages), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual(seen.ids, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert.deepEqual(seen.end, {});
    assert.deepEqual(seen.states, [0, 0, 2]);
  });
}

test("feed resumes though it was cut before its first event", async () => {
  const cutter = new Cutter(server.url, ": ok\n");
  const url = await cutter.listen();
  const seen = await inPage(url, listen(getUrl(url, "Feed", { count: 2 })));
  cutter.close();
  assert.equal(cutter.cuts, 1);
  assert.deepEqual(numbersOf(seen.messages), [1, 2]);
  assert.deepEqual(seen.states, [0, 0, 2]);
});

test("fetch: unary call with metadata", async () => {
  const seen = await inPage(
    server.url,
    post(`${server.url}${service}/Unary`, { text: "hi" }, { "x-echo-color": "blue" }),
  );
  assert.equal(seen.status, 200);
  assert.equal(seen.body.text, "hi");
  assert.equal(seen.headers["x-echo-color"], "blue");
  assert.equal(seen.headers["trailer-x-echo-color"], "blue");
});

test("fetch: compressed response", async () => {
  const seen = await inPage(server.url, post(`${server.url}${service}/Unary`, { plan: { size: 30_000 } }));
  assert.equal(seen.headers["content-encoding"], "gzip");
  assert.equal(seen.body.payload.length, 40_000);
});

test("fetch: error with its details", async () => {
  const details = [{ "@type": "type.googleapis.com/runnel.interop.v1.Note", text: "n" }];
  const plan = { error: { code: "NOT_FOUND", message: "gone", details } };
  const seen = await inPage(server.url, post(`${server.url}${service}/Unary`, { plan }));
  assert.equal(seen.status, 404);
  assert.deepEqual(seen.body, {
    code: "not_found",
    message: "gone",
    details: [{ type: "runnel.interop.v1.Note", value: "CgFu" }],
  });
});

test("fetch: GET", async () => {
  const url = getUrl(server.url, "UnaryGet", { text: "ä & b" });
  const text = await inPage(server.url, `fetch(${JSON.stringify(url)}).then((r) => r.json()).then((m) => m.text)`);
  assert.equal(text, "ä & b");
});

test("fetch: server stream is read while it runs", async () => {
  // All of it would take hours.
  const text = await inPage(
    server.url,
    `(async () => {
      const stop = new AbortController();
      const response = await fetch("${server.url}${service}/ServerStream", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: '{"text": "hi", "plan": {"count": 100000, "delayMs": 100}}',
        signal: stop.signal,
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes('"number":2')) text += (await reader.read()).value;
      stop.abort();
      return text;
    })()`,
  );
  assert.match(text, /^: ok\ndata: \{"text":"hi".*\}\n\ndata: \{"text":"hi","number":1,.*\}\n\ndata: /);
});

test("another origin that is allowed: unary call after a preflight", async () => {
  const seen = await inPage(
    allowed,
    post(`${server.url}${service}/Unary`, { text: "hi" }, { "x-echo-color": "blue", "connect-timeout-ms": "60000" }),
  );
  assert.equal(seen.status, 200);
  assert.equal(seen.body.text, "hi");
  assert.equal(seen.headers["x-echo-color"], "blue");
  assert.equal(seen.headers["trailer-x-echo-color"], "blue");
});

test("another origin that is allowed: error can be read", async () => {
  const plan = { error: { code: "NOT_FOUND", message: "gone" } };
  const seen = await inPage(allowed, post(`${server.url}${service}/Unary`, { plan }));
  assert.equal(seen.status, 404);
  assert.deepEqual(seen.body, { code: "not_found", message: "gone" });
});

test("another origin that is allowed: EventSource", async () => {
  const seen = await inPage(allowed, listen(getUrl(server.url, "Feed", { count: 3 })));
  assert.deepEqual(numbersOf(seen.messages), [1, 2, 3]);
  assert.deepEqual(seen.states, [0, 2]);
});

test("another origin that is allowed: unknown method can be told from a refusal", async () => {
  const seen = await inPage(allowed, post(`${server.url}${service}/Nothing`, {}));
  assert.equal(seen.status, 404);
  assert.equal(seen.body.code, "unimplemented");
});

test("foreign origin: unary call fails", async () => {
  assert.equal(await inPage(foreign, post(`${server.url}${service}/Unary`, { text: "hi" })), "failed");
});

test("foreign origin: GET cannot be read", async () => {
  const url = getUrl(server.url, "UnaryGet", { text: "secret" });
  const seen = await inPage(
    foreign,
    `fetch(${JSON.stringify(url)}).then((response) => response.text(), () => "failed")`,
  );
  assert.equal(seen, "failed");
});

test("foreign origin: EventSource stops without a message", async () => {
  const seen = await inPage(foreign, listen(getUrl(server.url, "Feed", { count: 3 })));
  assert.deepEqual(seen, { messages: [], ids: [], end: null, states: [2] });
});

process.on("SIGTERM", async () => {
  server.process.kill();
  await chromium.close();
  process.exit(1);
});

let good = false;
try {
  console.log(`browser: ${await chromium.version()}`);
  // An EventSource lets three seconds pass before it comes back.
  good = await runCases("browser", only, 8);
} finally {
  server.process.kill();
  await chromium.close();
}
process.exit(good ? 0 : 1);
