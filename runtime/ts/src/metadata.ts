// Metadata as fetch's Headers, and as frames have them.

import { decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import type { MetadataEntry } from "./frame.js";

export function metadataOf(headers: Headers): MetadataEntry[] {
  const entries: MetadataEntry[] = [];
  for (const [key, value] of headers) {
    if (!key.endsWith("-bin")) entries.push({ key, text: value });
    else for (const one of value.split(",")) entries.push({ key, binary: decodeBinaryHeader(one.trim()) });
  }
  return entries;
}

// Throws where they are no header fields.
export function appendMetadata(headers: Headers, entries: readonly MetadataEntry[]): Headers {
  for (const { key, text, binary } of entries) {
    headers.append(key, key.endsWith("-bin") ? encodeBinaryHeader(binary ?? new Uint8Array()) : (text ?? ""));
  }
  return headers;
}
