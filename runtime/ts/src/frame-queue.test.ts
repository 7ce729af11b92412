import { describe, expect, test } from "vitest";
import { jsonCodec } from "./frame-codec.js";
import { FrameQueue } from "./frame-queue.js";

function queueOf(...texts: string[]): FrameQueue {
  const queue = new FrameQueue(jsonCodec);
  for (const text of texts) queue.append({ call: 1, message: { size: text.length, text } });
  return queue;
}

describe("FrameQueue", () => {
  test("numbers frames from 1", () => {
    const queue = queueOf("{}");
    expect(queue.append({ ping: {} })).toBe(2);
    expect(queue.unacknowledged(1000)).toMatchObject({ first: 1, last: 2 });
  });

  test("repeats what is not acknowledged, and no more", () => {
    const queue = queueOf('"a"', '"b"', '"c"');
    queue.markPosted(3);
    queue.acknowledge(1);
    expect(queue.unacknowledged(1000)).toMatchObject({
      first: 2,
      last: 3,
      frames: ['{"call":1,"message":{"size":3,"json":"b"}}', '{"call":1,"message":{"size":3,"json":"c"}}'],
    });
    queue.acknowledge(3);
    expect(queue.empty).toBe(true);
    expect(queue.messageBytes).toBe(0);
    expect(queue.unacknowledged(1000)).toMatchObject({ first: 4, frames: [] });
  });

  test("an old acknowledgement changes nothing", () => {
    const queue = queueOf('"a"', '"b"');
    queue.acknowledge(2);
    queue.acknowledge(1);
    expect(queue.append({ ping: {} })).toBe(3);
    expect(queue.unacknowledged(1000).first).toBe(3);
  });

  test("a batch has at most so many bytes, but one frame at least", () => {
    const queue = queueOf(`"${"x".repeat(500)}"`, '"b"');
    expect(queue.unacknowledged(100).last).toBe(1);
    expect(queue.unacknowledged(100, 0).frames).toEqual([]);
  });

  test("knows what no request has held", () => {
    const queue = queueOf('"a"', '"b"');
    const all = queue.unpostedBytes;
    queue.markPosted(1);
    expect(queue.unpostedBytes).toBe(all / 2);
    queue.markPosted(2);
    expect(queue.unpostedBytes).toBe(0);
    expect(queue.messageBytes).toBe(all);
  });

  test("keeps its numbers when it lets go of many frames", () => {
    const queue = queueOf();
    for (let seq = 1; seq <= 1000; ++seq) {
      expect(queue.append({ call: seq, cancel: {} })).toBe(seq);
      if (seq > 10) queue.acknowledge(seq - 10);
    }
    expect(queue.unacknowledged(10_000)).toMatchObject({ first: 991, last: 1000 });
    expect(queue.unacknowledged(10_000).frames[0]).toBe('{"call":991,"cancel":{}}');
  });
});
