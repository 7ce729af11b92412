import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { every, registry } from "../../test/kinds.js";
import { firstMeasurement, numericFields } from "./numeric-field.js";

const fields = numericFields(every);

function numbers(path: string, json: JsonValue): [string, number][] {
  const found: [string, number][] = [];
  fields.find((field) => field.path === path)!.read(fromJson(every, json, { registry }), (label, value) => found.push([label, value]));
  return found;
}

test("every number is found, wherever it is", () => {
  const paths = fields.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(["a_double", "an_int64", "maybe_int64", "inner.depth", "doubles[]", "inners[].depth", "by_string[]", "by_uint64[].depth", "number", "message.depth", "duration", "double_value", "durations[]", "wrapped_numbers[]"]));
  expect(paths).not.toContain("a_bool");
  expect(paths).not.toContain("a_string");
});

test.each<[string, JsonValue, [string, number][]]>([
  ["a_double", {}, [["a_double", 0]]],
  ["a_double", { aDouble: "NaN" }, []],
  ["an_int64", { anInt64: "9007199254740992" }, [["an_int64", 9007199254740992]]],
  ["maybe_int64", {}, []],
  ["inner.depth", {}, []],
  ["inner.depth", { inner: { depth: 2 } }, [["inner.depth", 2]]],
  ["doubles[]", { doubles: [1, 2.5] }, [["doubles[0]", 1], ["doubles[1]", 2.5]]],
  ["by_string[]", { byString: { x: 1 } }, [["by_string[x]", 1]]],
  ["by_uint64[].depth", { byUint64: { 7: { depth: 3 } } }, [["by_uint64[7].depth", 3]]],
  ["number", { word: "x" }, []],
  ["number", { number: 4 }, [["number", 4]]],
  ["message.depth", { message: { depth: 5 } }, [["message.depth", 5]]],
  ["duration", { duration: "1.5s" }, [["duration", 1.5]]],
  ["double_value", { doubleValue: 0.5 }, [["double_value", 0.5]]],
  ["wrapped_numbers[]", { wrappedNumbers: [1, 2] }, [["wrapped_numbers[0]", 1], ["wrapped_numbers[1]", 2]]],
])("%s of %j", (path, json, expected) => {
  expect(numbers(path, json)).toEqual(expected);
});

test("a measurement is plotted first", () => {
  expect(firstMeasurement(fields)?.path).toBe("a_double");
  expect(firstMeasurement([])).toBeUndefined();
});
