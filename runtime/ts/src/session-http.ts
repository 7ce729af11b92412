// The requests of a session, by fetch.

import type { Encoded } from "./frame-codec.js";
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
  lastEventId?: string;
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

// The answer, when its head has come and says 200. Throws RequestFailed.
export async function post(options: HttpOptions, request: SessionRequest, signal: AbortSignal): Promise<Response> {
  const stream = request.method === "Open" || request.method === "Attach";
  const headers = new Headers(await options.headers());
  headers.set("content-type", `application/${request.codec}`);
  if (stream) headers.set("accept", "text/event-stream");
  if (request.session !== "") headers.set("runnel-session", request.session);
  if (request.lastEventId !== undefined) headers.set("last-event-id", request.lastEventId);
  const init: RequestInit = { method: "POST", headers, body: request.body, signal, cache: "no-store" };
  if (options.credentials !== undefined) init.credentials = options.credentials;
  // What leaves a page that goes away.
  if (request.method === "Close") init.keepalive = true;
  let response: Response;
  try {
    response = await options.fetch(`${options.baseUrl}/runnel.v1.Channel/${request.method}`, init);
  } catch (error) {
    throw new RequestFailed(messageOf(error), undefined, wasRefused(error));
  }
  if (response.status === 200) return response;
  let body = "";
  try {
    body = await response.text();
  } catch {
    // The status has to do.
  }
  const refusal = refusalOf(response.status, response.headers.get("content-type"), body);
  throw new RequestFailed(refusal.status.message, refusal);
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
