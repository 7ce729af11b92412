// Request is what the next message will say, as a form and as JSON: a change of one changes the other.

import { type DescMessage, fromJson, type JsonValue, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";
import { type Draft, draftOf } from "./draft.js";
import { draftFrom, type DraftErrors, jsonOf } from "./draft-json.js";

export class Request {
  draft: Draft;
  // What is wrong in the form.
  errors: DraftErrors = new Map();
  json = "{}";
  // What is wrong with the JSON; the form is then what the JSON said last.
  jsonError = "";
  // Counts changes.
  readonly version = signal(0);
  #message: Message | undefined;

  constructor(
    readonly desc: DescMessage,
    private readonly registry: Registry,
  ) {
    this.draft = draftOf(desc);
    this.formChanged();
  }

  // What is to be sent; nothing while something is wrong.
  get message(): Message | undefined {
    return this.#message;
  }

  // After the draft was changed.
  formChanged(): void {
    this.errors = new Map();
    this.jsonError = "";
    this.#message = undefined;
    const json = jsonOf(this.draft, this.registry, this.errors) ?? null;
    this.json = JSON.stringify(json, null, 2);
    if (this.errors.size === 0) {
      try {
        this.#message = fromJson(this.desc, json, { registry: this.registry });
      } catch (error) {
        this.errors.set(this.draft, (error as Error).message);
      }
    }
    this.version.value = this.version.peek() + 1;
  }

  setJson(text: string): void {
    this.json = text;
    this.jsonError = "";
    this.#message = undefined;
    try {
      const message = fromJson(this.desc, JSON.parse(text) as JsonValue, { registry: this.registry });
      this.draft = draftFrom(this.desc, toJson(this.desc, message, { registry: this.registry }));
      this.errors = new Map();
      this.#message = message;
    } catch (error) {
      this.jsonError = (error as Error).message;
    }
    this.version.value = this.version.peek() + 1;
  }

  clear(): void {
    this.draft = draftOf(this.desc);
    this.formChanged();
  }
}
