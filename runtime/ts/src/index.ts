export { createClient } from "./client.js";
export { createRunnelTransport } from "./transport.js";
export type { Route, RunnelTransport, RunnelTransportOptions } from "./transport.js";
export type { ChannelState, ChannelStatus } from "./client-session.js";
export { reasonOf } from "./status.js";
