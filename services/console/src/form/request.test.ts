import { expect, test } from "vitest";
import { every, registry } from "../../test/kinds.js";
import type { MessageDraft, SingularDraft } from "./draft.js";
import { Request } from "./request.js";

function field(request: Request, name: string): SingularDraft {
  return (request.draft as MessageDraft).members.find((member) => member.kind === "singular" && member.field.name === name) as SingularDraft;
}

test("a change of the form is a change of the JSON", () => {
  const request = new Request(every, registry);
  Object.assign(field(request, "an_int32").value, { text: "7" });
  request.formChanged();
  expect(JSON.parse(request.json)).toEqual({ anInt32: 7 });
  expect(request.message).toMatchObject({ anInt32: 7 });
});

test("a change of the JSON is a change of the form", () => {
  const request = new Request(every, registry);
  request.setJson('{"an_int32": "7"}');
  expect(field(request, "an_int32").value).toMatchObject({ text: "7" });
  expect(request.message).toMatchObject({ anInt32: 7 });
  // As it was written.
  expect(request.json).toBe('{"an_int32": "7"}');
});

test("while the JSON is wrong the form keeps what it said, and nothing is sent", () => {
  const request = new Request(every, registry);
  request.setJson('{"anInt32": 7}');
  for (const wrong of ['{"anInt32": 8', '{"noSuch": 8}', '{"anInt32": "eight"}']) {
    request.setJson(wrong);
    expect(request.jsonError).not.toBe("");
    expect(request.message).toBeUndefined();
    expect(field(request, "an_int32").value).toMatchObject({ text: "7" });
  }
});

test("while the form is wrong nothing is sent", () => {
  const request = new Request(every, registry);
  Object.assign(field(request, "an_int32").value, { text: "many" });
  request.formChanged();
  expect(request.message).toBeUndefined();
  expect(request.errors.size).toBe(1);
  request.clear();
  expect(request.message).toBeDefined();
});
