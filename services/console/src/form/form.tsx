// The form of a message: a control for each field, by its type. It changes the draft in place, and tells `changed`.

import { type DescField, type DescMessage, type DescOneof, ScalarType } from "@bufbuild/protobuf";
import type { ComponentChildren } from "preact";
import { Comment, Icon } from "../page/elements.js";
import { commentOf } from "../schema.js";
import {
  addEntry,
  addItem,
  choose,
  type Draft,
  type DraftErrors,
  hasPresence,
  type ListDraft,
  type MapDraft,
  type MemberDraft,
  type MessageDraft,
  type OneofDraft,
  setSingular,
  type SingularDraft,
  unset,
} from "./draft.js";
import { base64Of, bestForm, bytesOf, type BytesForm, bytesText, isNumber, scalarName } from "./value-text.js";

export interface FormProps {
  errors: DraftErrors;
  changed: () => void;
}

const ids = new WeakMap<object, string>();
let lastId = 0;
// One for each draft, for labels.
function idOf(draft: object): string {
  let id = ids.get(draft);
  if (id === undefined) ids.set(draft, (id = `field-${++lastId}`));
  return id;
}

export function Form({ draft, ...props }: FormProps & { draft: Draft }) {
  if (draft.kind !== "message") return <Row label="value" of={draft} type="" comment=""><Control value={draft} label="value" {...props} /></Row>;
  if (draft.members.length === 0) return <p class="empty">{draft.desc.name} has no fields.</p>;
  return <Members draft={draft} {...props} />;
}

function Members({ draft, ...props }: FormProps & { draft: MessageDraft }) {
  return (
    <div class="fields">
      {draft.members.map((member, at) => <Member key={at} member={member} {...props} />)}
      <Problem of={draft} {...props} />
    </div>
  );
}

function Member({ member, ...props }: FormProps & { member: MemberDraft }) {
  switch (member.kind) {
    case "singular":
      return <Singular member={member} {...props} />;
    case "oneof":
      return <Oneof member={member} {...props} />;
    case "list":
      return <List member={member} {...props} />;
    case "map":
      return <MapEntries member={member} {...props} />;
  }
}

// "repeated double", "map<string, int64>", "Join"
function typeName(field: DescField): string {
  const one = field.scalar !== undefined ? scalarName(field.scalar) : (field.enum ?? field.message)!.name;
  if (field.fieldKind === "list") return `repeated ${one}`;
  if (field.fieldKind === "map") return `map<${scalarName(field.mapKey)}, ${one}>`;
  return one;
}

interface RowProps {
  label: string;
  type: string;
  comment: string;
  // What the label is for; nothing where it is for a group of controls.
  of?: object;
  deprecated?: boolean;
  class?: string;
  // What stands behind the label.
  tools?: ComponentChildren;
  children: ComponentChildren;
}

function Row({ label, type, comment, of, deprecated, class: name = "", tools, children }: RowProps) {
  const words = (
    <>
      <span class={deprecated ? "name deprecated" : "name"}>{label}</span>
      {type !== "" && <span class="type">{type}</span>}
    </>
  );
  return (
    <div class={`row ${name}`} {...(of === undefined ? { role: "group", "aria-label": label } : {})}>
      {of === undefined ? <div class="label">{words}{tools}</div> : <label class="label" for={idOf(of)}>{words}</label>}
      <div class="control">
        {children}
        <Comment text={comment} class="hint" />
      </div>
    </div>
  );
}

function Problem({ of, errors }: FormProps & { of: object }) {
  const text = errors.get(of);
  return text === undefined ? null : <p class="problem" id={`${idOf(of)}-problem`}>{text}</p>;
}

function Singular({ member, ...props }: FormProps & { member: SingularDraft }) {
  const { field, value } = member;
  const row = { label: field.name, type: typeName(field), comment: commentOf(field), deprecated: field.deprecated };
  const message = field.fieldKind === "message" && (!member.set || value.kind === "message" || value.kind === "json");
  const asText = value.kind === "text";
  const optional = hasPresence(field);
  const set = () => {
    setSingular(member);
    props.changed();
  };
  const remove = () => {
    unset(member);
    props.changed();
  };
  const removeButton = (
    <button type="button" class="quiet icon-only" onClick={remove} aria-label={`Clear ${field.name}`} title="Not set">
      <Icon name="close" />
    </button>
  );
  if (optional && !member.set && !asText) {
    return (
      <Row {...row}>
        <button type="button" class="quiet add" onClick={set} aria-label={`Set ${field.name}`}><Icon name="plus" />Set</button>
      </Row>
    );
  }
  if (message && value.kind === "message") {
    return (
      <Row {...row} class="nested" tools={removeButton}>
        <div class="group">
          {value.members.length === 0 ? <p class="empty">{value.desc.name} has no fields.</p> : <Members draft={value} {...props} />}
        </div>
      </Row>
    );
  }
  const changed = () => {
    // Whoever types sets the field.
    member.set = true;
    props.changed();
  };
  return (
    <Row {...row} of={value}>
      <div class="line">
        <Control value={value} label={field.name} {...props} changed={changed} unset={optional && !member.set} />
        {optional && member.set && removeButton}
      </div>
    </Row>
  );
}

function Oneof({ member, ...props }: FormProps & { member: OneofDraft }) {
  const { oneof, chosen } = member;
  const field = oneof.fields.find(({ name }) => name === chosen);
  const pick = (name: string | undefined) => {
    choose(member, name);
    props.changed();
  };
  const value = chosen === undefined ? undefined : member.values.get(chosen)!;
  return (
    <Row label={oneof.name} type="one of" comment={commentOf(oneof as DescOneof)} class="nested">
      <div class="choices" role="radiogroup" aria-label={oneof.name}>
        {[undefined, ...oneof.fields].map((one) => (
          <label key={one?.name} class="choice" title={one === undefined ? "None of them" : typeName(one)}>
            <input type="radio" name={idOf(member)} checked={chosen === one?.name} onChange={() => pick(one?.name)} />
            <span>{one?.name ?? "none"}</span>
          </label>
        ))}
      </div>
      {field !== undefined && value !== undefined && (
        <div class="group">
          <Comment text={commentOf(field)} class="hint" />
          {value.kind === "message" ? (
            value.members.length === 0 ? <p class="empty">{value.desc.name} has no fields.</p> : <Members draft={value} {...props} />
          ) : (
            <div class="line"><Control value={value} label={field.name} {...props} /></div>
          )}
        </div>
      )}
    </Row>
  );
}

function List({ member, ...props }: FormProps & { member: ListDraft }) {
  const { field, items } = member;
  const add = () => {
    addItem(member);
    props.changed();
  };
  const remove = (id: number) => {
    member.items = items.filter((item) => item.id !== id);
    props.changed();
  };
  return (
    <Row label={field.name} type={typeName(field)} comment={commentOf(field)} deprecated={field.deprecated} class={items.length > 0 ? "nested" : ""}>
      {items.map(({ id, value }, at) => (
        <div class="item" key={id}>
          <span class="index">{at}</span>
          <Item value={value} label={`${field.name} ${at}`} {...props} />
          <button type="button" class="quiet icon-only" onClick={() => remove(id)} aria-label={`Remove ${field.name} ${at}`} title="Remove">
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" class="quiet add" onClick={add} aria-label={`Add to ${field.name}`}><Icon name="plus" />Add</button>
    </Row>
  );
}

function Item({ value, label, ...props }: FormProps & { value: Draft; label: string }) {
  if (value.kind !== "message") return <Control value={value} label={label} {...props} />;
  return <div class="group">{value.members.length === 0 ? <p class="empty">{value.desc.name} has no fields.</p> : <Members draft={value} {...props} />}</div>;
}

function MapEntries({ member, ...props }: FormProps & { member: MapDraft }) {
  const { field, entries } = member;
  const remove = (id: number) => {
    member.entries = entries.filter((entry) => entry.id !== id);
    props.changed();
  };
  const add = () => {
    addEntry(member);
    props.changed();
  };
  return (
    <Row label={field.name} type={typeName(field)} comment={commentOf(field)} deprecated={field.deprecated} class={entries.length > 0 ? "nested" : ""}>
      {entries.map((entry, at) => (
        <div class="item entry" key={entry.id}>
          <input
            class="key"
            type="text"
            value={entry.key}
            placeholder={scalarName(field.mapKey)}
            spellcheck={false}
            aria-label={`Key ${at} of ${field.name}`}
            aria-invalid={props.errors.has(entry)}
            onInput={(event) => {
              entry.key = event.currentTarget.value;
              props.changed();
            }}
          />
          <Item value={entry.value} label={`Value ${at} of ${field.name}`} {...props} />
          <button type="button" class="quiet icon-only" onClick={() => remove(entry.id)} aria-label={`Remove entry ${at} of ${field.name}`} title="Remove">
            <Icon name="close" />
          </button>
          <Problem of={entry} {...props} />
        </div>
      ))}
      <button type="button" class="quiet add" onClick={add} aria-label={`Add to ${field.name}`}><Icon name="plus" />Add</button>
    </Row>
  );
}

interface ControlProps extends FormProps {
  value: Draft;
  label: string;
  // Whether the field is not there yet.
  unset?: boolean;
}

function Control({ value, label, unset, ...props }: ControlProps) {
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
    case "message":
      return <Members draft={value} {...props} />;
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
