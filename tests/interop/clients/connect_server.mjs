// InteropService, but for Feed, as Connect's server for Node.js serves it over HTTP/1.1: interop.proto
// says what it does. Besides, the header x-request-method says by which method of HTTP a call came.
// Prints "listening at URL" and serves until it is terminated.
//
// Usage: node connect_server.mjs [TLS]
//   TLS  the folder that tests/interop/certificates has filled: over TLS then, to clients that show a
//        certificate

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { createRegistry } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createContextKey, createContextValues, decodeBinaryHeader } from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { InteropService, NoteSchema } from "./gen/interop_pb.js";

const [tls] = process.argv.slice(2);

const socketKey = createContextKey(undefined); // that a call came by

const registry = createRegistry(NoteSchema, DurationSchema);

function errorOf(error) {
  const connectError = new ConnectError(error.message, error.code);
  connectError.details = error.details.map((any) => {
    const type = any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1);
    return { type, value: any.value };
  });
  return connectError;
}

async function pause(milliseconds, { signal }) {
  if (milliseconds === 0) return;
  await delay(milliseconds, undefined, { signal }).catch(() => {
    throw signal.reason; // a ConnectError: the deadline, or the client has gone
  });
}

// Makes the responses of one call.
class Answer {
  constructor(context) {
    this.context = context;
    this.number = 0;
    this.requests = 0;
    this.first = { metadata: [] };
    context.responseHeader.set("x-request-method", context.requestMethod);
    context.requestHeader.forEach((value, name) => {
      this.first.metadata.push(
        name.endsWith("-bin") ? { name, binary: decodeBinaryHeader(value) } : { name, value },
      );
      if (!name.startsWith("x-echo-")) return;
      context.responseHeader.set(name, value);
      context.responseTrailer.set(name, value);
    });
    const left = context.timeoutMs();
    if (left !== undefined) this.first.timeoutMs = BigInt(Math.trunc(left));
    const socket = context.values.get(socketKey);
    this.first.peer = `${socket.remoteAddress}:${socket.remotePort}`;
    if (tls !== undefined) this.first.principal = socket.getPeerCertificate().subject.CN;
  }

  async next(request) {
    await pause(request.plan?.delayMs ?? 0, this.context);
    const size = request.plan?.size ?? 0;
    const response = {
      ...this.first,
      text: request.text,
      payload: size === 0 ? request.payload : new Uint8Array(size).fill("x".charCodeAt(0)),
      number: this.number++,
      requests: this.requests,
    };
    this.first = {};
    return response;
  }

  async one(request) {
    ++this.requests;
    const error = request.plan?.error;
    if (!error?.code) return this.next(request);
    await pause(request.plan.delayMs, this.context);
    throw errorOf(error);
  }

  async *many(request) {
    ++this.requests;
    const count = request.plan?.count ?? 1;
    for (let i = 0; i < count; ++i) yield await this.next(request);
    if (count === 0) await pause(request.plan.delayMs, this.context);
    if (request.plan?.error?.code) throw errorOf(request.plan.error);
  }
}

async function clientStream(requests, context) {
  const answer = new Answer(context);
  let text = "";
  const payloads = [];
  let plan;
  for await (const request of requests) {
    if (answer.requests++ === 0) plan = request.plan;
    if (request.plan?.error?.code) throw errorOf(request.plan.error);
    text += request.text;
    payloads.push(request.payload);
  }
  if (answer.requests === 0) throw new ConnectError("there was no request", Code.InvalidArgument);
  return answer.next({ text, payload: new Uint8Array(Buffer.concat(payloads)), plan });
}

const service = {
  unary: (request, context) => new Answer(context).one(request),
  unaryGet: (request, context) => new Answer(context).one(request),
  serverStream: (request, context) => new Answer(context).many(request),
  serverStreamGet: (request, context) => new Answer(context).many(request),
  clientStream,
  async *bidi(requests, context) {
    const answer = new Answer(context);
    for await (const request of requests) yield* answer.many(request);
  },
};

const adapter = connectNodeAdapter({
  routes: (router) => router.service(InteropService, service),
  contextValues: ({ socket }) => createContextValues().set(socketKey, socket),
  jsonOptions: { registry },
  acceptCompression: [compressionGzip],
  readMaxBytes: 4 * 1024 * 1024,
  grpc: false,
  grpcWeb: false,
});
function serve(request, response) {
  // Connect's server refuses bidi calls over HTTP/1.1 (505), half-duplex ones too, which would work:
  // with this header it does not learn of the version.
  if (request.headers["x-half-duplex"] !== undefined) request.httpVersion = "2.0";
  adapter(request, response);
}

function secured() {
  const read = (name) => readFileSync(`${tls}/${name}`);
  const files = { cert: read("server.pem"), key: read("server.key"), ca: read("client-ca.pem") };
  return https.createServer({ ...files, requestCert: true }, serve);
}

const server = tls === undefined ? http.createServer(serve) : secured();
server.listen(0, "127.0.0.1", () => {
  console.log(`listening at ${tls === undefined ? "http" : "https"}://127.0.0.1:${server.address().port}`);
});
process.on("SIGTERM", () => process.exit(0));
