// A method: its comment, its request, its call.

import type { DescMethod } from "@bufbuild/protobuf";
import { useEffect } from "preact/hooks";
import { Form } from "../form/form.js";
import { commentOf, type Schema } from "../schema.js";
import { type CallRoute, place } from "./app-state.js";
import { CallCard } from "./call-card.js";
import { Comment, CopyButton, Icon, KindChip } from "./elements.js";
import { type MethodState, stateOf } from "./method-state.js";

export function MethodPage({ method, schema }: { method: DescMethod; schema: Schema }) {
  const state = stateOf(method, schema);
  const { parameters } = place.value;
  useEffect(() => {
    if (parameters.size > 0) state.open(parameters);
  }, [state, parameters]);
  useEffect(() => {
    document.title = `${method.name} · Runnel`;
  }, [method]);
  return (
    <div class="method" key={method.toString()}>
      <header class="method-head">
        <a class="service" href={`#/${method.parent.typeName}`}>{method.parent.typeName}</a>
        <h1>
          {method.name} <KindChip kind={method.methodKind} />
          {method.deprecated && <span class="chip deprecated">deprecated</span>}
        </h1>
        <Comment text={commentOf(method)} />
      </header>
      <div class="columns">
        <RequestCard state={state} />
        <CallCard state={state} />
      </div>
    </div>
  );
}

function RequestCard({ state }: { state: MethodState }) {
  const { request, method } = state;
  void request.version.value;
  void state.tick.value;
  const json = state.view.value === "json";
  const call = state.call.value;
  const running = call?.running ?? false;
  const sending = running && state.streamsUp && !call!.finished;
  const ready = request.message !== undefined && state.problem === "";
  const submit = () => {
    if (sending) state.send();
    else if (!running) state.start(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (ready) submit();
  };
  const views = [["form", "Form"], ["json", "JSON"]] as const;
  return (
    <section class="card request" aria-label="Request" onKeyDown={onKeyDown}>
      <header>
        <h2>Request</h2>
        <span class="type">{method.input.name}</span>
        <div class="tabs" role="tablist" aria-label="How the request is written">
          {views.map(([name, label]) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={`tab-${name}`}
              aria-selected={state.view.value === name}
              aria-controls="request-panel"
              tabIndex={state.view.value === name ? 0 : -1}
              onClick={() => (state.view.value = name)}
              onKeyDown={(event) => {
                if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
                state.view.value = json ? "form" : "json";
                document.getElementById(`tab-${state.view.value}`)?.focus();
              }}
            >
              {label}
            </button>
          ))}
        </div>
        <button type="button" class="quiet small" onClick={() => request.clear()}>Clear</button>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) submit();
        }}
      >
        <div id="request-panel" role="tabpanel" aria-labelledby={`tab-${state.view.value}`}>
          {json ? (
            <div class="field">
              <textarea
                class="code raw"
                aria-label="Request as JSON"
                aria-invalid={request.jsonError !== ""}
                spellcheck={false}
                rows={Math.min(24, Math.max(8, request.json.split("\n").length + 1))}
                value={request.json}
                onInput={(event) => request.setJson(event.currentTarget.value)}
              />
              {request.jsonError !== "" && <p class="problem">{request.jsonError}</p>}
            </div>
          ) : (
            <>
              {request.jsonError !== "" && <p class="problem">The JSON has an error; here is what it said before.</p>}
              <Form draft={request.draft} errors={request.errors} changed={() => request.formChanged()} />
            </>
          )}
        </div>
        <CallSettings state={state} />
        {state.problem !== "" && <p class="problem">{state.problem}</p>}
        <div class="actions">
          <Actions state={state} ready={ready} sending={sending} running={running} />
          <span class="spacer" />
          <CopyLink state={state} />
        </div>
      </form>
      <Curl state={state} />
    </section>
  );
}

function Actions({ state, ready, sending, running }: { state: MethodState; ready: boolean; sending: boolean; running: boolean }) {
  const call = state.call.value;
  const cancel = running && (
    <button type="button" class="danger" onClick={() => call!.cancel()}><Icon name="stop" />Cancel</button>
  );
  if (!state.streamsUp) {
    if (running) return <>{cancel}</>;
    return <button type="submit" class="primary" disabled={!ready} title="Ctrl+Enter"><Icon name="play" />Call</button>;
  }
  if (!running) {
    return (
      <>
        <button type="submit" class="primary" disabled={!ready} title="Ctrl+Enter"><Icon name="play" />Start and send</button>
        <button type="button" disabled={state.problem !== ""} onClick={() => state.start(false)}>Start</button>
      </>
    );
  }
  return (
    <>
      <button type="submit" class="primary" disabled={!ready || !sending} title="Ctrl+Enter"><Icon name="up" />Send</button>
      <button type="button" disabled={!sending} onClick={() => call!.finish()} title="No more requests (half-close)">Finish</button>
      {cancel}
    </>
  );
}

function CopyLink({ state }: { state: MethodState }) {
  return <CopyButton text={() => state.link()} label="Copy a link to this request" link />;
}

const routes: [CallRoute, string][] = [
  ["auto", "as usual"],
  ["direct", "a request of its own"],
  ["channel", "the shared channel"],
];

function CallSettings({ state }: { state: MethodState }) {
  const metadata = state.metadata.value;
  const set = metadata.length + (state.timeout.value === "" ? 0 : 1) + (state.route.value === "auto" ? 0 : 1);
  return (
    <details class="settings">
      <summary>Metadata and options{set > 0 && <span class="count">{set}</span>}</summary>
      <div class="settings-body">
        {metadata.map(({ id, name, value }, at) => (
          <div class="item entry" key={id}>
            <input class="key" type="text" spellcheck={false} autocomplete="off" placeholder="name" aria-label={`Metadata name ${at}`} value={name} onInput={(event) => state.setMetadata(id, { name: event.currentTarget.value })} />
            <input type="text" spellcheck={false} autocomplete="off" placeholder="value" aria-label={`Metadata value ${at}`} value={value} onInput={(event) => state.setMetadata(id, { value: event.currentTarget.value })} />
            <button type="button" class="quiet icon-only" aria-label={`Remove metadata ${at}`} onClick={() => state.removeMetadata(id)}><Icon name="close" /></button>
          </div>
        ))}
        <button type="button" class="quiet add" onClick={() => state.addMetadata()}><Icon name="plus" />Add metadata</button>
        <div class="pair">
          <label>
            <span>Time-out in seconds</span>
            <input type="text" inputMode="decimal" placeholder="none" value={state.timeout.value} onInput={(event) => (state.timeout.value = event.currentTarget.value)} />
          </label>
          <label>
            <span>Travels by</span>
            <select value={state.route.value} onChange={(event) => (state.route.value = event.currentTarget.value as CallRoute)}>
              {routes.map(([name, label]) => <option key={name} value={name} disabled={name === "direct" && state.streamsUp}>{label}</option>)}
            </select>
          </label>
        </div>
      </div>
    </details>
  );
}

function Curl({ state }: { state: MethodState }) {
  void [state.request.version.value, state.metadata.value, state.timeout.value, state.tick.value];
  const command = state.curl();
  return (
    <section class="curl" aria-label="The same call with curl">
      <header>
        <h3>curl</h3>
        <CopyButton text={() => state.curl()} label="Copy the curl command" />
      </header>
      <pre tabIndex={0}>{command}</pre>
      {state.streamsUp && (
        <p class="muted">
          curl sends all requests first, each in an envelope, and reads then{state.method.methodKind === "bidi_streaming" ? ": to talk both ways at once takes a client with a channel, as this page has" : ""}.
          {state.curlIsShort && " The first 40 requests of the call are here."}
        </p>
      )}
    </section>
  );
}
