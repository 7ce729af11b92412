// What the whole page knows: the server's schema, who calls, where the page is, how it looks.

import { effect, signal } from "@preact/signals";
import { type ChannelStatus, createRunnelTransport, type RunnelTransport } from "@runnel/web";
import { fetchSchema, type Schema, SchemaError, schemaFrom } from "../schema.js";

// The console is served in a folder of the server: "http://127.0.0.1:8080/console/".
export const baseUrl = new URL("../", document.baseURI).href;

export const schema = signal<Schema | undefined>();
export const schemaError = signal<SchemaError | undefined>();
// In place of the server's own, when it has none.
export const schemaFile = signal("");

export const token = signal(sessionStorage.getItem("runnel-token") ?? "");
effect(() => {
  if (token.value === "") sessionStorage.removeItem("runnel-token");
  else sessionStorage.setItem("runnel-token", token.value);
});

export type Theme = "system" | "light" | "dark";
export const theme = signal<Theme>((localStorage.getItem("runnel-theme") as Theme | null) ?? "system");
effect(() => {
  localStorage.setItem("runnel-theme", theme.value);
  document.documentElement.dataset["theme"] = theme.value;
});

// Changes when colours do.
export const look = signal(0);
effect(() => {
  void theme.value;
  look.value = look.peek() + 1;
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (look.value = look.peek() + 1));

// "#/examples.chat.v1.Chat/Converse?request=…": a method, or a service, or "inside", or nothing.
export interface Place {
  path: string;
  parameters: URLSearchParams;
}

function placeOf(hash: string): Place {
  const text = hash.replace(/^#\/?/, "");
  const question = text.indexOf("?");
  const path = question < 0 ? text : text.slice(0, question);
  return { path: decodeURIComponent(path), parameters: new URLSearchParams(question < 0 ? "" : text.slice(question)) };
}

export const place = signal<Place>(placeOf(location.hash));
addEventListener("hashchange", () => (place.value = placeOf(location.hash)));

export function headers(): Record<string, string> {
  return token.value === "" ? {} : { authorization: `Bearer ${token.value}` };
}

export async function loadSchema(): Promise<void> {
  try {
    schema.value = await fetchSchema(baseUrl, headers());
    schemaError.value = undefined;
  } catch (error) {
    schemaError.value = error instanceof SchemaError ? error : new SchemaError((error as Error).message, -1);
  }
  forgetTransports();
}

export async function openSchemaFile(file: File): Promise<void> {
  try {
    schema.value = schemaFrom(new Uint8Array(await file.arrayBuffer()));
    schemaFile.value = file.name;
    schemaError.value = undefined;
  } catch (error) {
    schemaError.value = new SchemaError(`${file.name} is no descriptor set: ${(error as Error).message}`, -1);
  }
  forgetTransports();
}

// How a call travels; "auto" is direct for unary calls, and on the channel for streams.
export type CallRoute = "auto" | "direct" | "channel";

export const channelStatus = signal<ChannelStatus>({ state: "idle", polling: false });
const transports = new Map<CallRoute, RunnelTransport>();

export function transport(route: CallRoute): RunnelTransport {
  let made = transports.get(route);
  if (made === undefined) {
    made = createRunnelTransport({
      baseUrl,
      ...(route === "auto" ? {} : { unary: route, streams: route }),
      headers,
      // A channel belongs to who opened it.
      sharedName: `console ${shortHash(token.value)}`,
      jsonOptions: schema.value === undefined ? {} : { registry: schema.value.registry },
      readMaxBytes: 64 << 20,
      onStatus: (status) => (channelStatus.value = status),
    });
    transports.set(route, made);
  }
  return made;
}

export function forgetTransports(): void {
  for (const one of transports.values()) one.close();
  transports.clear();
  channelStatus.value = { state: "idle", polling: false };
}

function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  return hash.toString(36);
}
