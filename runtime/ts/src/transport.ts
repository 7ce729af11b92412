// createRunnelTransport makes a Transport for connect-es: clients made by `createClient` call Runnel servers with it,
// by all four kinds of call, from any browser.

import type { Transport } from "@connectrpc/connect";
import { type Channel, OwnChannel } from "./channel.js";
import { ChannelTransport } from "./channel-transport.js";
import type { ChannelStatus } from "./client-session.js";
import { type Clock, realClock } from "./clock.js";
import { directTransport } from "./direct.js";
import { jsonCodec, protoCodec } from "./frame-codec.js";
import { defaultLimits, type Limits } from "./frame-session.js";
import { canShare, SharedChannel } from "./shared-channel.js";
import type { RunnelTransportOptions } from "./transport-options.js";

export interface RunnelTransport extends Transport {
  // What the channel is doing. Direct calls leave it "idle".
  readonly status: ChannelStatus;
  // Ends all calls on the channel. The next one opens it again.
  close(): void;
}

// What tests put in the place of the world.
export interface World {
  clock: Clock;
  random: () => number;
  limits: Partial<Limits>;
}

export function createRunnelTransport(options: RunnelTransportOptions): RunnelTransport {
  return transportIn(options, { clock: realClock(), random: Math.random, limits: {} });
}

export function transportIn(options: RunnelTransportOptions, world: World): RunnelTransport {
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const fetch = options.fetch ?? globalThis.fetch;
  const clock = world.clock;
  const limits = { ...defaultLimits, ...world.limits };
  if (options.readMaxBytes !== undefined) limits.maxMessageBytes = options.readMaxBytes;
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  const { credentials } = options;
  const headers = async (): Promise<[string, string][]> => [...new Headers(await options.headers?.())];
  const codec = options.useBinaryFormat ? protoCodec : jsonCodec;
  const onStatus = (status: ChannelStatus) => options.onStatus?.(status);
  const own = () =>
    new OwnChannel({
      http: { baseUrl, fetch, credentials, headers },
      codec,
      limits,
      clock,
      random: world.random,
      connectTimeoutMs,
      onStatus,
    });
  let channel: Channel;
  if (options.shared !== false && options.fetch === undefined && canShare()) {
    channel = new SharedChannel({
      shared: { baseUrl: new URL(baseUrl, location.href).href.replace(/\/+$/, ""), codec: codec.name, credentials, limits, connectTimeoutMs },
      name: `runnel ${JSON.stringify([baseUrl, codec.name, credentials ?? "", options.sharedName ?? ""])}`,
      clock,
      headers: options.headers === undefined ? undefined : headers,
      onStatus,
      fallback: own,
    });
  } else {
    channel = own();
    globalThis.addEventListener?.("pagehide", ({ persisted }) => {
      if (!persisted) channel.close();
    });
  }
  const direct = directTransport({ ...options, baseUrl }, fetch, clock);
  const onChannel = new ChannelTransport({ ...options, baseUrl, connectTimeoutMs }, channel, clock);
  const unary = options.unary === "channel" ? onChannel : direct;
  const streams = options.streams === "direct" ? direct : onChannel;
  return {
    unary: unary.unary.bind(unary),
    stream: streams.stream.bind(streams),
    get status() {
      return channel.status;
    },
    close: () => channel.close(),
  };
}
