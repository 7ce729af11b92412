// What has come of a call: its status, its messages, its metadata.

import { create, toJson } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "preact/hooks";
import type { CallDetail, CallStatus, LiveCall } from "../call/live-call.js";
import { base64Of } from "../form/value-text.js";
import { PlotCard } from "../plot/plot-card.js";
import type { Schema } from "../schema.js";
import { channelStatus } from "./app-state.js";
import { CopyButton, durationText, Json } from "./elements.js";
import { MessageTable } from "./message-table.js";
import type { MethodState } from "./method-state.js";

export function CallCard({ state }: { state: MethodState }) {
  const tick = state.tick.value;
  const call = state.call.value;
  const { method } = state;
  if (call === undefined) {
    return (
      <div class="answer">
        <section class="card hollow" aria-label="Response">
          <p>
            Nothing has been called yet. The answer is a <code>{method.output.name}</code>
            {state.streamsDown ? ", again and again: a stream" : ""}.
          </p>
          <p class="muted"><kbd>Ctrl</kbd> <kbd>Enter</kbd> calls.</p>
        </section>
      </div>
    );
  }
  const last = call.last;
  const plotted = state.plotted.value.length > 0 && (call.running || state.history.length > 0);
  return (
    <div class="answer">
      <section class="card" aria-label="Response">
        <header>
          <h2>Response</h2>
          <span class="type">{method.output.name}</span>
          <StatusChip call={call} tick={tick} />
        </header>
        <Figures call={call} tick={tick} />
        {call.status !== undefined && call.status.code !== "ok" && <Failure status={call.status} schema={state.schema} />}
        {!state.streamsDown && last !== undefined && (
          <div class="result">
            <Json value={state.json(last.number)} />
            <CopyButton text={() => JSON.stringify(state.json(last.number), null, 2)} label="Copy the response" />
          </div>
        )}
        <Fields title="Headers" headers={call.header} />
        <Fields title="Trailers" headers={call.trailer} />
      </section>
      {plotted && <PlotCard state={state} />}
      {(state.streamsDown || state.streamsUp) && <MessageTable key={String(call.start)} state={state} />}
      {!plotted && <PlotCard state={state} />}
    </div>
  );
}

// A call is one object from start to end: `tick` changes when it does.
interface CallProps {
  call: LiveCall;
  tick: number;
}

function StatusChip({ call }: CallProps) {
  if (call.status === undefined) {
    const { state } = channelStatus.value;
    const waiting = call.header === undefined && state !== "connected" && state !== "idle";
    return <span class="chip status running" role="status">{waiting ? state : call.finished || call.sent === 0 ? "running" : "open"}</span>;
  }
  const { code } = call.status;
  return <span class={`chip status ${code === "ok" ? "ok" : code === "canceled" ? "canceled" : "failed"}`} role="status">{code}</span>;
}

function Figures({ call }: CallProps) {
  const [, beat] = useState(0);
  const { running } = call;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => beat((count) => count + 1), 200);
    return () => clearInterval(timer);
  }, [running]);
  const figures: [string, string][] = [["time", durationText(call.elapsed)]];
  if (call.firstAfter !== undefined && call.method.methodKind !== "unary") figures.push(["first message", durationText(call.firstAfter)]);
  if (call.method.methodKind === "client_streaming" || call.method.methodKind === "bidi_streaming") figures.push(["sent", call.sent.toLocaleString("en")]);
  if (call.method.methodKind === "server_streaming" || call.method.methodKind === "bidi_streaming") {
    figures.push(["received", call.received.toLocaleString("en")]);
    if (call.received > 1 && call.elapsed > 500) figures.push(["messages/s", (call.received / (call.elapsed / 1_000)).toFixed(1)]);
  }
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Failure({ status, schema }: { status: CallStatus; schema: Schema }) {
  return (
    <div class={`failure ${status.code === "canceled" ? "mild" : ""}`} role="alert">
      <p>{status.message === "" ? "The server gave no message." : status.message}</p>
      {status.reason !== "" && <p class="muted">Reason: <code>{status.reason}</code></p>}
      {status.details.map((detail, at) => <Detail key={at} detail={detail} schema={schema} />)}
    </div>
  );
}

function Detail({ detail, schema }: { detail: CallDetail; schema: Schema }) {
  const { registry } = schema;
  const any = create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value });
  const message = registry.getMessage(detail.type) === undefined ? undefined : anyUnpack(any, registry);
  return (
    <div class="error-detail">
      <h4>{detail.type}</h4>
      {message === undefined ? <pre tabIndex={0}>{base64Of(detail.value)}</pre> : <Json value={toJson(registry.getMessage(detail.type)!, message, { registry })} />}
    </div>
  );
}

function Fields({ title, headers }: { title: string; headers: Headers | undefined }) {
  const entries = headers === undefined ? [] : [...headers];
  if (entries.length === 0) return null;
  return (
    <details class="headers">
      <summary>{title}<span class="count">{entries.length}</span></summary>
      <table>
        <tbody>
          {entries.map(([name, value], at) => (
            <tr key={at}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
