// What an application says when it makes a transport.

import type { BinaryReadOptions, BinaryWriteOptions, JsonReadOptions, JsonWriteOptions } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { ChannelStatus } from "./client-session.js";

// Whether calls travel on the channel, or by themselves.
export type Route = "channel" | "direct";

export interface RunnelTransportOptions {
  // The server's origin, and the path before its services, if there is one: "https://api.example.com".
  baseUrl: string;
  // Unary calls are "direct" where nothing is said; streams take the "channel". What a browser cannot do by itself,
  // such as client streams that are read while they run, needs it.
  unary?: Route;
  streams?: Route;
  // Binary messages instead of JSON.
  useBinaryFormat?: boolean;
  // Direct unary calls without side effects by GET, so that caches can answer them.
  useHttpGet?: boolean;
  interceptors?: Interceptor[];
  jsonOptions?: Partial<JsonReadOptions & JsonWriteOptions>;
  binaryOptions?: Partial<BinaryReadOptions & BinaryWriteOptions>;
  // For calls that say nothing themselves.
  defaultTimeoutMs?: number;
  // The largest message that is taken (4 MiB).
  readMaxBytes?: number;
  // Header fields of every HTTP request, the channel's own too: who calls.
  headers?: () => HeadersInit | Promise<HeadersInit>;
  // As fetch has it: "include" sends cookies to another origin.
  credentials?: RequestCredentials;
  // Whether the pages of this origin share one channel, by a SharedWorker. True where there are such; false keeps the
  // channel to this page.
  shared?: boolean;
  // Pages share a channel only where they say the same: the name of who is logged in, for instance.
  sharedName?: string;
  // How long calls wait for a server that cannot be reached before they fail (10,000).
  connectTimeoutMs?: number;
  // Told of every change of the channel.
  onStatus?: (status: ChannelStatus) => void;
  // In place of the global one. The channel is not shared then.
  fetch?: typeof globalThis.fetch;
}
