// FrameSession is a session as its calls see it. It is this page's own (ClientSession), or that of a worker which
// all pages of an origin share (SharedSession).

import type { Clock } from "./clock.js";
import type { Frame, OpenFrame } from "./frame.js";
import type { PartSource } from "./part-turns.js";
import type { Signal } from "./signal.js";
import type { Status } from "./status.js";

// What a session tells a call.
export interface CallListener {
  // A frame for this call.
  onFrame(frame: Frame): void;
  // The server lets the call send so much more than was known when it was opened.
  onWindow(moreBytes: number): void;
  // The session takes no part in the call any more. The last that a call hears. `neverRan`: the server has not run
  // the method, and will not.
  onSessionEnd(status: Status, neverRan: boolean): void;
}

export interface Limits {
  // What the server may send a call before the application takes it, at first and at most.
  callWindowBytes: number;
  maxCallWindowBytes: number;
  // What either side of the session keeps unacknowledged, in messages; the server's own may grow so far.
  sessionWindowBytes: number;
  maxSessionWindowBytes: number;
  // The largest message that is taken.
  maxMessageBytes: number;
}

export const defaultLimits: Limits = {
  callWindowBytes: 64 * 1024,
  maxCallWindowBytes: 4 * 1024 * 1024,
  sessionWindowBytes: 1024 * 1024,
  maxSessionWindowBytes: 8 * 1024 * 1024,
  maxMessageBytes: 4 * 1024 * 1024,
};

export interface FrameSession {
  readonly clock: Clock;
  readonly limits: Limits;
  // Begins a call: gives it a number and sends `open`. `repeatable`: it does no harm to run the method twice.
  openCall(listener: CallListener, open: OpenFrame, repeatable: boolean): number;
  // The listener hears no more of the call.
  forgetCall(call: number): void;
  // What the server lets a call send ahead. Before it has said how much, one message.
  readonly callSendWindow: number;
  send(frame: Frame): void;
  // Whether a message may start; `room` is notified when one may again.
  readonly hasRoom: boolean;
  readonly room: Signal;
  takeTurns(source: PartSource): void;
  leaveTurns(source: PartSource): void;
}
