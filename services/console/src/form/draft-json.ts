// Drafts and JSON: what a message's JSON makes stand in a form, and the JSON of what stands there.

import { type DescField, type DescMessage, type JsonObject, type JsonValue, type Registry, ScalarType } from "@bufbuild/protobuf";
import {
  type Draft,
  emptyOf,
  hasPresence,
  type MapDraft,
  type MessageDraft,
  newId,
  type SingularDraft,
  type TextDraft,
  type Type,
  typeOf,
} from "./draft.js";
import {
  base64Of,
  bestForm,
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
      member.items = (held as JsonValue[]).map((item) => ({ id: newId(), value: valueFrom(type, item) }));
    } else if (member.kind === "map") {
      member.entries = Object.entries(held as JsonObject).map(([key, item]) => ({ id: newId(), key, value: valueFrom(type, item) }));
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
function isBlank(value: Draft): boolean {
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
