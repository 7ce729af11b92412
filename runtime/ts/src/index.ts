export { createClient } from "./client.js";
export { createRunnelTransport } from "./transport.js";
export type { RunnelTransport } from "./transport.js";
export type { Route, RunnelTransportOptions } from "./transport-options.js";
export type { ChannelState, ChannelStatus } from "./client-session.js";
export { reasonOf } from "./status.js";
