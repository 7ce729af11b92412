import { describe, expect, test } from "vitest";
import { EventParser, type StreamEvent } from "./event-parser.js";

function event(data: string, id = "", type = "message"): StreamEvent {
  return { type, data, id };
}

const cases: [string, string, StreamEvent[]][] = [
  ["one line", "data: hi\n\n", [event("hi")]],
  ["no space after the colon", "data:hi\n\n", [event("hi")]],
  ["of two spaces one belongs to the data", "data:  hi\n\n", [event(" hi")]],
  ["several lines", "data: a\ndata: b\ndata\n\n", [event("a\nb\n")]],
  ["all ends of lines", "data: a\r\n\r\ndata: b\r\rdata: c\n\n", [event("a"), event("b"), event("c")]],
  ["mixed ends of lines", "id: 1\r\ndata: a\rdata: b\n\r\n", [event("a\nb", "1")]],
  ["an id lasts", "id: 1\ndata: a\n\ndata: b\n\n", [event("a", "1"), event("b", "1")]],
  ["a block with only an id is no event, but moves the id", "id: 7\n\ndata: a\n\n", [event("a", "7")]],
  ["an id is taken back", "id: 7\ndata: a\n\nid\ndata: b\n\n", [event("a", "7"), event("b")]],
  ["an id with a NUL is ignored", "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", [event("a", "1"), event("b", "1")]],
  ["a type lasts for one event", "event: end\ndata: {}\n\ndata: a\n\n", [event("{}", "", "end"), event("a")]],
  ["a type without data is no event", "event: end\n\ndata: a\n\n", [event("a")]],
  ["comments", ": ok\n:\ndata: a\n: between\ndata: b\n\n:\n\n", [event("a\nb")]],
  ["empty data is an event", "data\n\n", [event("")]],
  ["unknown fields", "retry: 5\nwhat\nx: y\ndata: a\n\n", [event("a")]],
  ["what does not end is no event", "data: a\n\ndata: b\n", [event("a")]],
  ["outside of ASCII", "data: ä€😀\n\n", [event("ä€😀")]],
];

describe.each(cases)("%s", (_, text, expected) => {
  test("whole, and cut at every place", () => {
    for (let cut = 0; cut <= text.length; ++cut) {
      const parser = new EventParser();
      const events = [...parser.feed(text.slice(0, cut)), ...parser.feed(text.slice(cut))];
      expect(events, `cut at ${cut}`).toEqual(expected);
    }
  });

  test("character by character", () => {
    const parser = new EventParser();
    expect([...text].flatMap((character) => parser.feed(character))).toEqual(expected);
  });
});

test("refuses an event that is too large, in pieces too", () => {
  const parser = new EventParser(100);
  expect(parser.feed(`data: ${"x".repeat(90)}\n\n`)).toHaveLength(1);
  parser.feed("data: ");
  parser.feed("x".repeat(90));
  expect(() => parser.feed("x".repeat(10))).toThrow(/more than 100/);
});

test("comments count for no event", () => {
  const parser = new EventParser(100);
  for (let i = 0; i < 10; ++i) parser.feed(`: ${"x".repeat(50)}\n`);
  expect(parser.feed("data: a\n\n")).toEqual([event("a")]);
});
