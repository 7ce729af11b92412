// Columns are the parts of a message that a table shows beside one another: its scalars, those of messages within it
// too. Lists and maps are one cell each; a oneof is two, which of its fields is there and what that says.

import type { DescField, DescMessage, DescOneof, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { isNumber } from "../form/value-text.js";
import { wrapped } from "../form/draft.js";
import { clockText } from "./clock.js";

export interface Column {
  // "cpu.busy_percent"
  path: string;
  number: boolean;
  // The cell, of a message's JSON; empty where it has none.
  text: (json: JsonObject) => string;
}

const deepest = 4;
const most = 60;

export function columnsOf(desc: DescMessage): Column[] {
  const columns: Column[] = [];
  if (desc.typeName.startsWith("google.protobuf.") && desc.typeName !== "google.protobuf.Empty") {
    return [{ path: "value", number: false, text: (json) => cellText(json) }];
  }
  collect(desc, [], [], columns);
  return columns;
}

function collect(desc: DescMessage, names: DescField[], above: DescMessage[], columns: Column[]): void {
  // What is told first is which of its fields a message has: without it the others say little.
  const members = above.length > 0 ? desc.members : [...desc.members].sort((a, b) => Number(b.kind === "oneof") - Number(a.kind === "oneof"));
  for (const member of members) {
    if (columns.length >= most) return;
    if (member.kind === "oneof") {
      columns.push(...oneofColumns(member, names));
      continue;
    }
    const field = member;
    const path = [...names, field];
    const inner = innerOf(field);
    if (inner !== undefined && inner.fields.length > 0 && path.length < deepest && ![...above, desc].includes(inner)) {
      collect(inner, path, [...above, desc], columns);
      continue;
    }
    columns.push({
      path: path.map(({ name }) => name).join("."),
      number: field.fieldKind === "scalar" && isNumber(field.scalar),
      text: (json) => {
        const parent = within(json, names);
        return parent !== undefined && Object.hasOwn(parent, field.jsonName) ? fieldText(field, parent[field.jsonName]!) : "";
      },
    });
  }
}

function oneofColumns(oneof: DescOneof, names: DescField[]): Column[] {
  const prefix = names.map(({ name }) => `${name}.`).join("");
  const chosen = (json: JsonObject) => {
    const parent = within(json, names);
    const field = parent && oneof.fields.find(({ jsonName }) => Object.hasOwn(parent, jsonName));
    return field === undefined ? undefined : { field, value: parent![field.jsonName]! };
  };
  return [
    { path: `${prefix}${oneof.name}`, number: false, text: (json) => chosen(json)?.field.name ?? "" },
    {
      path: `${prefix}${oneof.name} says`,
      number: false,
      text: (json) => {
        const found = chosen(json);
        return found === undefined ? "" : summary(found.field, found.value);
      },
    },
  ];
}

// What a message says, on one line: "Hello", "name: Ada · text: Hello".
function summary(field: DescField, value: JsonValue): string {
  if (innerOf(field) === undefined) return fieldText(field, value);
  const parts = Object.entries(value as JsonObject).map(([name, part]) => [name, cellText(part)] as const);
  const said = parts.filter(([, text]) => text !== "");
  return parts.length === 1 ? (said[0]?.[1] ?? "") : said.map(([name, text]) => `${name}: ${text}`).join(" · ");
}

function within(json: JsonObject, names: DescField[]): JsonObject | undefined {
  let value: JsonValue | undefined = json;
  for (const { jsonName } of names) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    value = Object.hasOwn(value, jsonName) ? value[jsonName] : undefined;
  }
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

// The message whose fields are columns themselves.
function innerOf(field: DescField): DescMessage | undefined {
  if (field.fieldKind !== "message" || wrapped(field.message) !== undefined) return undefined;
  return field.message.typeName.startsWith("google.protobuf.") ? undefined : field.message;
}

const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 3, useGrouping: false });

function fieldText(field: DescField, value: JsonValue): string {
  if (field.fieldKind === "message" && field.message.typeName === "google.protobuf.Timestamp") return timeText(String(value));
  if (field.fieldKind === "message" && innerOf(field)?.fields.length === 0) return "✓";
  return cellText(value);
}

export function cellText(value: JsonValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Math.abs(value) < 0.001 && value !== 0 ? value.toPrecision(3) : numbers.format(value);
  if (Array.isArray(value)) return value.length === 0 ? "" : value.map(itemText).join(", ");
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0 ? "" : JSON.stringify(value);
  return String(value);
}

function itemText(value: JsonValue): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : cellText(value);
}

// The local time, and the day where it is another.
function timeText(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  return time.toDateString() === new Date().toDateString() ? clockText(time) : `${time.toLocaleDateString()} ${clockText(time)}`;
}
