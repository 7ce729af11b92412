// What the tests use in a page, as `window.calls`.

import { createClient as createConnectClient, ConnectError } from "@connectrpc/connect";
import { createClient, createRunnelTransport, type RunnelTransport, type RunnelTransportOptions } from "@runnel/web";
import { Traffic } from "./gen/traffic_pb.js";

const payloadOf = (index: number, size: number) => new Uint8Array(size).fill(index);

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

// A source of numbers that a seed repeats (mulberry32).
function diceOf(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) % sides) | 0;
  };
}

type Client = ReturnType<typeof createClient<typeof Traffic>>;

// One call of each kind; each throws where anything is lost, doubled, out of order or another than it was.
const kinds = {
  async unary(client: Client, index: number, size: number): Promise<void> {
    const reply = await client.echo({ index, payload: payloadOf(index, size) });
    check(reply.index === index && reply.payload.length === size, "another item came back");
  },
  async down(client: Client, count: number, size: number): Promise<void> {
    let next = 0;
    for await (const item of client.down({ count, size })) {
      check(item.index === next++ && item.payload.length === size, `item ${item.index} came, not ${next - 1}`);
    }
    check(next === count, `${next} items came, not ${count}`);
  },
  async up(client: Client, count: number, size: number): Promise<void> {
    const summary = await client.up(items(count, size));
    check(summary.inOrder, "items came out of order");
    check(summary.count === count, `${summary.count} items came, not ${count}`);
    check(Number(summary.bytes) === count * size, `${summary.bytes} bytes came`);
  },
  async both(client: Client, count: number, size: number): Promise<void> {
    let next = 0;
    for await (const item of client.both(items(count, size))) {
      const same = item.payload.length === size && item.payload.every((byte) => byte === (next & 255));
      check(item.index === next++ && same, `item ${item.index} came, not ${next - 1}`);
    }
    check(next === count, `${next} items came, not ${count}`);
  },
};

async function* items(count: number, size: number) {
  for (let index = 0; index < count; ++index) yield { index, payload: payloadOf(index, size) };
}

// A few calls at once, drawn by the seed.
async function randomRun(client: Client, seed: number): Promise<void> {
  const dice = diceOf(seed);
  const drawn = Array.from({ length: 1 + dice(4) }, async () => {
    const kind = (["unary", "down", "up", "both"] as const)[dice(4)]!;
    const size = [0, 10, 1_000, 20_000, 150_000][dice(5)]!;
    const count = kind === "unary" ? dice(256) : 1 + dice(size > 10_000 ? 5 : 60);
    try {
      await kinds[kind](client, count, size);
    } catch (error) {
      throw new Error(`${kind} of ${count} items of ${size} bytes: ${String(error)}`);
    }
  });
  const results = await Promise.allSettled(drawn);
  for (const result of results) if (result.status === "rejected") throw result.reason as Error;
}

// What an error says.
function failureOf(error: unknown): { code: number; message: string } {
  const { code, rawMessage } = ConnectError.from(error);
  return { code, message: rawMessage };
}

const calls = {
  statuses: [] as string[],
  connect(options: RunnelTransportOptions): { transport: RunnelTransport; client: Client; connectClient: Client } {
    const onStatus = (status: { state: string }) => void calls.statuses.push(status.state);
    const transport = createRunnelTransport({ onStatus, ...options });
    const connectClient = createConnectClient(Traffic, transport) as Client;
    return { transport, client: createClient(Traffic, transport), connectClient };
  },
  kinds,
  randomRun,
  failureOf,
  items,
};

declare global {
  interface Window {
    calls: typeof calls;
  }
}
window.calls = calls;
