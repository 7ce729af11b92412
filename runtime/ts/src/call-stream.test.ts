import { expect, test } from "vitest";
import { ManualClock } from "../test/manual-clock.js";
import { CallStream, type Outgoing } from "./call-stream.js";
import { defaultLimits, type FrameSession } from "./frame-session.js";
import type { Frame } from "./frame.js";
import { PartTurns } from "./part-turns.js";
import { Signal } from "./signal.js";

// A session that keeps what is sent.
class FakeSession implements FrameSession {
  readonly clock = new ManualClock();
  readonly limits = { ...defaultLimits, callWindowBytes: 100, maxCallWindowBytes: 100 };
  readonly room = new Signal();
  readonly sent: Frame[] = [];
  callSendWindow = 100;
  hasRoom = true;
  readonly #turns = new PartTurns();

  openCall(_: CallStream, open: Frame["open"] & object): number {
    this.sent.push({ call: 1, open });
    return 1;
  }
  forgetCall(): void {}
  send(frame: Frame): void {
    this.sent.push(frame);
  }
  takeTurns(source: CallStream): void {
    this.#turns.add(source);
    this.#turns.run(() => 0);
  }
  leaveTurns(): void {}
}

function text(length: number): Outgoing {
  return { size: length, text: `"${"x".repeat(length - 2)}"` };
}

function opened(first?: Outgoing): [FakeSession, CallStream] {
  const session = new FakeSession();
  return [session, new CallStream(session, { method: "/a.B/C" }, false, first, false)];
}

function message(size: number): Frame {
  return { call: 1, message: { size, json: "x" } };
}

test("a message may start while the window is positive, and may drive it negative", () => {
  const [, stream] = opened(text(99));
  expect(stream.maySend).toBe(true);
  stream.send(text(5000));
  expect(stream.maySend).toBe(false);
});

test("an empty message takes 32 bytes of the window", () => {
  const [, stream] = opened();
  for (let sent = 0; sent < 4; ++sent) {
    expect(stream.maySend).toBe(true);
    stream.send({ size: 0, text: "{}" });
  }
  expect(stream.maySend).toBe(false);
});

test("credit opens the window to who waits", async () => {
  const [session, stream] = opened(text(100));
  let open = false;
  void stream.waitToSend().then(() => (open = true));
  await session.clock.settle();
  expect(open).toBe(false);
  stream.onFrame({ call: 1, credit: { bytes: 1 } });
  await session.clock.settle();
  expect(open).toBe(true);
});

test("who waits for the session's room waits on, when another was faster", async () => {
  const [session, stream] = opened();
  session.hasRoom = false;
  let open = false;
  void stream.waitToSend().then(() => (open = true));
  session.room.notify();
  await session.clock.settle();
  expect(open).toBe(false);
  session.hasRoom = true;
  session.room.notify();
  await session.clock.settle();
  expect(open).toBe(true);
});

test("the end wakes who waits to send", async () => {
  const [session, stream] = opened(text(100));
  let woken = false;
  void stream.waitToSend().then(() => (woken = true));
  stream.onFrame({ call: 1, end: {} });
  await session.clock.settle();
  expect(woken).toBe(true);
  expect(stream.end).toEqual({ status: undefined, neverRan: false });
});

test("a large message leaves in parts, and the half-close after them", () => {
  const [session, stream] = opened();
  stream.send({ size: 150_000, bytes: new Uint8Array(150_000) }, true);
  const parts = session.sent.slice(1, -1).map((frame) => frame.message!);
  expect(parts.map(({ size, part, more }) => [size, part!.length, more])).toEqual([
    [150_000, 65_536, true],
    [0, 65_536, true],
    [0, 150_000 - 2 * 65_536, false],
  ]);
  expect(session.sent.at(-1)).toEqual({ call: 1, halfClose: {} });
});

test("credit is given when half of the window has been taken", async () => {
  const [session, stream] = opened();
  for (let sent = 0; sent < 3; ++sent) stream.onFrame(message(40));
  await stream.receive();
  expect(session.sent).toHaveLength(1);
  await stream.receive();
  expect(session.sent.slice(1)).toEqual([{ call: 1, credit: { bytes: 80 } }]);
});

test("a message into a window that is used up ends the call, after what came before", async () => {
  const [session, stream] = opened();
  stream.onFrame(message(100));
  stream.onFrame(message(1));
  expect(session.sent.at(-1)).toEqual({ call: 1, cancel: {} });
  expect(await stream.receive()).toEqual({ json: "x" });
  expect(await stream.receive()).toBeUndefined();
  expect(stream.end?.status?.code).toBe("failed_precondition");
});

test("a message that is too large ends the call", () => {
  const [, stream] = opened();
  stream.onFrame(message(4 * 1024 * 1024 + 1));
  expect(stream.end?.status?.code).toBe("resource_exhausted");
});

test("what the session ended before the server had the call never ran", () => {
  const [, stream] = opened();
  stream.onSessionEnd({ code: "unavailable", message: "", details: [] }, true);
  expect(stream.end?.neverRan).toBe(true);
});

test("what the server has given a sign of has run", () => {
  const [, stream] = opened();
  stream.onFrame({ call: 1, header: {} });
  stream.onSessionEnd({ code: "unavailable", message: "", details: [] }, true);
  expect(stream.end?.neverRan).toBe(false);
});
