// What lives inside the server, as its service Debug tells: sessions, calls, streams.

import type { DescMethod, JsonObject } from "@bufbuild/protobuf";
import type { Schema } from "../schema.js";

// The method that tells, where the server has it.
export function insideOf(schema: Schema): DescMethod | undefined {
  return schema.registry.getService("runnel.v1.Debug")?.methods.find(({ methodKind }) => methodKind === "unary");
}

export function InsidePage({ schema }: { schema: Schema }) {
  void (schema as unknown as JsonObject);
  return null;
}
