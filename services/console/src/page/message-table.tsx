// The messages of a stream as a table. Only the rows that are seen are made, however many there are.

import type { JsonObject } from "@bufbuild/protobuf";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clockText } from "./clock.js";
import { type Column, columnsOf } from "./columns.js";
import { CopyButton, Icon, Json } from "./elements.js";
import type { MethodState } from "./method-state.js";

const rowHeight = 28;
const headHeight = 30;

// Columns that have had something in them, of each direction. They stay.
interface Shown {
  call: object;
  filled: Set<Column>;
}

export function MessageTable({ state }: { state: MethodState }) {
  void state.tick.value;
  const call = state.call.value!;
  const { messages } = call;
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(300);
  const follow = useRef(true);
  const lastTop = useRef(0);
  const down = useMemo(() => columnsOf(state.method.output), [state]);
  const up = useMemo(() => (state.streamsUp ? columnsOf(state.method.input) : []), [state]);
  const shown = useRef<Shown>();
  if (shown.current?.call !== call) shown.current = { call, filled: new Set() };

  useEffect(() => {
    const observer = new ResizeObserver(() => setHeight(scroller.current!.clientHeight));
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = scroller.current!;
    if (follow.current) element.scrollTop = element.scrollHeight;
  });

  const { first, count } = messages;
  // The message in the top row. It stays while somebody reads further up, although messages are dropped meanwhile.
  const base = useRef(first);
  if (follow.current || base.current > count) base.current = first;
  const fromRow = follow.current ? Math.max(0, count - first + 1 - Math.ceil(height / rowHeight)) : Math.max(0, Math.floor(top / rowHeight) - 2);
  const rows: { number: number; time: number; sent: boolean; json: JsonObject }[] = [];
  for (let number = Math.max(first, base.current + fromRow); number <= count && rows.length * rowHeight < height + 4 * rowHeight; ++number) {
    const { time, sent } = messages.at(number)!;
    rows.push({ number, time, sent, json: state.json(number) });
  }
  const columns = visible(rows, down, up, shown.current.filled);
  const selected = state.selected.value;
  const select = (number: number) => {
    follow.current = false;
    const within = Math.min(count, Math.max(first, number));
    state.selected.value = within;
    const element = scroller.current!;
    const at = (within - base.current) * rowHeight;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowHeight + headHeight > element.scrollTop + element.clientHeight) element.scrollTop = at + rowHeight + headHeight - element.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.floor(height / rowHeight) - 1;
    const steps: { [key: string]: number } = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -count, End: count };
    if (event.key === "Escape") state.selected.value = undefined;
    const step = steps[event.key];
    if (step === undefined || count === 0) return;
    event.preventDefault();
    if (event.key === "End") follow.current = true;
    const at = state.selected.value ?? (step > 0 ? first - 1 : count + 1);
    select(at + step);
  };
  const onScroll = () => {
    const element = scroller.current!;
    // More may have come between a scroll and its event, so that the end is elsewhere: only whoever goes up leaves it.
    if (element.scrollTop < lastTop.current) follow.current = false;
    if (element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight) follow.current = true;
    lastTop.current = element.scrollTop;
    setTop(element.scrollTop);
  };
  const template = ["3.4rem", "6.4rem", ...columns.map(widthOf)].join(" ");
  const selectedMessage = selected === undefined ? undefined : messages.at(selected);

  return (
    <section class="card messages" aria-label="Messages">
      <header>
        <h3>Messages</h3>
        <span class="muted">
          {count.toLocaleString("en")}
          {first > 1 && `, the last ${messages.size.toLocaleString("en")} are kept`}
        </span>
        {!follow.current && call.running && (
          <button
            type="button"
            class="quiet small"
            onClick={() => {
              follow.current = true;
              state.tick.value = state.tick.peek() + 1;
            }}
          >
            <Icon name="down" />Newest
          </button>
        )}
      </header>
      <div
        class="table"
        ref={scroller}
        role="grid"
        tabIndex={0}
        aria-label="Messages"
        aria-rowcount={count + 1}
        aria-activedescendant={selected === undefined ? undefined : `message-${selected}`}
        onKeyDown={onKeyDown}
        onScroll={onScroll}
      >
        <div class="table-head" role="row" style={{ gridTemplateColumns: template }}>
          <span role="columnheader">#</span>
          <span role="columnheader">at</span>
          {columns.map(({ path, number }) => <span role="columnheader" key={path} class={number ? "number" : ""} title={path}>{path}</span>)}
        </div>
        <div class="table-space" style={{ height: `${(count - base.current + 1) * rowHeight}px` }}>
          {rows.map(({ number, time, sent, json }) => (
            <div
              role="row"
              id={`message-${number}`}
              key={number}
              class={`table-row ${sent ? "sent" : ""}`}
              aria-rowindex={number + 1}
              aria-selected={number === selected}
              style={{ gridTemplateColumns: template, transform: `translateY(${(number - base.current) * rowHeight}px)` }}
              onClick={() => select(number)}
            >
              <span role="gridcell" class="dim">
                {state.streamsUp && <i class="way" title={sent ? "sent" : "received"}><Icon name={sent ? "up" : "down"} /></i>}
                {number}
              </span>
              <span role="gridcell" class="dim">{clockText(new Date(time))}</span>
              {columns.map((column) => (
                <span role="gridcell" key={column.path} class={column.number ? "number" : ""}>{cellOf(column, sent ? up : down, json)}</span>
              ))}
            </div>
          ))}
        </div>
        {count === 0 && <p class="empty">{call.running ? "Nothing has come yet." : "No messages."}</p>}
      </div>
      {selectedMessage !== undefined && (
        <div class="detail">
          <header>
            <h4>{selectedMessage.sent ? "Sent" : "Received"} message {selected}</h4>
            <CopyButton text={() => JSON.stringify(state.json(selected!), null, 2)} label="Copy the message" />
            <button type="button" class="quiet icon-only" aria-label="Close the message" onClick={() => (state.selected.value = undefined)}><Icon name="close" /></button>
          </header>
          <Json value={state.json(selected!)} />
        </div>
      )}
      {selected !== undefined && selectedMessage === undefined && <p class="empty">Message {selected} is no longer kept.</p>}
    </section>
  );
}

// A column of the other direction is empty, but for one that has the same name.
function cellOf(column: Column, own: Column[], json: JsonObject): string {
  const found = own.find(({ path }) => path === column.path);
  return found === undefined ? "" : found.text(json);
}

function visible(rows: { sent: boolean; json: JsonObject }[], down: Column[], up: Column[], filled: Set<Column>): Column[] {
  for (const { sent, json } of rows) {
    for (const column of sent ? up : down) if (!filled.has(column) && column.text(json) !== "") filled.add(column);
  }
  const columns = down.filter((column) => filled.has(column));
  for (const column of up) {
    if (filled.has(column) && !columns.some(({ path }) => path === column.path)) columns.push(column);
  }
  return columns;
}

function widthOf({ path, number }: Column): string {
  // What a oneof says is a line of any length.
  if (path.endsWith(" says")) return "24rem";
  return `${Math.min(22, Math.max(path.length * 0.5 + 0.6, number ? 5 : 8)).toFixed(2)}rem`;
}
