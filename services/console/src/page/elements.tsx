// Small things that pages are made of.

import type { JsonValue } from "@bufbuild/protobuf";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

// Shapes of 16 by 16, drawn in lines.
const shapes = {
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  copy: "M6 6h7v7H6zM3 10V3h7",
  check: "M3 8.5l3.5 3.5L13 4.5",
  key: "M10.5 9a3.5 3.5 0 1 0-3.3-2.4L2 12v2h3v-2h2v-2l1.2-1.2c.7.2 1.5.2 2.3.2z",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  screen: "M2 3h12v8H2zM6 14h4M8 11v3",
  link: "M7 9a2.5 2.5 0 0 0 3.6 0l2.3-2.4a2.5 2.5 0 0 0-3.6-3.6L8.5 4M9 7a2.5 2.5 0 0 0-3.6 0L3.1 9.4a2.5 2.5 0 0 0 3.6 3.6L7.5 12",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  play: "M5 3l8 5-8 5z",
  stop: "M4 4h8v8H4z",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
};

export function Icon({ name }: { name: keyof typeof shapes }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

interface CopyProps {
  text: () => string;
  label: string;
  link?: boolean;
}

export function CopyButton({ text, label, link = false }: CopyProps) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <button type="button" class="quiet small" onClick={() => void copy()} aria-label={label} title={label}>
      <Icon name={copied ? "check" : link ? "link" : "copy"} />
      <span aria-live="polite">{copied ? "Copied" : link ? "Copy link" : "Copy"}</span>
    </button>
  );
}

// The comment of a .proto: paragraphs, `code`, and lines that are indented as they stand.
export function Comment({ text, class: name = "" }: { text: string; class?: string }) {
  if (text === "") return null;
  return (
    <div class={`comment ${name}`}>
      {text.split(/\n\s*\n/).map((part, at) =>
        part.split("\n").every((line) => /^\s{2,}|^$/.test(line)) ? <pre key={at}>{part}</pre> : <p key={at}>{inCode(part)}</p>,
      )}
    </div>
  );
}

function inCode(text: string): ComponentChildren {
  return text.split(/(`[^`]+`)/).map((part) => (/^`.+`$/.test(part) ? <code>{part.slice(1, -1)}</code> : part));
}

// JSON in colours.
export function Json({ value }: { value: JsonValue }) {
  const text = JSON.stringify(value, null, 2);
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|-?\d[\d.eE+-]*|true|false|null/g)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    const [all, string, colon] = match;
    const name = string === undefined ? (/^[tfn]/.test(all) ? "word" : "number") : colon === undefined ? "string" : "name";
    parts.push(<span class={`json-${name}`}>{string ?? all}</span>, colon ?? "");
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return <pre class="json" tabIndex={0}>{parts}</pre>;
}

const kindNames = {
  unary: "unary",
  server_streaming: "server stream",
  client_streaming: "client stream",
  bidi_streaming: "bidi stream",
};

export function KindChip({ kind }: { kind: keyof typeof kindNames }) {
  return <span class={`chip kind ${kind}`}>{kindNames[kind]}</span>;
}

export function durationText(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(milliseconds / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
