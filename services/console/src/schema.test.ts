import { expect, test } from "vitest";
import { schema } from "../test/kinds.js";
import { commentOf, findMethod, pathOf } from "./schema.js";

const every = schema.registry.getMessage("kinds.v1.Every")!;

test("services and methods are found by their paths", () => {
  expect(schema.services.map(({ typeName }) => typeName)).toEqual(["kinds.v1.Kinds"]);
  const method = findMethod(schema, "kinds.v1.Kinds/Ask")!;
  expect(pathOf(method)).toBe("kinds.v1.Kinds/Ask");
  for (const path of ["kinds.v1.Kinds/None", "kinds.v1.None/Ask", "kinds.v1.Kinds", ""]) expect(findMethod(schema, path)).toBeUndefined();
});

test("comments are those of the .proto", () => {
  expect(commentOf(schema.services[0]!)).toBe("Answers with what it was asked.\n\nMore of it, with `code`.");
  expect(commentOf(findMethod(schema, "kinds.v1.Kinds/Ask")!)).toBe("Behind the line.");
  expect(commentOf(findMethod(schema, "kinds.v1.Kinds/Now")!)).toBe("");
  expect(commentOf(every)).toBe("All of them.");
  expect(commentOf(every.nestedEnums[0]!)).toBe("The color of things.");
  expect(commentOf(every.nestedEnums[0]!.values[1]!)).toBe("Like blood.");
  expect(commentOf(every.nestedMessages[0]!.fields[0]!)).toBe("How far in.");
});
