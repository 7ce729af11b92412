// kinds.proto, as a server tells of it, and messages of it at random.

import { readFileSync } from "node:fs";
import { type DescField, type DescMessage, fromJson, type JsonObject, type JsonValue, type Message, ScalarType } from "@bufbuild/protobuf";
import { schemaFrom } from "../src/schema.js";

// Made by test/run.
export const schema = schemaFrom(readFileSync(process.env["RUNNEL_KINDS"]!));
export const { registry } = schema;
export const every = registry.getMessage("kinds.v1.Every")!;

export type Random = () => number;

// Numbers below 1, from a seed (mulberry32).
export function randomFrom(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(random: Random, ...from: T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

const words = ["", "a", "ä€𝄞", " blanks ", "two\nlines", "\r\n", '"quoted" \\', "__proto__", "constructor", "'; rm -rf", "\u0000\u0007", "null", "0", "true"];
const blobs = ["", "text", "zwei\nZeilen", "\ufeffmark", "a\rb", "\u0000"].map((text) => Buffer.from(text)).concat(Buffer.from([0xff, 0xfe, 0x00]));

function scalarJson(type: ScalarType, random: Random): JsonValue {
  switch (type) {
    case ScalarType.STRING:
      return pick(random, ...words);
    case ScalarType.BYTES:
      return pick(random, ...blobs).toString("base64");
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.DOUBLE:
      return pick<JsonValue>(random, 0, -0, 1.5, -2.25e-300, 1.7976931348623157e308, 5e-324, 0.1, "NaN", "Infinity", "-Infinity", (random() - 0.5) * 1e9);
    case ScalarType.FLOAT:
      return pick<JsonValue>(random, 0, 1.5, 3.4028234663852886e38, Math.fround(0.1), "NaN", "-Infinity");
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return pick(random, "0", "-9223372036854775808", "9223372036854775807", "9007199254740993", "-1");
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return pick(random, "0", "18446744073709551615", "9007199254740993");
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return pick(random, 0, 1, 4294967295);
    default:
      return pick(random, 0, 1, -1, 2147483647, -2147483648);
  }
}

function wellKnownJson(typeName: string, random: Random): JsonValue | undefined {
  const json = pick<JsonValue>(random, null, 1.5, "text", false, [1, "a", null, {}], { a: { b: [] }, "": 0 });
  switch (typeName) {
    case "google.protobuf.Timestamp":
      return pick(random, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2026-02-28T12:30:00.120Z");
    case "google.protobuf.Duration":
      return pick(random, "0s", "1.500s", "-0.000000001s", "315576000000s", "-3.250s");
    case "google.protobuf.FieldMask":
      return pick(random, "", "a", "user.displayName,photo");
    case "google.protobuf.Struct":
      return { a: json, toString: 1 };
    case "google.protobuf.Value":
      return json;
    case "google.protobuf.ListValue":
      return [json, json];
    case "google.protobuf.Any":
      return pick<JsonObject>(
        random,
        { "@type": "type.googleapis.com/kinds.v1.Every.Inner", depth: 3 },
        { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1.500s" },
      );
  }
  const wrapper = /^google\.protobuf\.(Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/.exec(typeName)?.[1];
  return wrapper === undefined ? undefined : scalarJson(ScalarType[wrapper.toUpperCase() as keyof typeof ScalarType], random);
}

function valueJson(field: DescField, random: Random, depth: number): JsonValue {
  if (field.scalar !== undefined) return scalarJson(field.scalar, random);
  if (field.message !== undefined) {
    const known = wellKnownJson(field.message.typeName, random);
    return known === undefined ? messageJson(field.message, random, depth - 1) : known;
  }
  if (field.enum.typeName === "google.protobuf.NullValue") return null;
  return pick<JsonValue>(random, ...field.enum.values.map(({ name }) => name), 4711);
}

function messageJson(desc: DescMessage, random: Random, depth: number): JsonObject {
  const json: JsonObject = {};
  const chosen = new Map(desc.oneofs.map((oneof) => [oneof, pick(random, undefined, ...oneof.fields)]));
  for (const field of desc.fields) {
    if (field.oneof !== undefined ? chosen.get(field.oneof) !== field : random() < 0.5) continue;
    if (depth <= 0 && field.message !== undefined && wellKnownJson(field.message.typeName, random) === undefined) continue;
    const count = Math.floor(random() * 4);
    if (field.fieldKind === "list") {
      json[field.jsonName] = Array.from({ length: count }, () => valueJson(field, random, depth));
    } else if (field.fieldKind === "map") {
      const entries = Array.from({ length: count }, () => [String(scalarJson(field.mapKey, random)), valueJson(field, random, depth)]);
      // Such a key is no property of an object in a program.
      json[field.jsonName] = Object.fromEntries(entries.filter(([key]) => key !== "__proto__"));
    } else {
      json[field.jsonName] = valueJson(field, random, depth);
    }
  }
  return json;
}

export function randomMessage(random: Random): Message {
  return fromJson(every, messageJson(every, random, 2), { registry });
}
