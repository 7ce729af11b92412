// The control of one value that is no message of its own, and what is wrong with it.

import { type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { ComponentChildren } from "preact";
import type { Draft, MessageDraft } from "./draft.js";
import type { DraftErrors } from "./draft-json.js";
import { base64Of, bestForm, bytesOf, type BytesForm, bytesText, isNumber } from "./value-text.js";

export interface FormProps {
  errors: DraftErrors;
  changed: () => void;
}

const ids = new WeakMap<object, string>();
let lastId = 0;
// One for each draft, for labels.
export function idOf(draft: object): string {
  let id = ids.get(draft);
  if (id === undefined) ids.set(draft, (id = `field-${++lastId}`));
  return id;
}

export function Problem({ of, errors }: FormProps & { of: object }) {
  const text = errors.get(of);
  return text === undefined ? null : <p class="problem" id={`${idOf(of)}-problem`}>{text}</p>;
}

interface ControlProps extends FormProps {
  value: Exclude<Draft, MessageDraft>;
  label: string;
  // Whether the field is not there yet.
  unset?: boolean;
}

export function Control({ value, label, unset, ...props }: ControlProps) {
  const common = { id: idOf(value), "aria-label": label, "aria-invalid": props.errors.has(value), "aria-describedby": `${idOf(value)}-problem` };
  const problem = <Problem of={value} {...props} />;
  switch (value.kind) {
    case "text":
      return (
        <div class="field">
          <TextControl value={value} unset={unset ?? false} common={common} changed={props.changed} />
          {problem}
        </div>
      );
    case "bool":
      return (
        <input
          {...common}
          type="checkbox"
          class="switch"
          checked={value.value}
          onChange={(event) => {
            value.value = event.currentTarget.checked;
            props.changed();
          }}
        />
      );
    case "enum":
      return (
        <div class="field">
          <select
            {...common}
            value={value.text}
            onChange={(event) => {
              value.text = event.currentTarget.value;
              props.changed();
            }}
          >
            {value.desc.values.map(({ name, number }) => <option key={number} value={name}>{name}</option>)}
            {!value.desc.values.some(({ name }) => name === value.text) && <option value={value.text}>{value.text}</option>}
          </select>
          {problem}
        </div>
      );
    case "bytes":
      return <BytesControl value={value} common={common} changed={props.changed}>{problem}</BytesControl>;
    case "json":
      return (
        <div class="field">
          <textarea
            {...common}
            class="code"
            rows={Math.min(12, Math.max(2, value.text.split("\n").length))}
            spellcheck={false}
            value={value.text}
            placeholder={value.desc.typeName === "google.protobuf.Any" ? '{"@type": "type.googleapis.com/…"}' : "JSON"}
            onInput={(event) => {
              value.text = event.currentTarget.value;
              props.changed();
            }}
          />
          {problem}
        </div>
      );
  }
}

interface Common {
  id: string;
  "aria-label": string;
  "aria-invalid": boolean;
  "aria-describedby": string;
}

function TextControl({ value, unset, common, changed }: { value: Draft & { kind: "text" }; unset: boolean; common: Common; changed: () => void }) {
  const input = (text: string) => {
    value.text = text;
    changed();
  };
  const isString = value.type === ScalarType.STRING;
  if (isString && value.text.includes("\n")) {
    return <textarea {...common} rows={Math.min(10, value.text.split("\n").length)} value={value.text} onInput={(event) => input(event.currentTarget.value)} />;
  }
  const isTime = typeof value.type === "object" && value.type.typeName === "google.protobuf.Timestamp";
  return (
    <div class="line">
      <input
        {...common}
        type="text"
        class={isString ? "" : "code"}
        spellcheck={isString}
        autocomplete="off"
        inputMode={typeof value.type !== "object" && isNumber(value.type) ? "decimal" : "text"}
        placeholder={placeholderOf(value.type, unset)}
        value={value.text}
        onInput={(event) => input(event.currentTarget.value)}
        onKeyDown={(event) => {
          // A line end, which the field does not hold, makes it one that does.
          if (!isString || event.key !== "Enter" || !event.shiftKey) return;
          event.preventDefault();
          input(`${value.text}\n`);
        }}
      />
      {isTime && <button type="button" class="quiet small" onClick={() => input(new Date().toISOString())}>Now</button>}
    </div>
  );
}

function placeholderOf(type: ScalarType | DescMessage, unset: boolean): string {
  if (typeof type === "object") {
    if (type.typeName === "google.protobuf.Duration") return "1.5s, 200ms";
    return type.typeName === "google.protobuf.Timestamp" ? "2026-05-01T12:00:00Z" : "path, other.path";
  }
  if (unset) return "not set";
  return isNumber(type) ? "0" : "";
}

function BytesControl({ value, common, changed, children }: { value: Draft & { kind: "bytes" }; common: Common; changed: () => void; children: ComponentChildren }) {
  const take = (bytes: Uint8Array, form: BytesForm) => {
    value.form = form;
    value.text = bytesText(bytes, form);
    changed();
  };
  // The same bytes, written otherwise, where what stands there is right.
  const setForm = (form: BytesForm) => {
    try {
      const bytes = bytesOf(value.text, value.form);
      if (form === "text" && base64Of(bytesOf(bytesText(bytes, "text"), "text")) !== base64Of(bytes)) return take(bytes, value.form);
      take(bytes, form);
    } catch {
      value.form = form;
      changed();
    }
  };
  const readFile = async (file: File | undefined) => {
    if (file === undefined) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    take(bytes, bestForm(bytes));
  };
  return (
    <div class="field">
      <textarea
        {...common}
        class="code"
        rows={Math.min(8, Math.max(1, value.text.split("\n").length))}
        spellcheck={false}
        value={value.text}
        onInput={(event) => {
          value.text = event.currentTarget.value;
          changed();
        }}
      />
      <div class="line tools">
        <select aria-label={`How ${common["aria-label"]} is written`} value={value.form} onChange={(event) => setForm(event.currentTarget.value as BytesForm)}>
          <option value="text">text</option>
          <option value="base64">base64</option>
          <option value="hex">hex</option>
        </select>
        <label class="button quiet small">
          File…
          <input type="file" class="unseen" aria-label={`A file for ${common["aria-label"]}`} onChange={(event) => void readFile(event.currentTarget.files?.[0])} />
        </label>
      </div>
      {children}
    </div>
  );
}
