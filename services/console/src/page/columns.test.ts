import { fromJson, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { every, registry } from "../../test/kinds.js";
import { columnsOf } from "./columns.js";

const columns = columnsOf(every);

function cells(json: JsonValue): { [path: string]: string } {
  const shown = toJson(every, fromJson(every, json, { registry }), { registry, alwaysEmitImplicit: true }) as JsonObject;
  return Object.fromEntries(columns.map(({ path, text }) => [path, text(shown)]));
}

test("scalars are columns, those of messages within too", () => {
  expect(cells({ aDouble: 0.123456, inner: { depth: 2 } })).toMatchObject({ a_double: "0.123", an_int32: "0", "inner.depth": "2", maybe_int64: "" });
});

test("a message that holds itself has an end", () => {
  expect(columns.map(({ path }) => path)).toContain("inner.inner");
  expect(columns.map(({ path }) => path)).not.toContain("inner.inner.depth");
});

test("a oneof is which, and what that says", () => {
  expect(cells({ word: "hello" })).toMatchObject({ choice: "word", "choice says": "hello" });
  expect(cells({ nothing: {} })).toMatchObject({ choice: "nothing" });
  expect(cells({ message: { depth: 3 } })["choice says"]).toContain("depth: 3");
  expect(cells({})).toMatchObject({ choice: "", "choice says": "" });
});

test("a oneof comes first", () => {
  expect(columns.slice(0, 2).map(({ path }) => path)).toEqual(["choice", "choice says"]);
});

test("lists are one cell", () => {
  expect(cells({ doubles: [1, 2.5], inners: [{ depth: 1 }] })).toMatchObject({ doubles: "1, 2.5", strings: "" });
});
