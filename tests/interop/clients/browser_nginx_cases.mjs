// EventSource and fetch in Chromium against our server behind nginx, over HTTP/2.
//
// Usage: node browser_nginx_cases.mjs URL TLS REQUESTS CHROMIUM [words of a case's name]
//   URL       where nginx listens (tests/interop/nginx)
//   TLS       the folder that tests/interop/certificates has filled
//   REQUESTS  the file in which nginx notes each request
//   CHROMIUM  the browser's program

import assert from "node:assert/strict";
import { createHash, randomUUID, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runCases, test } from "./cases.mjs";
import { Chromium } from "./chromium.mjs";
import { getUrl, listen, numbersOf, post, serveSite, service } from "./page_calls.mjs";

const [url, tls, requestsFile, chromiumProgram, only] = process.argv.slice(2);

const site = "https://app.example.com";

// That one key is trusted though its authority is unknown, and nothing else.
const { publicKey } = new X509Certificate(readFileSync(`${tls}/front.pem`));
const key = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" })).digest("base64");
const chromium = new Chromium(chromiumProgram, [
  `--host-resolver-rules=MAP app.example.com:443 ${new URL(url).host}`,
  `--ignore-certificate-errors-spki-list=${key}`,
]);

// What nginx noted of the requests of the page at `address`, when there are `count` of them.
async function noted(address, count) {
  for (;;) {
    const all = readFileSync(requestsFile, "utf8").split("\n").map((line) => line.split(" "));
    const mine = all.filter(([, , referer]) => referer === address);
    if (mine.length >= count) return mine.map(([connection, protocol]) => ({ connection, protocol }));
    await delay(20);
  }
}

// By which protocols came what the page fetched. Of a stream the browser says it when it has ended.
const protocols = `[...new Set(performance.getEntriesByType("resource").map((e) => e.nextHopProtocol))]`;

const crowd = 20; // more than the six connections that a browser has to a server with HTTP/1.1
const endless = { count: 100_000, delayMs: 100 }; // hours

// Begins `crowd` streams, each with `begin`: a function of the stream's number whose result has `next`, which
// awaits a message, and `stop`. Reads a message of each, makes ten unary calls while all are open, and reads
// another message of each.
function crowdAndCalls(begin) {
  return `(async () => {
    const begin = ${begin};
    const streams = await Promise.all(Array.from({ length: ${crowd} }, (_, i) => begin(i)));
    const firsts = await Promise.all(streams.map((stream) => stream.next()));
    const calls = await Promise.all(Array.from({ length: 10 }, (_, i) =>
      fetch("${service}/Unary", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text: "call " + i }),
      }).then((response) => response.json()).then((message) => message.text)));
    const seconds = await Promise.all(streams.map((stream) => stream.next()));
    for (const stream of streams) stream.stop();
    return { firsts, calls, seconds, protocols: ${protocols} };
  })()`;
}

const numbers = (length, of) => Array.from({ length }, (_, i) => of(i));

async function assertCrowd(begin) {
  const address = `${site}/?page=${randomUUID()}`; // nginx may have noted others
  const seen = await chromium.evaluateAt(address, crowdAndCalls(begin));
  assert.deepEqual(seen.firsts, numbers(crowd, (i) => `stream ${i}: 0`));
  assert.deepEqual(seen.seconds, numbers(crowd, (i) => `stream ${i}: 1`));
  assert.deepEqual(seen.calls, numbers(10, (i) => `call ${i}`));
  assert.deepEqual(seen.protocols, ["h2"]);
  const requests = await noted(address, crowd + 10);
  assert.deepEqual([...new Set(requests.map(({ protocol }) => protocol))], ["HTTP/2.0"]);
  assert.equal(new Set(requests.map(({ connection }) => connection)).size, 1, "connections");
}

test(`${crowd} EventSources are open at once, and unary calls beside them, on one connection of HTTP/2`, () =>
  assertCrowd(
    `(i) => {
      const message = encodeURIComponent(JSON.stringify({ text: "stream " + i, plan: ${JSON.stringify(endless)} }));
      const source = new EventSource("${service}/ServerStreamGet?message=" + message);
      const messages = [];
      let wake = () => {};
      source.onmessage = ({ data }) => { messages.push(JSON.parse(data)); wake(); };
      source.onerror = () => { messages.push({ text: "error" }); wake(); };
      return {
        next: async () => {
          while (messages.length === 0) await new Promise((resolve) => { wake = resolve; });
          const { text, number } = messages.shift();
          return text + ": " + (number ?? 0);
        },
        stop: () => source.close(),
      };
    }`,
  ));

test(`${crowd} streams by fetch are open at once, and unary calls beside them, on one connection of HTTP/2`, () =>
  assertCrowd(
    `async (i) => {
      const stop = new AbortController();
      const response = await fetch("${service}/ServerStream", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ text: "stream " + i, plan: ${JSON.stringify(endless)} }),
        signal: stop.signal,
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let received = "";
      return {
        next: async () => {
          for (;;) {
            const event = /data: (.*)\\n\\n/.exec(received);
            if (event !== null) {
              received = received.slice(event.index + event[0].length);
              const { text, number } = JSON.parse(event[1]);
              return text + ": " + (number ?? 0);
            }
            const { value, done } = await reader.read();
            if (done) return "the end";
            received += value;
          }
        },
        stop: () => stop.abort(),
      };
    }`,
  ));

test(`${crowd} EventSources get all of their messages and stop for good`, async () => {
  const url = getUrl(site, "ServerStreamGet", { text: "hi", plan: { count: 3, delayMs: 50 } });
  const { all, seenProtocols } = await chromium.evaluateAt(
    `${site}/`,
    `Promise.all(Array.from({ length: ${crowd} }, () => ${listen(url)})).then((all) => ({ all, seenProtocols: ${protocols} }))`,
  );
  assert.equal(all.length, crowd);
  for (const seen of all) {
    assert.deepEqual(numbersOf(seen.messages), [0, 1, 2]);
    assert.deepEqual(seen.end, {});
    assert.deepEqual(seen.states, [0, 2]);
  }
  assert.deepEqual(seenProtocols, ["h2"]);
});

test("feed", async () => {
  const seen = await chromium.evaluateAt(`${site}/`, listen(getUrl(site, "Feed", { count: 8 })));
  assert.deepEqual(seen.ids, ["1", "2", "3", "4", "5", "6", "7", "8"]);
  assert.deepEqual(seen.states, [0, 2]);
});

test("EventSource is told the error that a stream ends with", async () => {
  const plan = { count: 1, error: { code: "ABORTED", message: "stop" } };
  const seen = await chromium.evaluateAt(`${site}/`, listen(getUrl(site, "ServerStreamGet", { plan })));
  assert.deepEqual(seen.end, { error: { code: "aborted", message: "stop" } });
});

test("fetch: unary call with metadata", async () => {
  const seen = await chromium.evaluateAt(
    `${site}/`,
    post(`${site}${service}/Unary`, { text: "hi" }, { "x-echo-color": "blue" }),
  );
  assert.equal(seen.status, 200);
  assert.equal(seen.body.text, "hi");
  assert.equal(seen.headers["trailer-x-echo-color"], "blue");
});

test("fetch: large messages both ways", async () => {
  const text = "x".repeat(2_000_000);
  const seen = await chromium.evaluateAt(
    `${site}/`,
    post(`${site}${service}/Unary`, { text, plan: { size: 1_000_000 } }),
  );
  assert.equal(seen.body.text, text);
  assert.equal(seen.headers["content-encoding"], "gzip");
});

test("fetch: error with its details", async () => {
  const details = [{ "@type": "type.googleapis.com/runnel.interop.v1.Note", text: "n" }];
  const plan = { error: { code: "NOT_FOUND", message: "gone", details } };
  const seen = await chromium.evaluateAt(`${site}/`, post(`${site}${service}/Unary`, { plan }));
  assert.equal(seen.status, 404);
  assert.deepEqual(seen.body.details, [{ type: "runnel.interop.v1.Note", value: "CgFu" }]);
});

test("another origin: unary call fails", async () => {
  const foreign = await serveSite();
  assert.equal(
    await chromium.evaluateAt(`${foreign}/`, post(`${site}${service}/Unary`, { text: "hi" })),
    "failed",
  );
});

process.on("SIGTERM", async () => {
  await chromium.close();
  process.exit(1);
});

let good = false;
try {
  console.log(`browser: ${await chromium.version()}`);
  good = await runCases("browser, nginx", only, 4);
} finally {
  await chromium.close();
}
process.exit(good ? 0 : 1);
