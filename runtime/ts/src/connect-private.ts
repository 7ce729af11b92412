// All that is used of connect-es beyond its public interface: what its own transports are made of. It does not follow
// semantic versioning; a change there is met here.

export { createMethodUrl, type UniversalClientFn } from "@connectrpc/connect/protocol";
export { codeFromString, createTransport as createConnectTransport } from "@connectrpc/connect/protocol-connect";
