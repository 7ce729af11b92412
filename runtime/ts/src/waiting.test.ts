// What has to do with time.

import { describe, expect, test } from "vitest";
import { ManualClock } from "../test/manual-clock.js";
import { AdaptiveWindow } from "./adaptive-window.js";
import { Backoff } from "./backoff.js";
import { Polling } from "./polling.js";
import { Signal } from "./signal.js";
import { StreamWatch } from "./stream-watch.js";

describe("Backoff", () => {
  test("waits longer each time, up to a limit", () => {
    const backoff = new Backoff(() => 1, 100, 1000);
    expect(Array.from({ length: 6 }, () => backoff.next())).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  test("draws from the upper half", () => {
    expect(new Backoff(() => 0, 100, 1000).next()).toBe(50);
  });

  test("begins anew", () => {
    const backoff = new Backoff(() => 1, 100, 1000);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });
});

describe("Polling", () => {
  test("tries a stream without end more and more seldom", () => {
    const polling = new Polling();
    polling.begin(0);
    expect([polling.bounded(59_999), polling.bounded(60_000)]).toEqual([true, false]);
    polling.begin(60_000);
    expect([polling.bounded(179_999), polling.bounded(180_000)]).toEqual([true, false]);
    polling.end();
    expect([polling.on, polling.bounded(180_000)]).toEqual([false, false]);
  });
});

describe("AdaptiveWindow", () => {
  test("grows for who takes a whole window in less than 0.2 s, and shrinks after 2 s", () => {
    const window = new AdaptiveWindow(100, 400);
    window.onTaken(50, 0);
    window.onTaken(50, 99);
    expect(window.bytes).toBe(200);
    window.onTaken(100, 150);
    window.onTaken(200, 200);
    expect(window.bytes).toBe(400);
    window.onTaken(400, 2_300);
    expect(window.bytes).toBe(200);
    window.onTaken(200, 10_000);
    window.onTaken(200, 20_000);
    expect(window.bytes).toBe(100);
  });
});

describe("Signal", () => {
  test("wakes all who wait, once", async () => {
    const signal = new Signal();
    let woken = 0;
    for (let i = 0; i < 2; ++i) void signal.wait().then(() => ++woken);
    signal.notify();
    signal.notify();
    await Promise.resolve();
    expect(woken).toBe(2);
  });

  test("waits until a time, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const signal = new Signal();
    let woken = 0;
    void signal.waitUntil(clock, 100).then(() => ++woken);
    void signal.waitUntil(clock, 100).then(() => ++woken);
    await clock.advance(99);
    expect(woken).toBe(0);
    await clock.advance(1);
    expect(woken).toBe(2);
  });
});

describe("StreamWatch", () => {
  function watched() {
    const clock = new ManualClock();
    const heard: string[] = [];
    const watch = new StreamWatch(clock, {
      onPingWanted: () => heard.push("ping"),
      onStreamDead: () => heard.push("dead"),
      onStreamHeldBack: () => heard.push("held back"),
    });
    return { clock, heard, watch };
  }

  test("takes an Open without a byte for held back after 3 s", async () => {
    const { clock, heard, watch } = watched();
    watch.begin("open");
    await clock.advance(2_999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["held back"]);
  });

  test("takes a stream for held back when nothing follows the reply to its ping", async () => {
    const { clock, heard, watch } = watched();
    watch.begin("attach");
    await clock.advance(3_000);
    expect(heard).toEqual(["ping"]);
    watch.onPingAnswered();
    await clock.advance(3_000);
    expect(heard).toEqual(["ping", "held back"]);
  });

  test("takes a stream that was seen to flow for dead after 2.5 heartbeats, and does not ping", async () => {
    const { clock, heard, watch } = watched();
    watch.heartbeat = 10_000;
    watch.begin("attach");
    watch.onBytes();
    await clock.advance(1_000);
    watch.onBytes();
    expect(watch.flows).toBe(true);
    await clock.advance(24_999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["dead"]);
  });

  test("gives a stream without a byte 10 s, and a bounded one 20 s", async () => {
    const { clock, heard, watch } = watched();
    watch.begin("bounded");
    await clock.advance(19_999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["dead"]);
    watch.begin("attach");
    await clock.advance(10_000);
    expect(heard).toEqual(["dead", "ping", "dead"]);
  });

  test("gives a bounded stream that has begun 3 s more than its bound, and bytes that come late 3 s after them", async () => {
    const { clock, heard, watch } = watched();
    watch.begin("bounded");
    watch.onBytes();
    await clock.advance(12_999);
    watch.onBytes();
    await clock.advance(2_999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["dead"]);
  });

  test("says nothing of a stream that has ended", async () => {
    const { clock, heard, watch } = watched();
    watch.begin("open");
    watch.end();
    await clock.advance(100_000);
    expect(heard).toEqual([]);
  });
});
