// What there is of each method, while the page is open: its request, its last call, what is plotted of it. It stays
// when another method is looked at, and so do calls.

import { type DescMethod, type JsonObject, toJson } from "@bufbuild/protobuf";
import { type Signal, signal } from "@preact/signals";
import { type CurlCall, curlCommand } from "../call/curl.js";
import { LiveCall } from "../call/live-call.js";
import { Request } from "../form/request.js";
import { firstMeasurement, numericFields, type NumericField } from "../plot/numeric-field.js";
import { History } from "../plot/history.js";
import { pathOf, type Schema } from "../schema.js";
import { baseUrl, type CallRoute, token, transport } from "./app-state.js";

// How often a page shows what has come.
const showMs = 80;
// What a curl command has room for.
const mostRequests = 40;

export interface MetadataEntry {
  id: number;
  name: string;
  value: string;
}

let lastEntry = 0;

export class MethodState {
  readonly request: Request;
  readonly view = signal<"form" | "json">("form");
  readonly metadata: Signal<MetadataEntry[]> = signal([]);
  readonly timeout = signal("");
  readonly route = signal<CallRoute>("auto");
  readonly call = signal<LiveCall | undefined>();
  // Changes when there is something to show.
  readonly tick = signal(0);
  // The number of the message that is looked at.
  readonly selected = signal<number | undefined>();
  readonly numeric: NumericField[];
  readonly plotted: Signal<string[]>;
  history = new History();

  #timer: ReturnType<typeof setTimeout> | undefined;
  #requests: string[] = [];

  constructor(
    readonly method: DescMethod,
    readonly schema: Schema,
  ) {
    this.request = new Request(method.input, schema.registry);
    this.numeric = this.streamsDown ? numericFields(method.output) : [];
    const first = firstMeasurement(this.numeric);
    this.plotted = signal(first === undefined ? [] : [first.path]);
  }

  get streamsUp(): boolean {
    return this.method.methodKind === "client_streaming" || this.method.methodKind === "bidi_streaming";
  }

  get streamsDown(): boolean {
    return this.method.methodKind === "server_streaming" || this.method.methodKind === "bidi_streaming";
  }

  // Takes what a link says.
  open(parameters: URLSearchParams): void {
    const json = parameters.get("request");
    if (json !== null) this.request.setJson(json);
    const plot = parameters.get("plot");
    if (plot !== null) this.plot(plot.split(",").filter((path) => this.numeric.some((field) => field.path === path)));
  }

  // A link to this method, with its request.
  link(): string {
    const parameters = new URLSearchParams();
    const { json, jsonError } = this.request;
    if (jsonError === "" && json !== "{}") parameters.set("request", JSON.stringify(JSON.parse(json)));
    if (this.plotted.value.length > 0) parameters.set("plot", this.plotted.value.join());
    const query = parameters.toString();
    return `${location.origin}${location.pathname}#/${pathOf(this.method)}${query === "" ? "" : `?${query}`}`;
  }

  addMetadata(): void {
    this.metadata.value = [...this.metadata.value, { id: ++lastEntry, name: "", value: "" }];
  }

  setMetadata(id: number, change: Partial<MetadataEntry>): void {
    this.metadata.value = this.metadata.value.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
  }

  removeMetadata(id: number): void {
    this.metadata.value = this.metadata.value.filter((entry) => entry.id !== id);
  }

  get header(): [string, string][] {
    return this.metadata.value.flatMap(({ name, value }) => (name.trim() === "" ? [] : [[name.trim(), value] as [string, string]]));
  }

  get timeoutMs(): number | undefined {
    const seconds = Number(this.timeout.value);
    return this.timeout.value.trim() === "" || !(seconds > 0) ? undefined : Math.round(seconds * 1000);
  }

  // What keeps a call from being made, in words.
  get problem(): string {
    for (const [name, value] of this.header) {
      try {
        new Headers([[name, value]]);
      } catch {
        return `metadata: "${name}" with this value cannot be a header field`;
      }
    }
    const timeout = this.timeout.value.trim();
    return timeout !== "" && this.timeoutMs === undefined ? "the time-out is a number of seconds" : "";
  }

  // Starts a call, and sends the request with it where `first` says so.
  start(first: boolean): void {
    const { message } = this.request;
    if ((first && message === undefined) || this.problem !== "") return;
    this.call.value?.cancel();
    this.history = new History();
    this.selected.value = undefined;
    this.#requests = [];
    const call = new LiveCall(this.method, transport(this.route.value), { header: this.header, timeoutMs: this.timeoutMs });
    call.onChange = () => this.#show();
    call.onMessage = ({ time, message }) => this.#remember(time, message);
    if (first) this.#send(call);
    if (!this.streamsUp) call.finish();
    this.call.value = call;
    void call.run();
  }

  send(): void {
    if (this.call.value !== undefined) this.#send(this.call.value);
  }

  #send(call: LiveCall): void {
    const { message, json } = this.request;
    if (message === undefined) return;
    if (this.#requests.length < mostRequests) this.#requests.push(JSON.stringify(JSON.parse(json)));
    call.send(message);
  }

  // What is plotted from now on, and of the messages that are still here.
  plot(paths: string[]): void {
    this.plotted.value = paths;
    this.history = new History();
    const messages = this.call.value?.messages;
    if (messages === undefined) return;
    for (let number = messages.first; number <= messages.count; ++number) {
      const { time, sent, message } = messages.at(number)!;
      if (!sent) this.#remember(time, message);
    }
    this.tick.value = this.tick.peek() + 1;
  }

  #remember(time: number, message: Parameters<NumericField["read"]>[0]): void {
    const paths = this.plotted.peek();
    if (paths.length === 0) return;
    const numbers = new Map<string, number>();
    for (const field of this.numeric) {
      if (paths.includes(field.path)) field.read(message, (label, value) => numbers.set(label, value));
    }
    this.history.add(time / 1000, numbers);
  }

  #show(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.tick.value = this.tick.peek() + 1;
    }, showMs);
  }

  // Of a message of this method, as it is shown: with fields that hold their defaults.
  json(number: number): JsonObject {
    const { sent, message } = this.call.value!.messages.at(number)!;
    const { registry } = this.schema;
    try {
      const json = toJson(sent ? this.method.input : this.method.output, message, { registry, alwaysEmitImplicit: true });
      return json as JsonObject;
    } catch (error) {
      // An Any of a type that nobody knows here.
      return { "(cannot be shown)": (error as Error).message };
    }
  }

  curl(): string {
    const { json, jsonError } = this.request;
    const now = jsonError === "" ? JSON.stringify(JSON.parse(json)) : "{}";
    const call: CurlCall = {
      url: `${baseUrl}${pathOf(this.method)}`,
      kind: this.method.methodKind,
      messages: this.#requests.length > 0 && this.streamsUp ? this.#requests : [now],
      header: this.header,
      timeoutMs: this.timeoutMs,
      token: token.value !== "",
    };
    return curlCommand(call);
  }

  // Whether a call has sent more than its curl command shows.
  get curlIsShort(): boolean {
    return this.streamsUp && (this.call.value?.sent ?? 0) > mostRequests;
  }
}

const states = new WeakMap<Schema, Map<string, MethodState>>();

export function stateOf(method: DescMethod, schema: Schema): MethodState {
  let known = states.get(schema);
  if (known === undefined) states.set(schema, (known = new Map()));
  let state = known.get(pathOf(method));
  if (state === undefined) known.set(pathOf(method), (state = new MethodState(method, schema)));
  return state;
}

// Methods whose calls are running.
export const running = signal<ReadonlySet<string>>(new Set());
