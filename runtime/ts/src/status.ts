// What calls and sessions end with, before it becomes an error of connect-es. Plain data, so that it can be posted
// from a worker to a page.

import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { fromBase64 } from "./base64.js";

export interface StatusDetail {
  // The full name of the message's type.
  type: string;
  value: Uint8Array;
}

export interface Status {
  // As the Connect protocol spells it: "not_found".
  code: string;
  message: string;
  details: StatusDetail[];
}

const errorInfo = "google.rpc.ErrorInfo";

export function status(code: string, message: string, reason?: string): Status {
  return { code, message, details: reason === undefined ? [] : [reasonDetail(reason)] };
}

// The session is over, and with it the call.
export function lost(why: string): Status {
  return status("unavailable", `session lost: ${why}`, "SESSION_LOST");
}

function reasonDetail(reason: string): StatusDetail {
  const value = new BinaryWriter().tag(1, 2).string(reason).tag(2, 2).string("runnel").finish();
  return { type: errorInfo, value };
}

// The reason that Runnel gives for an error (PROTOCOL.md, B.7), if there is one.
export function reasonOf(error: { details: readonly object[] }): string | undefined {
  for (const detail of error.details as readonly Partial<StatusDetail>[]) {
    if (detail.type !== errorInfo || detail.value === undefined) continue;
    try {
      let reason = "";
      let domain = "";
      const reader = new BinaryReader(detail.value);
      while (reader.pos < reader.len) {
        const [field, type] = reader.tag();
        if (field === 1) reason = reader.string();
        else if (field === 2) domain = reader.string();
        else reader.skip(type, field);
      }
      if (domain === "runnel") return reason;
    } catch {
      // Another's detail that only looks like one.
    }
  }
  return undefined;
}

// Codes by HTTP status, for answers that are not the server's own (PROTOCOL.md, A.6).
const codesByHttp: Record<number, string> = {
  400: "internal",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
};
const unavailables = [429, 502, 503, 504];

// An answer that is no success.
export interface Refusal {
  status: Status;
  httpStatus: number;
  // The server's own word, and not a proxy's.
  fromServer: boolean;
}

export function refusalOf(httpStatus: number, type: string | null, body: string): Refusal {
  const fallback = unavailables.includes(httpStatus) ? "unavailable" : (codesByHttp[httpStatus] ?? "unknown");
  const nothing = status(fallback, `the server answered with HTTP status ${httpStatus}`);
  if (/^application\/json\b/i.test(type ?? "")) {
    try {
      const { status: said, hasCode } = statusFromJson(JSON.parse(body), fallback);
      return { status: hasCode || said.message !== "" ? said : nothing, httpStatus, fromServer: hasCode };
    } catch {
      // A proxy's.
    }
  }
  return { status: nothing, httpStatus, fromServer: false };
}

const codes = new Set(
  ("canceled unknown invalid_argument deadline_exceeded not_found already_exists permission_denied resource_exhausted " +
    "failed_precondition aborted out_of_range unimplemented internal unavailable data_loss unauthenticated").split(" "),
);

// Connect's JSON of an error.
export function statusFromJson(json: unknown, fallback = "unknown"): { status: Status; hasCode: boolean } {
  if (typeof json !== "object" || json === null) throw new Error("an error is no JSON object");
  const { code, message, details } = json as { code?: unknown; message?: unknown; details?: unknown };
  const hasCode = codes.has(code as string);
  const result = status(hasCode ? (code as string) : fallback, typeof message === "string" ? message : "");
  for (const detail of Array.isArray(details) ? details : []) {
    const { type, value } = detail as { type?: unknown; value?: unknown };
    if (typeof type !== "string" || typeof value !== "string") throw new Error("an error's detail is malformed");
    result.details.push({ type: type.slice(type.lastIndexOf("/") + 1), value: fromBase64(value) });
  }
  return { status: result, hasCode };
}
