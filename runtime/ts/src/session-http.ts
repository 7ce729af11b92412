// The requests of a session, by fetch.

import type { Clock } from "./clock.js";
import type { Encoded, FrameCodec } from "./frame-codec.js";
import { whenAborted } from "./signal.js";
import { type Refusal, refusalOf, status } from "./status.js";

export interface HttpOptions {
  // Without a slash at its end.
  baseUrl: string;
  fetch: typeof globalThis.fetch;
  // Whether cookies go along to other origins.
  credentials: RequestCredentials | undefined;
  // Header fields of every request, such as who calls.
  headers: () => Promise<[string, string][]>;
}

export interface SessionRequest {
  method: "Open" | "Attach" | "Send" | "Close";
  codec: string;
  body: Encoded;
  // "<id>.<secret>"; empty before there is one.
  session: string;
  lastEventId?: string | undefined;
}

// An answer that is no success, or none at all: then `refusal` is left out.
export class RequestFailed extends Error {
  constructor(
    message: string,
    readonly refusal?: Refusal,
    // Nothing was sent.
    readonly notSent = false,
  ) {
    super(message);
  }
}

// How long servers may take for what they answer at once.
export const replyTime = 15_000;

// The answer, when its head has come and says 200. Throws RequestFailed, or what the signal gives as its reason.
export async function post(options: HttpOptions, request: SessionRequest, signal: AbortSignal): Promise<Response> {
  const stream = request.method === "Open" || request.method === "Attach";
  const aborted = new Promise<never>((_, reject) => whenAborted(signal, () => reject(signal.reason)));
  const headers = new Headers(await Promise.race([options.headers(), aborted]));
  headers.set("content-type", `application/${request.codec}`);
  if (stream) headers.set("accept", "text/event-stream");
  if (request.session !== "") headers.set("runnel-session", request.session);
  if (request.lastEventId) headers.set("last-event-id", request.lastEventId);
  // No word of caches, which keep no POST: with "no-store" Chromium would ask another origin for its leave before each
  // request, and no signal aborts such a question when its connection has fallen silent.
  const { body, method } = request;
  const { credentials, fetch } = options;
  // Close leaves even a page that goes away.
  const init = { method: "POST", headers, body, signal, credentials, keepalive: method === "Close" } as RequestInit;
  let response: Response;
  try {
    response = await fetch(`${options.baseUrl}/runnel.v1.Channel/${method}`, init);
  } catch (error) {
    throw new RequestFailed(messageOf(error), undefined, wasRefused(error));
  }
  if (response.status === 200) return response;
  // Without its text, the status has to do.
  const text = await response.text().catch(() => "");
  const refusal = refusalOf(response.status, response.headers.get("content-type"), text);
  throw new RequestFailed(refusal.status.message, refusal);
}

// Tells the server that a session is over. One that does not hear it notices by itself.
export function sayClose(options: HttpOptions, codec: FrameCodec, session: string, clock: Clock): void {
  const stop = new AbortController();
  const timer = clock.callAfter(replyTime, () => stop.abort());
  post(options, { method: "Close", codec: codec.name, body: codec.close(), session }, stop.signal)
    .catch(() => undefined)
    .finally(() => timer.cancel());
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return error.message + cause;
}

// Only Node.js says that nobody was there.
function wasRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (cause as { code?: unknown } | undefined)?.code === "ECONNREFUSED";
}

// What a failure that is no answer of the server means for a call.
export function unavailable(error: unknown): ReturnType<typeof status> {
  return status("unavailable", messageOf(error));
}
