// What a session carries: one step of one call, or of the session itself. The members are those of
// proto/runnel/v1/channel.proto by their JSON names; what has its default value may be left out. Plain data, so that
// frames can be posted between a page and its worker.

import type { JsonValue } from "@bufbuild/protobuf";
import type { StatusDetail } from "./status.js";

// A message in the session's codec, or a part of one that is too large for one frame.
export interface MessageFrame {
  // Bytes of the whole message as its sender encoded it; in the first part only.
  size?: number;
  // The whole message, in one of three forms: binary; the text of its JSON, to be sent; its JSON, as it came.
  payload?: Uint8Array;
  text?: string;
  json?: JsonValue;
  // A piece of the message's bytes …
  part?: Uint8Array;
  // … and whether another follows.
  more?: boolean;
}

export interface MetadataEntry {
  key: string;
  text?: string;
  binary?: Uint8Array;
}

export interface OpenFrame {
  // "/package.Service/Method"
  method: string;
  metadata?: MetadataEntry[];
  timeoutMs?: number;
  message?: MessageFrame;
  halfClose?: boolean;
}

export interface EndFrame {
  code?: string;
  message?: string;
  details?: StatusDetail[];
  trailers?: MetadataEntry[];
  last?: MessageFrame;
}

export interface GoAwayFrame {
  lastCall?: number;
  reason?: string;
  retryMs?: number;
}

// `call` is left out, or 0, for what is the session's own. One other member is there, and says what the frame is.
export interface Frame {
  call?: number;
  open?: OpenFrame;
  header?: { metadata?: MetadataEntry[] };
  message?: MessageFrame;
  halfClose?: object;
  end?: EndFrame;
  cancel?: object;
  credit?: { bytes?: number };
  ping?: object;
  pong?: object;
  goAway?: GoAwayFrame;
}

// Whether a message, or a part of one, is in the frame.
export function messageOf(frame: Frame): MessageFrame | undefined {
  return frame.message ?? frame.open?.message ?? frame.end?.last;
}

// The server's answer to Open.
export interface SessionInfo {
  id: string;
  epoch?: string;
  resumeMs?: number;
  callWindowBytes?: number;
  sessionWindowBytes?: number;
  maxSendBytes?: number;
  heartbeatMs?: number;
  ack?: number;
}

// One event of a down-stream.
export interface FrameBatch {
  session?: SessionInfo;
  frames?: Frame[];
}

export interface OpenRequest {
  versions: number[];
  secret: string;
  retry?: boolean;
  maxMs?: number;
  callWindowBytes?: number;
  sessionWindowBytes?: number;
}

export interface AttachRequest {
  after?: number;
  attempt: number;
  maxMs?: number;
}

export interface SendRequest {
  seq: number;
  ack?: number;
}

export interface SendResponse {
  ack?: number;
  retryMs?: number;
}
