// The form of a message: a control for each field, by its type. It changes the draft in place, and tells `changed`.

import type { DescField, DescOneof } from "@bufbuild/protobuf";
import type { ComponentChildren } from "preact";
import { Comment, Icon } from "../page/elements.js";
import { commentOf } from "../schema.js";
import { Control, type FormProps, idOf, Problem } from "./control.js";
import {
  addEntry,
  addItem,
  choose,
  type Draft,
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
import { scalarName } from "./value-text.js";

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

function Singular({ member, ...props }: FormProps & { member: SingularDraft }) {
  const { field, value } = member;
  const row = { label: field.name, type: typeName(field), comment: commentOf(field), deprecated: field.deprecated };
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
  if (value.kind === "message") {
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
