// What people type for a value, and the JSON that it stands for. A function throws a ValueError where it stands for none.

import { type DescEnum, type DescMessage, fromJson, type JsonValue, type Registry, ScalarType } from "@bufbuild/protobuf";

export class ValueError extends Error {}

const ranges: { [type: number]: [bigint, bigint] } = {
  [ScalarType.INT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.UINT32]: [0n, 2n ** 32n - 1n],
  [ScalarType.INT64]: [-(2n ** 63n), 2n ** 63n - 1n],
  [ScalarType.UINT64]: [0n, 2n ** 64n - 1n],
};
for (const [like, types] of [
  [ScalarType.INT32, [ScalarType.SINT32, ScalarType.SFIXED32]],
  [ScalarType.UINT32, [ScalarType.FIXED32]],
  [ScalarType.INT64, [ScalarType.SINT64, ScalarType.SFIXED64]],
  [ScalarType.UINT64, [ScalarType.FIXED64]],
] as const) {
  for (const type of types) ranges[type] = ranges[like]!;
}

export function isInteger(type: ScalarType): boolean {
  return type in ranges;
}

export function isNumber(type: ScalarType): boolean {
  return isInteger(type) || type === ScalarType.DOUBLE || type === ScalarType.FLOAT;
}

// "int32", as it stands in a .proto.
export function scalarName(type: ScalarType): string {
  return ScalarType[type].toLowerCase();
}

export function integerJson(text: string, type: ScalarType): JsonValue {
  const [least, most] = ranges[type]!;
  let value: bigint;
  try {
    const trimmed = text.trim();
    value = /^-0x/i.test(trimmed) ? -BigInt(trimmed.slice(1)) : BigInt(trimmed);
    if (trimmed === "") throw new Error();
  } catch {
    throw new ValueError("a whole number is wanted here");
  }
  if (value < least || value > most) throw new ValueError(`${scalarName(type)} goes from ${least} to ${most}`);
  // As the canonical JSON has it: 64 bits are more than a JavaScript number holds.
  return most > 2n ** 32n ? value.toString() : Number(value);
}

export function floatJson(text: string, type: ScalarType): JsonValue {
  const trimmed = text.trim();
  if (["NaN", "Infinity", "-Infinity"].includes(trimmed)) return trimmed;
  const value = Number(trimmed);
  if (trimmed === "" || Number.isNaN(value)) throw new ValueError("a number is wanted here, or NaN, Infinity, -Infinity");
  if (!Number.isFinite(type === ScalarType.FLOAT ? Math.fround(value) : value)) {
    throw new ValueError(`too large for a ${scalarName(type)}`);
  }
  return value;
}

// What a number's JSON looks like in a form.
export function numberText(json: JsonValue): string {
  return Object.is(json, -0) ? "-0" : String(json);
}

export function enumJson(text: string, desc: DescEnum): JsonValue {
  const trimmed = text.trim();
  if (desc.values.some(({ name }) => name === trimmed)) return trimmed;
  if (desc.open && /^-?\d+$/.test(trimmed)) return integerJson(trimmed, ScalarType.INT32);
  throw new ValueError(`${desc.name} has no value ${trimmed === "" ? "without a name" : trimmed}`);
}

const units: { [unit: string]: bigint } = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};

// "1.5s", "200ms", "1h30m", or seconds without a unit; as the canonical JSON has it.
export function durationJson(text: string): string {
  const trimmed = text.trim();
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:h|ms|m|s|us|µs|ns))+|\d+(?:\.\d+)?)$/.exec(trimmed);
  if (match === null) throw new ValueError('a duration is wanted here, such as "1.5s", "200ms" or "1h30m"');
  let nanos = 0n;
  for (const [, whole, fraction = "", unit = "s"] of match[2]!.matchAll(/(\d+)(?:\.(\d+))?([a-zµ]+)?/g)) {
    const size = units[unit]!;
    nanos += BigInt(whole!) * size;
    nanos += (BigInt(fraction.slice(0, 18).padEnd(18, "0")) * size) / 10n ** 18n;
  }
  const seconds = nanos / 1_000_000_000n;
  if (seconds > 315_576_000_000n) throw new ValueError("a duration has no more than 10,000 years");
  const rest = (nanos % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
  return `${match[1]}${seconds}${rest === "" ? "" : `.${rest}`}s`;
}

// Values of well-known types whose JSON is a string.
export function wellKnownJson(text: string, desc: DescMessage): JsonValue {
  if (desc.typeName === "google.protobuf.Duration") return durationJson(text);
  const trimmed = text.trim();
  if (desc.typeName === "google.protobuf.FieldMask") {
    return trimmed.split(",").map((path) => path.trim()).filter((path) => path !== "").map(camelPath).join(",");
  }
  try {
    fromJson(desc, trimmed);
  } catch {
    throw new ValueError('a time is wanted here, such as "2026-05-01T12:00:00Z"');
  }
  return trimmed;
}

// Masks are written as in the .proto, too: "user.display_name".
function camelPath(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

// What is written as JSON in a form, as it is: Struct, Value, Any.
export function jsonJson(text: string, desc: DescMessage, registry: Registry): JsonValue {
  let json: JsonValue;
  try {
    json = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new ValueError(`this is no JSON: ${(error as Error).message}`);
  }
  try {
    fromJson(desc, json, { registry });
  } catch (error) {
    throw new ValueError((error as Error).message);
  }
  return json;
}

// How bytes are written in a form.
export type BytesForm = "text" | "base64" | "hex";

export function bytesOf(text: string, form: BytesForm): Uint8Array {
  if (form === "text") return new TextEncoder().encode(text);
  const compact = text.replace(/\s+/g, "");
  if (form === "hex") {
    if (!/^([0-9a-f]{2})*$/i.test(compact)) throw new ValueError("pairs of hexadecimal digits are wanted here");
    return Uint8Array.from(compact.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }
  const standard = compact.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) throw new ValueError("base64 is wanted here");
  return Uint8Array.from(atob(standard), (char) => char.charCodeAt(0));
}

export function base64Of(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

export function bytesText(bytes: Uint8Array, form: BytesForm): string {
  if (form === "base64") return base64Of(bytes);
  if (form === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

// Text where that shows all of it, base64 elsewhere.
export function bestForm(bytes: Uint8Array): BytesForm {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    // A text field of a page keeps no CR.
    return /[^\P{Cc}\t\n]/u.test(text) ? "base64" : "text";
  } catch {
    return "base64";
  }
}
