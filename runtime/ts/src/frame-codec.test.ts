import { fromBinary, toBinary, create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import * as channel from "../gen/runnel/v1/channel_pb.js";
import { jsonCodec, protoCodec } from "./frame-codec.js";
import type { Frame } from "./frame.js";
import { toBase64 } from "./base64.js";

const frames: [string, Frame, string][] = [
  [
    "open",
    {
      call: 3,
      open: {
        method: "/a.B/C",
        metadata: [{ key: "k", text: "v" }, { key: "k-bin", binary: new Uint8Array([0, 255]) }],
        timeoutMs: 5,
        message: { size: 7, text: '{"a":1}' },
        halfClose: true,
      },
    },
    '{"call":3,"open":{"method":"/a.B/C","metadata":[{"key":"k","text":"v"},{"key":"k-bin","binary":"AP8"}],' +
      '"timeoutMs":5,"message":{"size":7,"json":{"a":1}},"halfClose":true}}',
  ],
  ["message", { call: 1, message: { size: 2, text: "{}" } }, '{"call":1,"message":{"size":2,"json":{}}}'],
  [
    "part",
    { call: 1, message: { size: 9, part: new Uint8Array([1, 2]), more: true } },
    '{"call":1,"message":{"size":9,"part":"AQI","more":true}}',
  ],
  ["half-close", { call: 1, halfClose: {} }, '{"call":1,"halfClose":{}}'],
  ["cancel", { call: 2 ** 40, cancel: {} }, '{"call":1099511627776,"cancel":{}}'],
  ["credit", { call: 1, credit: { bytes: 65536 } }, '{"call":1,"credit":{"bytes":65536}}'],
  ["ping", { ping: {} }, '{"ping":{}}'],
  ["pong", { pong: {} }, '{"pong":{}}'],
];

describe.each(frames)("%s", (_, frame, json) => {
  test("in JSON", () => {
    expect(jsonCodec.frame(frame)).toBe(json);
  });

  test("in binary, as generated code reads it", () => {
    const payload = frame.open?.message ?? (frame.message?.part === undefined ? frame.message : undefined);
    const binary = structuredClone(frame);
    for (const one of [binary.message, binary.open?.message]) {
      if (one?.text === undefined) continue;
      delete one.text;
      one.payload = new Uint8Array([9, 8]);
    }
    const body = protoCodec.send({ seq: 4, ack: 2 }, [protoCodec.frame(binary)]) as Uint8Array;
    const read = fromBinary(channel.SendRequestSchema, body);
    expect([read.seq, read.ack, read.frames.length]).toEqual([4n, 2n, 1]);
    expect(Number(read.frames[0]!.call)).toBe(frame.call ?? 0);
    expect(read.frames[0]!.kind.case).toBe(Object.keys(frame).find((name) => name !== "call"));
    // What generated code has read it writes as we have: nothing was left out, and nothing is in another place.
    expect(toBinary(channel.SendRequestSchema, read)).toEqual(body);
    if (payload !== undefined) expect(read.$unknown).toBeUndefined();
  });
});

test("requests around frames, in JSON", () => {
  const frame = jsonCodec.frame({ ping: {} });
  expect(jsonCodec.send({ seq: 1 }, [frame, frame])).toBe('{"seq":1,"frames":[{"ping":{}},{"ping":{}}]}');
  expect(jsonCodec.send({ seq: 0 }, [frame])).toBe('{"frames":[{"ping":{}}]}');
  expect(jsonCodec.send({ seq: 2, ack: 9 }, [])).toBe('{"seq":2,"ack":9}');
  expect(jsonCodec.attach({ attempt: 1, after: 4 })).toBe('{"after":4,"attempt":1}');
  expect(jsonCodec.open({ versions: [1], secret: "s", retry: true }, [])).toBe('{"versions":[1],"secret":"s","retry":true}');
});

test("a batch is read in either codec", () => {
  const json = jsonCodec.batch(
    '{"frames":[{"call":"1","message":{"size":2,"json":{"a":"b"},"new":1}},{"call":1,"end":{"code":"aborted",' +
      '"details":[{"type":"t","value":"AQI="}],"trailers":[{"key":"k-bin","binary":"AA"}]},"later":{}}]}',
  );
  expect(json.frames).toEqual([
    { call: 1, message: { size: 2, json: { a: "b" } } },
    {
      call: 1,
      end: {
        code: "aborted",
        details: [{ type: "t", value: new Uint8Array([1, 2]) }],
        trailers: [{ key: "k-bin", binary: new Uint8Array([0]) }],
      },
    },
  ]);
  const batch = create(channel.FrameBatchSchema, {
    session: { id: "s", epoch: "1", resumeMs: 90000n, leaseMs: 5n },
    frames: [{ kind: { case: "goAway", value: { lastCall: 3n, reason: "r" } } }],
  });
  expect(protoCodec.batch(toBase64(toBinary(channel.FrameBatchSchema, batch)))).toEqual({
    session: { id: "s", epoch: "1", resumeMs: 90000 },
    frames: [{ goAway: { lastCall: 3, reason: "r" } }],
  });
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["a frame that is none", '{"frames":[1]}'],
  ["a frame of an unknown kind", '{"frames":[{"call":1,"dance":{}}]}'],
  ["a frame of two kinds", '{"frames":[{"ping":{},"pong":{}}]}'],
  ["a number that is none", '{"frames":[{"call":"x","cancel":{}}]}'],
  ["a number that is too large", '{"frames":[{"call":9007199254740992,"cancel":{}}]}'],
  ["a number below 0", '{"frames":[{"call":-1,"cancel":{}}]}'],
  ["base64 that is none", '{"frames":[{"call":1,"message":{"size":1,"part":"?"}}]}'],
])("%s is refused", (_, data) => {
  expect(() => jsonCodec.batch(data)).toThrow();
});
