// What a session makes of a network that falls silent. What it says and hears is tested by the transcripts.

import { expect, test } from "vitest";
import { ManualClock } from "../test/manual-clock.js";
import { type Exchange, ScriptedFetch } from "../test/scripted-fetch.js";
import { type ChannelStatus, ClientSession } from "./client-session.js";
import { jsonCodec } from "./frame-codec.js";
import { type CallListener, defaultLimits } from "./frame-session.js";

// A session with one call, which has just been opened, and its network.
async function opened(headers: () => Promise<[string, string][]> = async () => []) {
  const clock = new ManualClock();
  const network = new ScriptedFetch();
  const statuses: ChannelStatus[] = [];
  const session = new ClientSession({
    http: { baseUrl: "http://server", fetch: network.fetch, credentials: undefined, headers },
    codec: jsonCodec,
    limits: defaultLimits,
    clock,
    random: () => 1,
    connectTimeoutMs: 60_000,
    onStatus: (status) => statuses.push(status),
  });
  const listener: CallListener = { onFrame() {}, onWindow() {}, onSessionEnd() {} };
  session.openCall(listener, { method: "/a.B/C" }, false);
  await clock.settle();
  const requests = (method: string) => network.exchanges.filter(({ url }) => url.endsWith(`/${method}`));
  const push = async (exchange: Exchange, text: string) => {
    if (!exchange.answered) exchange.answer(200, "text/event-stream");
    exchange.push(new TextEncoder().encode(text));
    await clock.settle();
  };
  const reply = async (exchange: Exchange, body: object) => {
    exchange.answer(200, "application/json");
    exchange.push(new TextEncoder().encode(JSON.stringify(body)));
    exchange.end();
    await clock.settle();
  };
  return { clock, network, statuses, session, requests, push, reply };
}

// The same, when the server has answered Open.
async function established() {
  const world = await opened();
  const [open] = world.requests("Open");
  await world.push(open!, 'id: 1-0\ndata: {"session":{"id":"5e55","version":1,"epoch":"1","heartbeatMs":15000}}\n\n');
  return { ...world, open: open! };
}

test("no request tells the browser to forget that another origin has allowed it", async () => {
  const { network, clock, open, session } = await established();
  open.end();
  await clock.advance(1_000);
  session.close();
  await clock.settle();
  expect(network.exchanges.map(({ url, cache }) => [url.replace(/.*\//, ""), cache])).toEqual([
    ["Open", undefined],
    ["Send", undefined],
    ["Attach", undefined],
    ["Close", undefined],
  ]);
});

test("a Close without a reply is given up", async () => {
  const { clock, requests, session } = await established();
  session.close();
  await clock.advance(14_999);
  expect(requests("Close").map(({ abandoned }) => abandoned)).toEqual([false]);
  await clock.advance(1);
  expect(requests("Close").map(({ abandoned }) => abandoned)).toEqual([true]);
});

test("a Close with a reply leaves no timer behind", async () => {
  const { clock, requests, session, reply } = await established();
  await clock.advance(20_000);
  session.close();
  await clock.settle();
  const before = clock.timers;
  await reply(requests("Close")[0]!, {});
  expect(clock.timers).toBe(before - 1);
});

test("header fields that do not come hold nobody up for longer than an answer would", async () => {
  let asked = 0;
  const { clock, requests } = await opened(() => (++asked === 1 ? new Promise(() => undefined) : Promise.resolve([])));
  await clock.advance(2_999);
  expect(requests("Open")).toHaveLength(0);
  await clock.advance(1);
  expect(requests("Open")).toHaveLength(1);
});

test("a stream beside which POSTs get no reply is asked for in pieces", async () => {
  const { clock, open, push, requests, statuses } = await established();
  const heartbeat = setIntervalOf(clock, 5_000, () => void push(open, ": still there\n"));
  await clock.advance(31_000);
  heartbeat.stop();
  expect(requests("Send").slice(0, 2).map(({ abandoned }) => abandoned)).toEqual([true, true]);
  expect(open.abandoned).toBe(true);
  const [attach] = requests("Attach");
  expect(JSON.parse(new TextDecoder().decode(attach!.body))).toMatchObject({ maxMs: 10_000 });
  expect(statuses.at(-1)).toMatchObject({ state: "resuming", polling: true });
});

test("one POST without a reply does not make it so", async () => {
  const { clock, open, push, requests } = await established();
  const heartbeat = setIntervalOf(clock, 5_000, () => void push(open, ": still there\n"));
  await clock.advance(20_000);
  heartbeat.stop();
  expect(requests("Send").map(({ abandoned }) => abandoned)).toEqual([true, false]);
  expect(open.abandoned).toBe(false);
});

// Of streams: whether each was given up, and whether it was to be bounded.
function attaches(requests: Exchange[]): [abandoned: boolean, bounded: boolean][] {
  const maxMs = ({ body }: Exchange) => (JSON.parse(new TextDecoder().decode(body)) as { maxMs?: number }).maxMs;
  return requests.map((one) => [one.abandoned, maxMs(one) !== undefined]);
}

test("a stream without a first byte is given up soon, the next ones later, and so again", async () => {
  const { clock, open, requests } = await established();
  open.break(false);
  await clock.settle();
  // After each there is a pause: 100 ms, then 200, …
  for (const patience of [3_000, 6_000, 9_000, 3_000, 6_000]) {
    const { length } = requests("Attach");
    await clock.advance(patience - 1);
    expect(attaches(requests("Attach")).slice(length - 1)).toEqual([[false, false]]);
    await clock.advance(1);
    expect(requests("Attach")[length - 1]!.abandoned).toBe(true);
    while (requests("Attach").length === length) await clock.advance(100);
  }
});

test("a stream that breaks after its head is asked for again soon, though no byte of it was read", async () => {
  const { clock, open, requests } = await established();
  open.break(false);
  await clock.settle();
  for (let attempt = 1; attempt <= 8; ++attempt) {
    expect(requests("Attach")).toHaveLength(attempt);
    requests("Attach").at(-1)!.answer(200, "text/event-stream");
    requests("Attach").at(-1)!.break(false);
    await clock.advance(100);
  }
});

test("a stream without a head is asked for again later each time", async () => {
  const { clock, open, requests } = await established();
  open.break(false);
  await clock.settle();
  for (const pause of [100, 200, 400, 800, 1_600]) {
    const { length } = requests("Attach");
    requests("Attach").at(-1)!.break(false);
    await clock.advance(pause - 1);
    expect(requests("Attach")).toHaveLength(length);
    await clock.advance(1);
    expect(requests("Attach")).toHaveLength(length + 1);
  }
});

test("a byte says that the network is not slow", async () => {
  const { clock, open, push, requests } = await established();
  open.break(false);
  await clock.advance(3_100);
  expect(attaches(requests("Attach"))).toEqual([[true, false], [false, false]]);
  await push(requests("Attach")[1]!, ": ok\n");
  requests("Attach")[1]!.break(false);
  await clock.advance(3_100);
  expect(attaches(requests("Attach"))).toEqual([[true, false], [false, false], [true, false]]);
});

test("a stream that is held back is followed by a bounded one, which is answered at once; if not, all was silence", async () => {
  const { clock, requests, reply } = await established();
  await reply(requests("Send")[0]!, { ack: 1 });
  await clock.advance(3_000);
  await reply(requests("Send")[1]!, { ack: 2 });
  await clock.advance(3_000);
  expect(attaches(requests("Attach"))).toEqual([[false, true]]);
  await clock.advance(3_000);
  expect(attaches(requests("Attach"))).toEqual([[true, true]]);
  await clock.advance(100);
  expect(attaches(requests("Attach"))).toEqual([[true, true], [false, false]]);
});

function setIntervalOf(clock: ManualClock, ms: number, then: () => void): { stop: () => void } {
  let timer = clock.callAfter(ms, function again() {
    then();
    timer = clock.callAfter(ms, again);
  });
  return { stop: () => timer.cancel() };
}
