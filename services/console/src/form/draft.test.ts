import { equals, fromJson, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { every, randomFrom, randomMessage, registry } from "../../test/kinds.js";
import { addEntry, addItem, choose, type Draft, draftOf, type ListDraft, type MapDraft, type MemberDraft, type MessageDraft, type OneofDraft, setSingular, type SingularDraft, unset } from "./draft.js";
import { draftFrom, type DraftErrors, jsonOf } from "./draft-json.js";

function read(draft: Draft): { json: JsonValue | undefined; errors: DraftErrors } {
  const errors: DraftErrors = new Map();
  return { json: jsonOf(draft, registry, errors), errors };
}

function messageOf(draft: Draft): Message {
  const { json, errors } = read(draft);
  expect([...errors.values()]).toEqual([]);
  return fromJson(every, json!, { registry });
}

function member(draft: Draft, name: string): MemberDraft {
  const found = (draft as MessageDraft).members.find((one) => (one.kind === "oneof" ? one.oneof.name : one.field.name) === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

// The draft, with `text` in a field.
function typed(name: string, text: string): Draft {
  const draft = draftOf(every);
  const field = member(draft, name) as SingularDraft;
  setSingular(field);
  Object.assign(field.value, { text });
  return draft;
}

test("an empty form says nothing", () => {
  expect(read(draftOf(every)).json).toEqual({});
});

const seed = Number(process.env["RUNNEL_SEED"] ?? Date.now() % 1_000_000);

test(`message to form to message, at random (RUNNEL_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 200; ++round) {
    const message = randomMessage(random);
    const json = toJson(every, message, { registry });
    const again = messageOf(draftFrom(every, json));
    // Equal but for NaN, which is not equal to itself.
    expect(toJson(every, again, { registry })).toEqual(json);
    if (!JSON.stringify(json).includes("NaN")) expect(equals(every, again, message, { registry })).toBe(true);
  }
});

test(`form to message to form, at random (RUNNEL_SEED=${seed})`, () => {
  const random = randomFrom(seed + 1);
  for (let round = 0; round < 100; ++round) {
    const form = draftFrom(every, toJson(every, randomMessage(random), { registry }));
    const said = read(form).json!;
    const again = draftFrom(every, toJson(every, fromJson(every, said, { registry }), { registry }));
    expect(read(again).json).toEqual(said);
  }
});

describe("what is typed", () => {
  test.each<[string, string, JsonValue]>([
    ["an_int32", " -12 ", -12],
    ["an_int32", "0x10", 16],
    ["an_int64", "9007199254740993", "9007199254740993"],
    ["a_uint64", "18446744073709551615", "18446744073709551615"],
    ["a_double", "1e3", 1000],
    ["a_double", "-0", -0],
    ["a_float", "NaN", "NaN"],
    ["a_string", "", undefined as unknown as JsonValue],
    ["maybe_string", "", ""],
    ["maybe_int64", "", undefined as unknown as JsonValue],
    ["time", "2026-05-01T12:00:00+02:00", "2026-05-01T12:00:00+02:00"],
    ["duration", "200ms", "0.2s"],
    ["duration", "1h30m", "5400s"],
    ["duration", "-1.5", "-1.5s"],
    ["duration", "", undefined as unknown as JsonValue],
    ["mask", "user.display_name, photo", "user.displayName,photo"],
    ["struct", '{"a": [1]}', { a: [1] }],
    ["value", "null", null],
    ["int32_value", "0", 0],
    ["some_bytes", "text", "dGV4dA=="],
  ])("%s: %j is %j", (name, text, json) => {
    const draft = typed(name, text);
    const field = member(draft, name) as SingularDraft;
    expect(read(draft)).toEqual({ json: json === undefined ? {} : { [field.field.jsonName]: json }, errors: new Map() });
    expect(() => messageOf(draft)).not.toThrow();
  });

  test.each([
    ["an_int32", "2147483648", "int32 goes from -2147483648 to 2147483647"],
    ["an_int32", "1.5", "a whole number is wanted here"],
    ["a_uint32", "-1", "uint32 goes from 0 to 4294967295"],
    ["a_uint64", "18446744073709551616", "uint64 goes from 0 to 18446744073709551615"],
    ["a_double", "much", "a number is wanted here, or NaN, Infinity, -Infinity"],
    ["a_float", "1e39", "too large for a float"],
    ["color", "COLOR_BLUE", "Color has no value COLOR_BLUE"],
    ["time", "yesterday", 'a time is wanted here, such as "2026-05-01T12:00:00Z"'],
    ["duration", "5 apples", 'a duration is wanted here, such as "1.5s", "200ms" or "1h30m"'],
    ["struct", "[1]", undefined],
    ["struct", "{", undefined],
    ["any", '{"@type": "type.googleapis.com/no.Such"}', undefined],
  ])("%s: %j is told to be wrong, where it stands", (name, text, problem) => {
    const draft = typed(name, text);
    const { json, errors } = read(draft);
    expect(json).toEqual({});
    const value = (member(draft, name) as SingularDraft).value;
    expect([...errors.keys()]).toEqual([value]);
    if (problem !== undefined) expect(errors.get(value)).toBe(problem);
  });

  test("bytes as base64 and hex", () => {
    const draft = draftOf(every);
    const field = member(draft, "some_bytes") as SingularDraft;
    Object.assign(field.value, { form: "hex", text: "00 ff" });
    expect(read(draft).json).toEqual({ someBytes: "AP8=" });
    Object.assign(field.value, { form: "base64", text: "AP8" });
    expect(read(draft).json).toEqual({ someBytes: "AP8=" });
    Object.assign(field.value, { form: "hex", text: "0" });
    expect(read(draft).errors.get(field.value)).toBe("pairs of hexadecimal digits are wanted here");
  });
});

test("a message that holds itself is made as far as it is set", () => {
  const draft = draftOf(every);
  let at: Draft = draft;
  for (let depth = 0; depth < 3; ++depth) {
    const inner = member(at, "inner") as SingularDraft;
    setSingular(inner);
    at = inner.value;
  }
  Object.assign((member(at, "depth") as SingularDraft).value, { text: "3" });
  expect(read(draft).json).toEqual({ inner: { inner: { inner: { depth: 3 } } } });
  unset(member(draft, "inner") as SingularDraft);
  expect(read(draft).json).toEqual({});
});

test("a oneof holds what was chosen, and keeps what the others held", () => {
  const draft = draftOf(every);
  const choice = member(draft, "choice") as OneofDraft;
  choose(choice, "word");
  expect(read(draft).json).toEqual({ word: "" });
  Object.assign(choice.values.get("word")!, { text: "hello" });
  choose(choice, "nothing");
  expect(read(draft).json).toEqual({ nothing: {} });
  choose(choice, "word");
  expect(read(draft).json).toEqual({ word: "hello" });
  choose(choice, undefined);
  expect(read(draft).json).toEqual({});
});

test("a number that is chosen and not there yet is told", () => {
  const draft = draftOf(every);
  const choice = member(draft, "choice") as OneofDraft;
  choose(choice, "number");
  expect(read(draft).errors.get(choice.values.get("number")!)).toBe("a whole number is wanted here");
});

test("entries of a map have different keys, of its type", () => {
  const draft = draftOf(every);
  const map = member(draft, "by_int32") as MapDraft;
  for (const key of ["1", "01", "one"]) {
    addEntry(map);
    map.entries.at(-1)!.key = key;
  }
  const { json, errors } = read(draft);
  expect((json as JsonObject)["byInt32"]).toEqual({ 1: "" });
  expect([...errors.values()]).toEqual(['the key "1" is there already', "a whole number is wanted here"]);
});

test("a list says which of its items is wrong", () => {
  const draft = draftOf(every);
  const list = member(draft, "doubles") as ListDraft;
  for (const text of ["1", "x"]) Object.assign(addItem(list), { text });
  expect([...read(draft).errors.keys()]).toEqual([list.items[1]!.value]);
});

test("the message itself may be of a well-known type", () => {
  const timestamp = registry.getMessage("google.protobuf.Timestamp")!;
  const draft = draftFrom(timestamp, "2026-05-01T12:00:00Z");
  expect(read(draft).json).toBe("2026-05-01T12:00:00Z");
});
