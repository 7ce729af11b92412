// A draft is a request while it is being written: what stands in each field of its form, right or wrong. It is made
// from the JSON of a message, and read as the JSON of one, so that the form and the JSON can be kept in step.
//
// Drafts are changed in place.

import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  type JsonObject,
  type JsonValue,
  type Registry,
  ScalarType,
} from "@bufbuild/protobuf";
import {
  base64Of,
  bestForm,
  type BytesForm,
  bytesOf,
  bytesText,
  durationJson,
  enumJson,
  floatJson,
  integerJson,
  isInteger,
  isNumber,
  jsonJson,
  numberText,
  ValueError,
  wellKnownJson,
} from "./value-text.js";

export type Draft = TextDraft | BoolDraft | EnumDraft | BytesDraft | JsonDraft | MessageDraft;

// Strings, numbers, and the well-known types whose JSON is a string.
export interface TextDraft {
  kind: "text";
  type: ScalarType | DescMessage;
  text: string;
}
export interface BoolDraft {
  kind: "bool";
  value: boolean;
}
export interface EnumDraft {
  kind: "enum";
  desc: DescEnum;
  text: string;
}
export interface BytesDraft {
  kind: "bytes";
  form: BytesForm;
  text: string;
}
// Types whose JSON can be anything.
export interface JsonDraft {
  kind: "json";
  desc: DescMessage;
  text: string;
}
export interface MessageDraft {
  kind: "message";
  desc: DescMessage;
  members: MemberDraft[];
}

export type MemberDraft = SingularDraft | OneofDraft | ListDraft | MapDraft;

export interface SingularDraft {
  kind: "singular";
  field: DescField;
  // Whether the field is there at all. Fields without presence always are.
  set: boolean;
  value: Draft;
}
export interface OneofDraft {
  kind: "oneof";
  oneof: DescOneof;
  // The name of a field.
  chosen: string | undefined;
  // What the fields held when they were chosen last.
  values: Map<string, Draft>;
}
export interface ListDraft {
  kind: "list";
  field: DescField;
  items: { id: number; value: Draft }[];
}
export interface MapDraft {
  kind: "map";
  field: DescField & { fieldKind: "map" };
  entries: { id: number; key: string; value: Draft }[];
}

const wrappers: { [typeName: string]: ScalarType } = Object.fromEntries(
  (["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"] as const).map((name) => [
    `google.protobuf.${name}Value`,
    ScalarType[name.toUpperCase() as keyof typeof ScalarType],
  ]),
);
const texts = new Set(["Timestamp", "Duration", "FieldMask"].map((name) => `google.protobuf.${name}`));
const anyJson: { [typeName: string]: string } = {
  "google.protobuf.Struct": "{}",
  "google.protobuf.Value": "null",
  "google.protobuf.ListValue": "[]",
  "google.protobuf.Any": "{}",
};

// The scalar that a message stands for, if it is a wrapper.
export function wrapped(desc: DescMessage): ScalarType | undefined {
  return wrappers[desc.typeName];
}

// What a field holds, or each of its items.
type Type = ScalarType | DescEnum | DescMessage;

function typeOf(field: DescField): Type {
  return (field.scalar ?? field.enum ?? field.message)!;
}

// Whether a field that is not set differs from one that holds the default.
export function hasPresence(field: DescField): boolean {
  // IMPLICIT, of FeatureSet.FieldPresence.
  return field.presence !== 2;
}

let lastId = 0;

function emptyOf(type: Type): Draft {
  if (typeof type === "object") {
    if (type.kind === "enum") return { kind: "enum", desc: type, text: type.values[0]?.name ?? "" };
    const scalar = wrapped(type);
    if (scalar !== undefined) return emptyOf(scalar);
    if (texts.has(type.typeName)) return { kind: "text", type, text: "" };
    const json = anyJson[type.typeName];
    if (json !== undefined) return { kind: "json", desc: type, text: json };
    return emptyDraft(type);
  }
  if (type === ScalarType.BOOL) return { kind: "bool", value: false };
  if (type === ScalarType.BYTES) return { kind: "bytes", form: "text", text: "" };
  return { kind: "text", type, text: "" };
}

export function emptyValue(field: DescField): Draft {
  return emptyOf(typeOf(field));
}

function emptyDraft(desc: DescMessage): MessageDraft {
  return { kind: "message", desc, members: desc.members.map(emptyMember) };
}

// The draft of a message that says nothing. (A well-known type has a draft of its own kind.)
export function draftOf(desc: DescMessage): Draft {
  return emptyOf(desc);
}

// A field's value that is a message is made when the field is set: types may hold themselves.
const notMade: Draft = { kind: "bool", value: false };

function emptyMember(member: DescField | DescOneof): MemberDraft {
  if (member.kind === "oneof") return { kind: "oneof", oneof: member, chosen: undefined, values: new Map() };
  if (member.fieldKind === "list") return { kind: "list", field: member, items: [] };
  if (member.fieldKind === "map") return { kind: "map", field: member, entries: [] };
  const lazy = member.fieldKind === "message" && emptyKindIsMessage(member.message);
  return { kind: "singular", field: member, set: !hasPresence(member), value: lazy ? notMade : emptyValue(member) };
}

function emptyKindIsMessage({ typeName }: DescMessage): boolean {
  return !(typeName in wrappers) && !texts.has(typeName) && !(typeName in anyJson);
}

export function setSingular(member: SingularDraft): void {
  if (member.value === notMade) member.value = emptyValue(member.field);
  member.set = true;
}

export function unset(member: SingularDraft): void {
  Object.assign(member, emptyMember(member.field));
}

export function choose(member: OneofDraft, name: string | undefined): void {
  member.chosen = name;
  if (name === undefined || member.values.has(name)) return;
  member.values.set(name, emptyValue(member.oneof.fields.find((field) => field.name === name)!));
}

export function addItem(member: ListDraft): Draft {
  const value = emptyValue(member.field);
  member.items.push({ id: ++lastId, value });
  return value;
}

export function addEntry(member: MapDraft): void {
  member.entries.push({ id: ++lastId, key: "", value: emptyValue(member.field) });
}

// Fills a new draft with a message's canonical JSON.
export function draftFrom(desc: DescMessage, json: JsonValue): Draft {
  return valueFrom(desc, json);
}

function valueFrom(type: Type, json: JsonValue): Draft {
  const value = emptyOf(type);
  switch (value.kind) {
    case "text":
      if (typeof value.type === "object") value.text = isDuration(value.type) ? durationJson(String(json)) : String(json);
      else value.text = isNumber(value.type) ? numberText(json) : String(json);
      break;
    case "bool":
      value.value = json === true;
      break;
    case "enum":
      // A NullValue is null.
      value.text = json === null ? value.desc.values[0]!.name : String(json);
      break;
    case "bytes": {
      const bytes = bytesOf(String(json), "base64");
      value.form = bestForm(bytes);
      value.text = bytesText(bytes, value.form);
      break;
    }
    case "json":
      value.text = JSON.stringify(json, null, 2);
      break;
    case "message":
      fill(value, json as JsonObject);
  }
  return value;
}

function isDuration({ typeName }: DescMessage): boolean {
  return typeName === "google.protobuf.Duration";
}

function fill(draft: MessageDraft, json: JsonObject): void {
  for (const member of draft.members) {
    if (member.kind === "oneof") {
      const field = member.oneof.fields.find(({ jsonName }) => Object.hasOwn(json, jsonName));
      if (field === undefined) continue;
      member.chosen = field.name;
      member.values.set(field.name, valueFrom(typeOf(field), json[field.jsonName]!));
      continue;
    }
    const { field } = member;
    if (!Object.hasOwn(json, field.jsonName)) continue;
    const held = json[field.jsonName]!;
    const type = typeOf(field);
    if (member.kind === "list") {
      member.items = (held as JsonValue[]).map((item) => ({ id: ++lastId, value: valueFrom(type, item) }));
    } else if (member.kind === "map") {
      member.entries = Object.entries(held as JsonObject).map(([key, item]) => ({ id: ++lastId, key, value: valueFrom(type, item) }));
    } else {
      member.set = true;
      member.value = valueFrom(type, held);
    }
  }
}

// What is wrong, by what it is wrong with: a value, or an entry of a map.
export type DraftErrors = Map<object, string>;

// The JSON of what a draft says. What cannot be read is told in `errors`, and left out.
export function jsonOf(draft: Draft, registry: Registry, errors: DraftErrors): JsonValue | undefined {
  try {
    switch (draft.kind) {
      case "text":
        return textJson(draft);
      case "bool":
        return draft.value;
      case "enum":
        return enumJson(draft.text, draft.desc);
      case "bytes":
        return base64Of(bytesOf(draft.text, draft.form));
      case "json":
        return jsonJson(draft.text, draft.desc, registry);
      case "message":
        return messageJson(draft, registry, errors);
    }
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    errors.set(draft, error.message);
    return undefined;
  }
}

function textJson({ type, text }: TextDraft): JsonValue {
  if (typeof type === "object") return wellKnownJson(text, type);
  if (!isNumber(type)) return text;
  return isInteger(type) ? integerJson(text, type) : floatJson(text, type);
}

// Whether nothing stands where a number (or a time) is wanted: the field is as good as not there.
export function isBlank(value: Draft): boolean {
  return value.kind === "text" && value.type !== ScalarType.STRING && value.text.trim() === "" && !isMask(value);
}

// A mask without a path is one.
function isMask({ type }: TextDraft): boolean {
  return typeof type === "object" && type.typeName === "google.protobuf.FieldMask";
}

function messageJson(draft: MessageDraft, registry: Registry, errors: DraftErrors): JsonObject {
  const json: JsonObject = {};
  const put = (field: DescField, value: JsonValue | undefined) => {
    if (value !== undefined) json[field.jsonName] = value;
  };
  for (const member of draft.members) {
    switch (member.kind) {
      case "singular":
        if (!member.set || isBlank(member.value)) break;
        put(member.field, implied(member) ? undefined : jsonOf(member.value, registry, errors));
        break;
      case "oneof": {
        if (member.chosen === undefined) break;
        const field = member.oneof.fields.find(({ name }) => name === member.chosen)!;
        put(field, jsonOf(member.values.get(member.chosen)!, registry, errors));
        break;
      }
      case "list":
        if (member.items.length === 0) break;
        put(member.field, member.items.map(({ value }) => jsonOf(value, registry, errors) ?? null));
        break;
      case "map":
        if (member.entries.length > 0) put(member.field, mapJson(member, registry, errors));
    }
  }
  return json;
}

// A field without presence that holds its default says nothing.
function implied({ field, value }: SingularDraft): boolean {
  if (hasPresence(field)) return false;
  switch (value.kind) {
    case "text":
    case "bytes":
      return value.text === "";
    case "bool":
      return !value.value;
    case "enum":
      return value.text === value.desc.values[0]?.name;
    default:
      return false;
  }
}

function mapJson(member: MapDraft, registry: Registry, errors: DraftErrors): JsonObject {
  // Without a prototype, where "__proto__" is a key as any other.
  const json = Object.create(null) as JsonObject;
  for (const entry of member.entries) {
    const value = jsonOf(entry.value, registry, errors);
    try {
      const key = keyOf(entry.key, member.field.mapKey);
      if (key in json) throw new ValueError(`the key ${JSON.stringify(key)} is there already`);
      json[key] = value ?? null;
    } catch (error) {
      errors.set(entry, (error as Error).message);
    }
  }
  return json;
}

function keyOf(text: string, type: ScalarType): string {
  if (type === ScalarType.STRING) return text;
  if (type !== ScalarType.BOOL) return String(integerJson(text, type));
  if (text !== "true" && text !== "false") throw new ValueError("a key here is true or false");
  return text;
}
