// The clients `openai` and `@anthropic-ai/sdk`, as they are, against the examples that have those
// APIs' forms.
//
// Usage: node sdk_cases.mjs COMPLETIONS MESSAGES [words of a case's name]
//   COMPLETIONS  the program //services/examples/completions:server
//   MESSAGES     the program //services/examples/messages:server

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { runCases, test } from "./cases.mjs";

const [completionsProgram, messagesProgram, only] = process.argv.slice(2);
const model = "markov-alice";
const prompt = [{ role: "user", content: "Where did the Rabbit go?" }];
const servers = [];

async function startServer(program, ...options) {
  const server = spawn(program, ["--listen=127.0.0.1:0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(server);
  const lines = createInterface({ input: server.stdout });
  const [first] = await once(lines, "line");
  return { url: first.slice(first.indexOf("http")), lines };
}

const openAi = (server, apiKey = "secret") =>
  new OpenAI({ apiKey, baseURL: `${server.url}/v1`, maxRetries: 0 });
const anthropic = (server, apiKey = "secret") => new Anthropic({ apiKey, baseURL: server.url, maxRetries: 0 });

const completions = await startServer(completionsProgram, "--pause=0s", "--key=secret");
const slowCompletions = await startServer(completionsProgram, "--pause=10ms");
const brokenCompletions = await startServer(completionsProgram, "--pause=0s", "--break_after=3");
const messages = await startServer(messagesProgram, "--pause=0s", "--key=secret");
const slowMessages = await startServer(messagesProgram, "--pause=10ms");
const brokenMessages = await startServer(messagesProgram, "--pause=0s", "--break_after=3");

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("openai gets a whole answer", async () => {
  const answer = await openAi(completions).chat.completions.create({ model, messages: prompt, seed: 5 });
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, model);
  assert.ok(Math.abs(answer.created - Date.now() / 1000) < 600);
  assert.equal(answer.choices[0].index, 0);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.match(answer.choices[0].message.content, /^\S+( \S+){19,}[.!?][")]*$/);
  assert.equal(answer.usage.prompt_tokens, 5);
  assert.equal(answer.usage.completion_tokens, answer.choices[0].message.content.split(" ").length);
});

test("openai streams the same answer for the same seed", async () => {
  const client = openAi(completions);
  const whole = await client.chat.completions.create({ model, messages: prompt, seed: 7 });
  const chunks = await all(await client.chat.completions.create({ model, messages: prompt, seed: 7, stream: true }));
  assert.equal(chunks[0].object, "chat.completion.chunk");
  assert.deepEqual(chunks[0].choices, [{ index: 0, delta: { role: "assistant", content: "" } }]);
  assert.deepEqual(chunks.at(-1).choices, [{ index: 0, delta: {}, finish_reason: "stop" }]);
  const words = chunks.map((chunk) => chunk.choices[0].delta.content ?? "");
  assert.equal(words.join(""), whole.choices[0].message.content);
});

test("openai puts a stream together", async () => {
  const stream = openAi(completions).chat.completions.stream({ model, messages: prompt, max_tokens: 30 });
  const answer = await stream.finalChatCompletion();
  assert.equal(answer.choices[0].finish_reason, "length");
  assert.equal(answer.choices[0].message.content.split(" ").length, 30);
});

test("openai sends parts, and fields that nobody knows", async () => {
  const content = [{ type: "text", text: "down" }, { type: "text", text: "went" }];
  const answer = await openAi(completions).chat.completions.create({
    model, messages: [{ role: "user", content }], temperature: 0.5, stop: ["x"], tools: [], max_completion_tokens: 3,
  });
  // The only word behind "went" that there is, or one of those behind it.
  assert.equal(answer.choices[0].message.content.split(" ").length, 3);
});

test("openai lists the models", async () => {
  const list = await all(await openAi(completions).models.list());
  assert.deepEqual(list.map(({ id, object }) => ({ id, object })), [{ id: model, object: "model" }]);
});

test("openai throws what the server says before a stream", async () => {
  const client = openAi(completions);
  const request = { model, messages: prompt, stream: true };
  await assert.rejects(client.chat.completions.create({ ...request, model: "gpt-x" }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.status, 404);
    assert.equal(error.type, "not_found_error");
    assert.match(error.message, /there is no model "gpt-x"/);
    return true;
  });
  await assert.rejects(client.chat.completions.create({ ...request, messages: [] }), OpenAI.BadRequestError);
  await assert.rejects(client.chat.completions.create({ ...request, messages: "hi" }), OpenAI.BadRequestError);
  await assert.rejects(openAi(completions, "other").chat.completions.create(request), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.match(error.message, /the API key is not this server's/);
    return true;
  });
});

test("openai throws what the server says in a stream", async () => {
  const stream = await openAi(brokenCompletions).chat.completions.create({ model, messages: prompt, stream: true });
  let words = 0;
  await assert.rejects(async () => {
    for await (const chunk of stream) if (chunk.choices[0].delta.content) ++words;
  }, (error) => {
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.type, "overloaded_error");
    assert.match(error.message, /breaks streams after 3 words/);
    return true;
  });
  assert.equal(words, 3);
});

test("openai aborts, and the server stops", async () => {
  const gone = once(slowCompletions.lines, "line");
  const stream = await openAi(slowCompletions).chat.completions.create({
    model, messages: prompt, stream: true, max_tokens: 4000,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0].delta.content) stream.controller.abort();
  }
  const [line] = await gone;
  assert.match(line, /^a client has gone away after \d+ words$/);
});

test("anthropic gets a whole message", async () => {
  const message = await anthropic(messages).messages.create({ model, messages: prompt, max_tokens: 500 });
  assert.equal(message.type, "message");
  assert.equal(message.role, "assistant");
  assert.equal(message.model, model);
  assert.equal(message.stop_reason, "end_turn");
  assert.equal(message.content[0].type, "text");
  assert.match(message.content[0].text, /^\S+( \S+){19,}[.!?][")]*$/);
  assert.deepEqual(message.usage, {
    input_tokens: 5, output_tokens: message.content[0].text.split(" ").length,
  });
});

test("anthropic streams named events", async () => {
  const events = await all(
    await anthropic(messages).messages.create({ model, messages: prompt, max_tokens: 3, stream: true }),
  );
  const types = events.map((event) => event.type);
  assert.deepEqual(types, [
    "message_start", "content_block_start", "content_block_delta", "content_block_delta", "content_block_delta",
    "content_block_stop", "message_delta", "message_stop",
  ]);
  assert.deepEqual(events[0].message.content, []);
  assert.deepEqual(events[0].message.usage, { input_tokens: 5, output_tokens: 0 });
  assert.deepEqual(events[1], {
    type: "content_block_start", index: 0, content_block: { type: "text", text: "" },
  });
  assert.equal(events[2].delta.type, "text_delta");
  assert.deepEqual(events[6], {
    type: "message_delta", delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 3 },
  });
});

test("anthropic puts a stream together", async () => {
  const stream = anthropic(messages).messages.stream({ model, messages: prompt, max_tokens: 50 });
  let text = "";
  stream.on("text", (delta) => (text += delta));
  const message = await stream.finalMessage();
  assert.equal(message.content[0].text, text);
  assert.ok(message.usage.output_tokens >= 20);
});

test("anthropic throws what the server says before a stream", async () => {
  const request = { model, messages: prompt, max_tokens: 10, stream: true };
  const client = anthropic(messages);
  await assert.rejects(client.messages.create({ ...request, model: "claude-x" }), (error) => {
    assert.ok(error instanceof Anthropic.NotFoundError);
    assert.equal(error.error.type, "error");
    assert.equal(error.error.error.type, "not_found_error");
    assert.match(error.message, /there is no model/);
    return true;
  });
  await assert.rejects(client.messages.create({ ...request, max_tokens: 0 }), Anthropic.BadRequestError);
  await assert.rejects(anthropic(messages, "other").messages.create(request), Anthropic.AuthenticationError);
});

test("anthropic throws what the server says in a stream", async () => {
  const stream = await anthropic(brokenMessages).messages.create({
    model, messages: prompt, max_tokens: 100, stream: true,
  });
  const seen = [];
  await assert.rejects(async () => {
    for await (const event of stream) seen.push(event.type);
  }, (error) => {
    assert.ok(error instanceof Anthropic.APIError);
    assert.match(error.message, /overloaded_error/);
    assert.match(error.message, /breaks streams after 3 words/);
    return true;
  });
  assert.equal(seen.filter((type) => type === "content_block_delta").length, 3);
});

test("anthropic aborts, and the server stops", async () => {
  const gone = once(slowMessages.lines, "line");
  const stream = anthropic(slowMessages).messages.stream({ model, messages: prompt, max_tokens: 4000 });
  stream.on("text", () => stream.abort());
  await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
  const [line] = await gone;
  assert.match(line, /^a client has gone away after \d+ words$/);
});

const good = await runCases("sdk", only);
for (const server of servers) server.kill();
process.exit(good ? 0 : 1);
