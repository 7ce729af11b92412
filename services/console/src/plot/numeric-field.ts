// NumericField is a number that messages of a type hold, wherever in them: what can be plotted.

import { type DescField, type DescMessage, type Message, ScalarType } from "@bufbuild/protobuf";
import { wrapped } from "../form/draft.js";
import { isNumber } from "../form/value-text.js";

// Told of each number of a message, and what to call it: a list has several.
export type Emit = (label: string, value: number) => void;

export interface NumericField {
  // "cpu.busy_percent", "networks[].sent_bytes"
  path: string;
  // Whether it is a measurement rather than a count.
  real: boolean;
  many: boolean;
  read: (message: Message, emit: Emit) => void;
}

type Reader = (value: unknown, label: string, emit: Emit) => void;

const deepest = 5;

export function numericFields(desc: DescMessage): NumericField[] {
  const found: NumericField[] = [];
  collect(desc, { path: "", many: false, read: (value, label, then) => then(value, label) }, [], found);
  return found;
}

// The first field that somebody would want to see, if there is one.
export function firstMeasurement(fields: NumericField[]): NumericField | undefined {
  return fields.find(({ real, many }) => real && !many) ?? fields.find(({ real }) => real);
}

interface Place {
  path: string;
  many: boolean;
  // Calls `then` for each value that stands here.
  read: (message: unknown, label: string, then: (value: unknown, label: string) => void) => void;
}

function collect(desc: DescMessage, place: Place, above: DescMessage[], found: NumericField[]): void {
  if (above.length >= deepest || above.includes(desc)) return;
  for (const field of desc.fields) {
    const here = below(place, field);
    const read = numberReader(field);
    if (read !== undefined) {
      found.push({
        path: here.path,
        many: here.many,
        real: field.scalar === ScalarType.DOUBLE || field.scalar === ScalarType.FLOAT,
        read: (message, emit) => here.read(message, "", (value, label) => read(value, label, emit)),
      });
    } else if (field.message !== undefined && !field.message.typeName.startsWith("google.protobuf.")) {
      collect(field.message, here, [...above, desc], found);
    }
  }
}

function below(place: Place, field: DescField): Place {
  const { name } = field;
  const list = field.fieldKind === "list" || field.fieldKind === "map";
  return {
    path: `${place.path === "" ? "" : `${place.path}.`}${name}${list ? "[]" : ""}`,
    many: place.many || list,
    read: (message, label, then) =>
      place.read(message, label, (parent, label) => {
        const value = held(parent as Record<string, unknown>, field);
        const prefix = label === "" ? name : `${label}.${name}`;
        if (value === undefined) return;
        if (!list) return then(value, prefix);
        const items = field.fieldKind === "map" ? Object.entries(value as object) : [...(value as unknown[]).entries()];
        for (const [at, item] of items) then(item, `${prefix}[${nameOf(item) ?? at}]`);
      }),
  };
}

function held(message: Record<string, unknown>, field: DescField): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const chosen = message[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

// What an item of a list calls itself.
function nameOf(item: unknown): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const { name, id } = item as { name?: unknown; id?: unknown };
  return [name, id].find((word): word is string => typeof word === "string" && word !== "");
}

function numberReader(field: DescField): Reader | undefined {
  if (field.scalar !== undefined) return isNumber(field.scalar) ? toNumber : undefined;
  if (field.message === undefined) return undefined;
  if (field.message.typeName === "google.protobuf.Duration") {
    return (value, label, emit) => {
      const { seconds, nanos } = value as { seconds: bigint; nanos: number };
      emit(label, Number(seconds) + nanos / 1e9);
    };
  }
  const scalar = wrapped(field.message);
  if (scalar === undefined || !isNumber(scalar)) return undefined;
  // A wrapper by itself is its value; one in a list is a message.
  return (value, label, emit) => toNumber(typeof value === "object" ? (value as { value: unknown }).value : value, label, emit);
}

const toNumber: Reader = (value, label, emit) => {
  const number = Number(value);
  if (Number.isFinite(number)) emit(label, number);
};
