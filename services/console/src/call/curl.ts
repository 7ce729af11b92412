// The curl command that makes the same call, for a POSIX shell.

export interface CurlCall {
  url: string;
  kind: "unary" | "server_streaming" | "client_streaming" | "bidi_streaming";
  // JSON, on one line each.
  messages: string[];
  header: [string, string][];
  timeoutMs: number | undefined;
  // Whether a bearer token goes along. It stays out of the command: it is taken from $TOKEN.
  token: boolean;
}

// One word of a shell, whatever is in it.
export function quoted(text: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function curlCommand(call: CurlCall): string {
  const requestsStream = call.kind === "client_streaming" || call.kind === "bidi_streaming";
  const fields = call.header.map(([name, value]) => quoted(`${name}: ${value}`));
  if (call.timeoutMs !== undefined) fields.push(quoted(`Connect-Timeout-Ms: ${call.timeoutMs}`));
  if (call.token) fields.push('"Authorization: Bearer $TOKEN"');
  const url = quoted(call.url);
  const lines: string[] = [];
  if (requestsStream) {
    // Streams of requests go in envelopes: flags, the length in four bytes, the message (PROTOCOL.md, A.5).
    const format = quoted("%b%s");
    const messages = call.messages.map((message) => `  ${quoted(envelopeHead(message))} ${quoted(message)}`);
    lines.push(messages.length === 0 ? `printf ''` : [`printf ${format}`, ...messages].join(" \\\n"));
    lines[0] += ` |\ncurl -sSN ${url}`;
    fields.unshift(quoted("Content-Type: application/connect+json"));
  } else {
    lines.push(`curl -sS${call.kind === "unary" ? "" : "N"} ${url}`);
    fields.unshift(quoted("Content-Type: application/json"));
    if (call.kind === "server_streaming") fields.splice(1, 0, quoted("Accept: text/event-stream"));
  }
  lines.push(...fields.map((field) => `  -H ${field}`));
  lines.push(requestsStream ? "  --data-binary @- -o -" : `  -d ${quoted(call.messages[0] ?? "{}")}`);
  return lines.join(" \\\n");
}

function envelopeHead(message: string): string {
  const { length } = new TextEncoder().encode(message);
  const bytes = [0, length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];
  return bytes.map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
}
