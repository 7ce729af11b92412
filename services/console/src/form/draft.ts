// A draft is a request while it is being written: what stands in each field of its form, right or wrong. draft-json.ts
// makes it from the JSON of a message, and reads it as the JSON of one, so that the form and the JSON can be kept in step.
//
// Drafts are changed in place.

import { type DescEnum, type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import type { BytesForm } from "./value-text.js";

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
export type Type = ScalarType | DescEnum | DescMessage;

export function typeOf(field: DescField): Type {
  return (field.scalar ?? field.enum ?? field.message)!;
}

// Whether a field that is not set differs from one that holds the default.
export function hasPresence(field: DescField): boolean {
  // IMPLICIT, of FeatureSet.FieldPresence.
  return field.presence !== 2;
}

let lastId = 0;
// For the items of lists and maps, which may be taken away.
export function newId(): number {
  return ++lastId;
}

export function emptyOf(type: Type): Draft {
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
  member.items.push({ id: newId(), value });
  return value;
}

export function addEntry(member: MapDraft): void {
  member.entries.push({ id: newId(), key: "", value: emptyValue(member.field) });
}
