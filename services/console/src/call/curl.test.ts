import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { curlCommand, quoted } from "./curl.js";

const base = { url: "http://127.0.0.1:8080/a.v1.A/Do", header: [] as [string, string][], timeoutMs: undefined, token: false };

test.each(["plain", "", "it's", "'", "$HOME `id` \\ \"x\"", "a\nb", "!!", "ä€", "-x", "*", "~"])("a shell takes %j for what it is", (text) => {
  // sh is dash on Debian, and bash knows more that could go wrong.
  for (const shell of ["sh", "bash"]) {
    expect(execFileSync(shell, ["-c", `printf '%s.' ${quoted(text)}`], { encoding: "utf8" })).toBe(`${text}.`);
  }
});

test("a unary call", () => {
  const command = curlCommand({ ...base, kind: "unary", messages: ['{"name":"it\'s"}'] });
  expect(command).toBe(`curl -sS http://127.0.0.1:8080/a.v1.A/Do \\
  -H 'Content-Type: application/json' \\
  -d '{"name":"it'\\''s"}'`);
});

test("a stream, with metadata, a time-out and a token, which is not shown", () => {
  const command = curlCommand({ ...base, kind: "server_streaming", messages: ["{}"], header: [["x-a", "b c"]], timeoutMs: 1500, token: true });
  expect(command).toBe(`curl -sSN http://127.0.0.1:8080/a.v1.A/Do \\
  -H 'Content-Type: application/json' \\
  -H 'Accept: text/event-stream' \\
  -H 'x-a: b c' \\
  -H 'Connect-Timeout-Ms: 1500' \\
  -H "Authorization: Bearer $TOKEN" \\
  -d '{}'`);
});

test.each(["sh", "bash"])("a stream of requests goes in envelopes (%s)", (shell) => {
  const messages = ['{"a":"ä % \\\\ %s \'"}', `{"long":"${"x".repeat(70_000)}"}`, "{}"];
  const command = curlCommand({ ...base, kind: "bidi_streaming", messages });
  const bytes = execFileSync(shell, ["-c", command.slice(0, command.indexOf(" |\ncurl"))], { maxBuffer: 1 << 20 });
  const found: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    expect(bytes[at]).toBe(0);
    const length = bytes.readUInt32BE(at + 1);
    found.push(bytes.toString("utf8", at + 5, at + 5 + length));
    at += 5 + length;
  }
  expect(found).toEqual(messages);
});
