// Frames, and what carries them, as JSON and as binary messages: a table of what a client uses of channel.proto, and what
// reads and writes by it. In JSON a whole message stands inline (PROTOCOL.md, B.4).

import { type JsonValue } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { fromBase64, toBase64 } from "./base64.js";
import type {
  AttachRequest,
  Frame,
  FrameBatch,
  MessageFrame,
  OpenRequest,
  SendRequest,
  SendResponse,
} from "./frame.js";

type Table = { [name: string]: Field };
type Scalar = "uint" | "string" | "bytes" | "bool";
// Number, type, and whether it is a list.
type Field = readonly [number, Scalar | Table, true?];
type Value = { [name: string]: unknown };

// Types on the wire.
const varint = 0;
const delimited = 2;

const metadataEntry: Table = { key: [1, "string"], text: [2, "string"], binary: [3, "bytes"] };
const statusDetail: Table = { type: [1, "string"], value: [2, "bytes"] };
const message: Table = { size: [1, "uint"], payload: [2, "bytes"], part: [3, "bytes"], more: [4, "bool"] };
const nothing: Table = {};
const frame: Table = {
  call: [1, "uint"],
  open: [
    2,
    {
      method: [1, "string"],
      metadata: [2, metadataEntry, true],
      timeoutMs: [3, "uint"],
      message: [4, message],
      halfClose: [5, "bool"],
    },
  ],
  header: [3, { metadata: [1, metadataEntry, true] }],
  message: [4, message],
  halfClose: [5, nothing],
  end: [
    6,
    {
      code: [1, "string"],
      message: [2, "string"],
      details: [3, statusDetail, true],
      trailers: [4, metadataEntry, true],
      last: [5, message],
    },
  ],
  cancel: [7, nothing],
  credit: [8, { bytes: [1, "uint"] }],
  ping: [9, nothing],
  pong: [10, nothing],
  goAway: [11, { lastCall: [1, "uint"], reason: [2, "string"], retryMs: [3, "uint"] }],
};
const frameBatch: Table = {
  session: [
    1,
    {
      id: [1, "string"],
      epoch: [3, "string"],
      resumeMs: [6, "uint"],
      callWindowBytes: [7, "uint"],
      sessionWindowBytes: [8, "uint"],
      maxSendBytes: [9, "uint"],
      heartbeatMs: [11, "uint"],
      ack: [12, "uint"],
    },
  ],
  frames: [15, frame, true],
};
const openRequest: Table = {
  versions: [1, "uint", true],
  secret: [2, "string"],
  retry: [3, "bool"],
  maxMs: [4, "uint"],
  callWindowBytes: [5, "uint"],
  sessionWindowBytes: [6, "uint"],
};
const attachRequest: Table = { after: [1, "uint"], attempt: [2, "uint"], maxMs: [3, "uint"] };
const sendRequest: Table = { seq: [1, "uint"], ack: [2, "uint"] };
const sendResponse: Table = { ack: [1, "uint"], retryMs: [2, "uint"] };

// An encoded frame: text in JSON.
export type Encoded = string | Uint8Array<ArrayBuffer>;

export interface FrameCodec {
  // Of the media type.
  readonly name: "json" | "proto";
  // A frame as it stands in a list of frames; lists are made by `join`.
  frame(frame: Frame): Encoded;
  // What carries frames, around encoded ones.
  open(request: OpenRequest, frames: Encoded[]): Encoded;
  send(request: SendRequest, frames: Encoded[]): Encoded;
  attach(request: AttachRequest): Encoded;
  close(): Encoded;
  // `data` of an event. Throws where it is none.
  batch(data: string): FrameBatch;
  sendResponse(body: Uint8Array): SendResponse;
}

export const jsonCodec: FrameCodec = {
  name: "json",
  frame: (one) => writeJson(frame, one),
  open: (request, frames) => around(writeJson(openRequest, request), frames as string[]),
  send: (request, frames) => around(writeJson(sendRequest, request), frames as string[]),
  attach: (request) => writeJson(attachRequest, request),
  close: () => "{}",
  batch: (data) => checked(readJson(frameBatch, JSON.parse(data))),
  sendResponse: (body) => readJson(sendResponse, JSON.parse(new TextDecoder().decode(body))),
};

export const protoCodec: FrameCodec = {
  name: "proto",
  frame: (one) => {
    const writer = new BinaryWriter().tag(15, delimited).fork();
    writeBinary(frame, one, writer);
    return bytesOf(writer.join());
  },
  open: (request, frames) => joined(openRequest, request, frames),
  send: (request, frames) => joined(sendRequest, request, frames),
  attach: (request) => joined(attachRequest, request, []),
  close: () => new Uint8Array(),
  batch: (data) => checked(readBinary(frameBatch, fromBase64(data))),
  sendResponse: (body) => readBinary(sendResponse, body),
};

export function codecOf(name: FrameCodec["name"]): FrameCodec {
  return name === "json" ? jsonCodec : protoCodec;
}

// A frame without a kind that this version knows is an error.
function checked(batch: Value): FrameBatch {
  const frames = (batch["frames"] ?? []) as Value[];
  for (const one of frames) {
    if (Object.keys(one).filter((name) => name !== "call").length !== 1) {
      throw new Error("the server sent a frame of an unknown kind");
    }
  }
  return batch as FrameBatch;
}

// --- JSON ---

function around(head: string, frames: string[]): string {
  if (frames.length === 0) return head;
  return `${head.slice(0, -1)}${head === "{}" ? "" : ","}"frames":[${frames.join(",")}]}`;
}

function writeJson(table: Table, value: object): string {
  const members: string[] = [];
  for (const [name, [, type, list]] of Object.entries(table)) {
    const one = (value as Value)[name];
    if (one === undefined || one === 0 || one === "" || one === false) continue;
    const text = list ? `[${(one as unknown[]).map((item) => oneJson(type, item)).join(",")}]` : oneJson(type, one);
    members.push(`"${name}":${text}`);
  }
  const { text } = value as MessageFrame;
  if (table === message && text !== undefined) members.push(`"json":${text}`);
  return `{${members.join(",")}}`;
}

function oneJson(type: Scalar | Table, value: unknown): string {
  if (typeof type === "object") return writeJson(type, value as object);
  return type === "bytes" ? `"${toBase64(value as Uint8Array)}"` : JSON.stringify(value);
}

function readJson(table: Table, json: unknown): Value {
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("expected a JSON object");
  const value: Value = {};
  for (const [name, member] of Object.entries(json as Value)) {
    if (table === message && name === "json") {
      value["json"] = member as JsonValue;
      continue;
    }
    const field = Object.hasOwn(table, name) ? table[name] : undefined;
    if (field === undefined || member === null) continue;
    value[name] = field[2] ? (member as unknown[]).map((item) => oneOfJson(field[1], item)) : oneOfJson(field[1], member);
  }
  return value;
}

function oneOfJson(type: Scalar | Table, json: unknown): unknown {
  if (typeof type === "object") return readJson(type, json);
  const text = typeof json === "string";
  if (type === "bytes" && text) return fromBase64(json);
  if (type === "uint") {
    const number = text ? Number(json) : json;
    if (Number.isSafeInteger(number) && (number as number) >= 0) return number;
  } else if (typeof json === (type === "bool" ? "boolean" : "string")) {
    return json;
  }
  throw new Error(`expected ${type}, got ${JSON.stringify(json)}`);
}

// --- binary ---

function bytesOf(writer: BinaryWriter): Uint8Array<ArrayBuffer> {
  return writer.finish() as Uint8Array<ArrayBuffer>;
}

function joined(table: Table, value: object, frames: Encoded[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writeBinary(table, value, writer);
  for (const one of frames) writer.raw(one as Uint8Array);
  return bytesOf(writer);
}

function writeBinary(table: Table, value: object, writer: BinaryWriter): void {
  for (const [name, [number, type, list]] of Object.entries(table)) {
    const one = (value as Value)[name];
    if (one === undefined || one === 0 || one === "" || one === false) continue;
    for (const item of list ? (one as unknown[]) : [one]) {
      if (type === "uint") writer.tag(number, varint).uint64(item as number);
      else if (type === "bool") writer.tag(number, varint).bool(true);
      else if (type === "string") writer.tag(number, delimited).string(item as string);
      else if (type === "bytes") writer.tag(number, delimited).bytes(item as Uint8Array);
      else {
        writer.tag(number, delimited).fork();
        writeBinary(type, item as object, writer);
        writer.join();
      }
    }
  }
}

function readBinary(table: Table, bytes: Uint8Array): Value {
  const value: Value = {};
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const found = Object.entries(table).find(([, field]) => field[0] === number);
    if (found === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const [name, [, type, list]] = found;
    const one = readOne(type, reader);
    if (list) ((value[name] ??= []) as unknown[]).push(one);
    else value[name] = one;
  }
  return value;
}

function readOne(type: Scalar | Table, reader: BinaryReader): unknown {
  if (type === "uint") return Number(reader.uint64());
  if (type === "bool") return reader.bool();
  if (type === "string") return reader.string();
  const bytes = reader.bytes();
  return type === "bytes" ? bytes : readBinary(type, bytes);
}
