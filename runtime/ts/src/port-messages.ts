// What pages and the worker that holds their channel say to each other. Numbers of calls are the page's own.

import type { ChannelStatus } from "./client-session.js";
import type { Limits } from "./frame-session.js";
import { type Frame, messageOf, type OpenFrame } from "./frame.js";
import type { Status } from "./status.js";

export interface SharedOptions {
  baseUrl: string;
  codec: "json" | "proto";
  credentials: RequestCredentials | undefined;
  limits: Limits;
  connectTimeoutMs: number;
}

// `lock` is held by who sends it for as long as it lives: that is how the other side learns of its end.
export type FromPage =
  // The first. `asks`: this page has header fields for the channel's requests.
  | { kind: "hello"; lock: string; options: SharedOptions; asks: boolean }
  | { kind: "open"; call: number; open: OpenFrame; repeatable: boolean }
  // `call` of the frame is the page's.
  | { kind: "frame"; frame: Frame }
  | { kind: "forget"; call: number }
  | { kind: "headers"; question: number; headers: [string, string][] }
  // An answer to "shared".
  | { kind: "noted" }
  // The page goes away, or wants to hear no more of its calls.
  | { kind: "bye" };

export type FromWorker =
  | { kind: "ready"; lock: string }
  | { kind: "frame"; frame: Frame }
  | { kind: "window"; call: number; more: number }
  | { kind: "end"; call: number; status: Status; neverRan: boolean }
  // So many bytes of messages have found room.
  | { kind: "room"; bytes: number }
  | { kind: "status"; status: ChannelStatus }
  | { kind: "headers"; question: number }
  // There is no other page: when it goes away it may close the session of that name. Until "shared" says otherwise.
  | { kind: "alone"; session: string }
  | { kind: "shared" };

// What a frame takes of the room between a page and its worker.
export function sizeOf(frame: Frame): number {
  const message = messageOf(frame);
  if (message === undefined) return 0;
  return (message.part?.length ?? message.payload?.length ?? message.text?.length ?? 0) + 64;
}

// Waits for the end of who holds the lock, and calls `then`.
export function whenReleased(lock: string, then: () => void): void {
  navigator.locks.request(lock, () => then()).catch(() => undefined);
}

// Takes a lock of a new name for as long as this page or worker lives.
export function liveLock(): Promise<string> {
  const name = `runnel ${crypto.randomUUID()}`;
  return new Promise((resolve, reject) => {
    const held = () => {
      resolve(name);
      return new Promise<never>(() => undefined);
    };
    navigator.locks.request(name, held).catch(reject);
  });
}
