// Messages of the channel as transcripts spell them, to and from both codecs: by generated code, not by that of the
// client under test.

import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { base64Decode, base64Encode, BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import * as channel from "../gen/runnel/v1/channel_pb.js";
import { ReplySchema, RequestSchema } from "../gen/scripted_pb.js";
import { isObject, type Json, type JsonObject, Wrong } from "./expectation.js";

export type CodecName = "json" | "proto";

const schemas: { [name: string]: DescMessage } = {
  OpenRequest: channel.OpenRequestSchema,
  AttachRequest: channel.AttachRequestSchema,
  SendRequest: channel.SendRequestSchema,
  CloseRequest: channel.CloseRequestSchema,
  SendResponse: channel.SendResponseSchema,
  OpenResponse: channel.FrameBatchSchema,
  CloseResponse: channel.CloseResponseSchema,
  FrameBatch: channel.FrameBatchSchema,
};

export function toBase64(bytes: Uint8Array): string {
  return base64Encode(bytes, "std_raw");
}

// --- what the client sends ---

export function decode(codec: CodecName, type: string, body: Uint8Array): JsonObject {
  const json =
    codec === "json"
      ? (JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as JsonObject)
      : plain(schemas[type]!, fromBinary(schemas[type]!, body));
  const message = withoutDefaults(json) as JsonObject;
  if (Array.isArray(message["frames"])) message["frames"] = joinParts(codec, message["frames"] as JsonObject[]);
  return message;
}

// Canonical JSON, but with numbers for what is below 2^53, and unpadded base64.
function plain(desc: DescMessage, message: ReturnType<typeof create>): JsonObject {
  return plainJson(desc, toJson(desc, message) as JsonObject);
}

function plainJson(desc: DescMessage, json: JsonObject): JsonObject {
  const one = (field: DescField, value: Json): Json => {
    if (field.message !== undefined) return plainJson(field.message, value as JsonObject);
    if (field.proto.type === 4 /* uint64 */) return Number(value);
    if (field.proto.type === 12 /* bytes */) return (value as string).replace(/=+$/, "");
    return value;
  };
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => {
      const field = desc.fields.find((each) => each.jsonName === name)!;
      return [name, Array.isArray(value) ? value.map((each) => one(field, each)) : one(field, value)];
    }),
  );
}

function withoutDefaults(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutDefaults);
  if (!isObject(json)) return json;
  const isDefault = (value: Json) =>
    value === 0 || value === false || value === "" || value === null || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(json)
      // What is in a call's message is the call's affair.
      .map(([key, value]) => [key, key === "json" ? value : withoutDefaults(value)] as const)
      .filter(([key, value]) => key === "json" || !isDefault(value)),
  );
}

// Frames with whole messages as {"json":…}, their sizes checked; those of parts put together, in the place of the last.
function joinParts(codec: CodecName, frames: JsonObject[]): JsonObject[] {
  const open = new Map<number, { bytes: number[]; size: number; parts: number }>();
  const joined: JsonObject[] = [];
  for (const frame of frames) {
    const at = isObject(frame["open"]) ? frame["open"] : frame;
    const message = at["message"];
    if (!isObject(message)) {
      joined.push(frame);
      continue;
    }
    if (message["part"] === undefined) {
      at["message"] = wholeMessage(codec, message);
      joined.push(frame);
      continue;
    }
    const part = base64Decode(message["part"] as string);
    if (part.length > 64 * 1024) throw new Wrong(`a part has ${part.length} bytes`);
    const call = frame["call"] as number;
    const soFar = open.get(call) ?? { bytes: [], size: (message["size"] as number) ?? 0, parts: 0 };
    for (const byte of part) soFar.bytes.push(byte);
    ++soFar.parts;
    open.set(call, soFar);
    if (message["more"] === true) continue;
    open.delete(call);
    const bytes = new Uint8Array(soFar.bytes);
    if (bytes.length !== soFar.size) throw new Wrong(`parts of ${bytes.length} bytes say they have ${soFar.size}`);
    joined.push({ ...frame, message: { json: callMessage(codec, bytes), parts: soFar.parts } });
  }
  if (open.size > 0) throw new Wrong("a message has no last part");
  return joined;
}

function callMessage(codec: CodecName, bytes: Uint8Array): Json {
  const message =
    codec === "json"
      ? fromJson(RequestSchema, JSON.parse(new TextDecoder().decode(bytes)) as JsonValue)
      : fromBinary(RequestSchema, bytes);
  return toJson(RequestSchema, message) as Json;
}

function wholeMessage(codec: CodecName, message: JsonObject): JsonObject {
  const bytes =
    codec === "json"
      ? new TextEncoder().encode(JSON.stringify(message["json"]))
      : base64Decode((message["payload"] as string | undefined) ?? "");
  const size = (message["size"] as number | undefined) ?? 0;
  if (size !== bytes.length) throw new Wrong(`a message of ${bytes.length} bytes says it has ${size}`);
  return { json: callMessage(codec, bytes) };
}

// --- what the server sends ---

export function encode(codec: CodecName, type: string, json: JsonObject): Uint8Array {
  const spelled = spell(codec, json) as JsonObject;
  if (codec === "proto") {
    const desc = schemas[type]!;
    return toBinary(desc, messageFrom(desc, spelled));
  }
  return new TextEncoder().encode(JSON.stringify(spelled));
}

export function batch(codec: CodecName, json: JsonObject): string {
  const bytes = encode(codec, "FrameBatch", json);
  return codec === "json" ? new TextDecoder().decode(bytes) : toBase64(bytes);
}

// As the codec has it: messages, their parts, details of errors, and what is of a later version.
function spell(codec: CodecName, json: Json): Json {
  if (Array.isArray(json)) return json.map((one) => spell(codec, one));
  if (!isObject(json)) return json;
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(json)) {
    if (key === "frames") result[key] = (value as JsonObject[]).flatMap((frame) => cut(codec, frame));
    else if (key === "details") result[key] = details(value as JsonObject[]);
    else if (key === "$unknown" && codec === "json") result["ofALaterVersion"] = { what: "?" };
    else if ((key === "message" || key === "last") && isObject(value)) result[key] = spellMessage(codec, value);
    else result[key] = spell(codec, value);
  }
  return result;
}

function spellMessage(codec: CodecName, message: JsonObject): JsonObject {
  if (!("json" in message)) return spell(codec, { ...message, message: null }) as JsonObject;
  const { json, ...rest } = message;
  const bytes = replyBytes(codec, json!);
  const whole: JsonObject = codec === "json" ? { json: json! } : { payload: toBase64(bytes) };
  return { size: bytes.length, ...rest, ...whole };
}

function replyBytes(codec: CodecName, json: Json): Uint8Array {
  if (codec === "json") return new TextEncoder().encode(JSON.stringify(json));
  return toBinary(ReplySchema, fromJson(ReplySchema, json as JsonValue));
}

function cut(codec: CodecName, frame: JsonObject): JsonObject[] {
  const message = frame["message"];
  if (!isObject(message) || typeof message["parts"] !== "number") return [spell(codec, frame) as JsonObject];
  const bytes = replyBytes(codec, message["json"]!);
  const count = message["parts"];
  const each = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, at) => ({
    ...frame,
    message: {
      ...(at === 0 ? { size: (message["size"] as number | undefined) ?? bytes.length } : {}),
      part: toBase64(bytes.subarray(at * each, (at + 1) * each)),
      ...(at + 1 < count ? { more: true } : {}),
    },
  }));
}

export function details(list: JsonObject[]): JsonObject[] {
  return list.map((detail) => {
    if (typeof detail["reason"] !== "string") return detail;
    const writer = new BinaryWriter().tag(1, 2).string(detail["reason"]);
    writer.tag(2, 2).string((detail["domain"] as string | undefined) ?? "runnel");
    for (const [key, value] of Object.entries((detail["metadata"] ?? {}) as { [key: string]: string })) {
      writer.tag(3, 2).fork().tag(1, 2).string(key).tag(2, 2).string(value).join();
    }
    return { type: "google.rpc.ErrorInfo", value: toBase64(writer.finish()) };
  });
}

export function errorInfo(value: Uint8Array): JsonObject {
  const info: JsonObject = {};
  const reader = new BinaryReader(value);
  while (reader.pos < reader.len) {
    const [field] = reader.tag();
    if (field === 1) info["reason"] = reader.string();
    else if (field === 2) info["domain"] = reader.string();
    else {
      const entry = new BinaryReader(reader.bytes());
      entry.tag();
      const key = entry.string();
      entry.tag();
      ((info["metadata"] ??= {}) as JsonObject)[key] = entry.string();
    }
  }
  return info;
}

// By reflection, as fromJson knows no fields that nobody has declared.
function messageFrom(desc: DescMessage, json: JsonObject): ReturnType<typeof create> {
  const message = create(desc) as ReturnType<typeof create> & { [name: string]: unknown };
  const one = (field: DescField, value: Json): unknown => {
    if (field.message !== undefined) return messageFrom(field.message, value as JsonObject);
    if (field.proto.type === 4) return BigInt(value as number);
    if (field.proto.type === 12) return base64Decode(value as string);
    return value;
  };
  for (const [name, value] of Object.entries(json)) {
    if (name === "$unknown") {
      message.$unknown = [{ no: 999, wireType: 2, data: new Uint8Array([1, 0x3f]) }];
      continue;
    }
    const field = desc.fields.find((each) => each.jsonName === name);
    if (field === undefined || value === null) {
      if (value === null) continue;
      throw new Error(`${desc.typeName} has no field ${name}`);
    }
    const read = Array.isArray(value) ? value.map((each) => one(field, each)) : one(field, value);
    if (field.oneof !== undefined) message[field.oneof.localName] = { case: field.localName, value: read };
    else message[field.localName] = read;
  }
  return message;
}
