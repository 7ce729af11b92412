// The page: what is at its top, the list of methods at its side, and what is looked at.

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { commentOf, findMethod, pathOf, type Schema } from "../schema.js";
import { baseUrl, channelStatus, forgetTransports, loadSchema, openSchemaFile, place, schema, schemaError, schemaFile, type Theme, theme, token } from "./app-state.js";
import { Comment, Icon, KindChip } from "./elements.js";
import { InsidePage, insideOf } from "./inside-page.js";
import { MethodPage } from "./method-page.js";
import { stateOf } from "./method-state.js";

const menuOpen = signal(false);
const search = signal("");

export function App() {
  useEffect(() => {
    void loadSchema();
    const onKeyDown = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && /^(input|textarea|select)$/i.test(event.target.tagName);
      if (event.key !== "/" || typing) return;
      event.preventDefault();
      menuOpen.value = true;
      document.getElementById("search")?.focus();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
  useEffect(() => {
    menuOpen.value = false;
    document.getElementById("main")?.scrollTo(0, 0);
  }, [place.value.path]);
  const known = schema.value;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => {
        event.preventDefault();
        document.getElementById("main")?.focus();
      }}>Skip to the method</a>
      <Top known={known} />
      <div class="body">
        {known !== undefined && <Side known={known} />}
        <main id="main" tabIndex={-1}><Main known={known} /></main>
      </div>
    </>
  );
}

function Main({ known }: { known: Schema | undefined }) {
  const { path } = place.value;
  if (known === undefined) return schemaError.value === undefined ? <p class="loading" role="status">Asking the server what it serves…</p> : <NoSchema />;
  if (path === "inside") return <InsidePage schema={known} />;
  if (path === "") return <Welcome known={known} />;
  const method = findMethod(known, path);
  if (method !== undefined) return <MethodPage key={path} method={method} schema={known} />;
  const service = known.registry.getService(path);
  if (service !== undefined) return <div class="welcome"><ServiceCard service={service} heading /></div>;
  return (
    <section class="card hollow">
      <h1>There is no {path}</h1>
      <p>The server does not serve it, or no longer. <a href="#/">What it serves</a></p>
    </section>
  );
}

function Top({ known }: { known: Schema | undefined }) {
  const { state, polling } = channelStatus.value;
  return (
    <header class="top">
      {known !== undefined && (
        <button type="button" class="quiet icon-only menu" aria-label="Methods" aria-expanded={menuOpen.value} aria-controls="side" onClick={() => (menuOpen.value = !menuOpen.value)}>
          <Icon name="menu" />
        </button>
      )}
      <a class="brand" href="#/">
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 8c3-4 6-4 9 0s6 4 9 0M3 16c3-4 6-4 9 0s6 4 9 0" /></svg>
        <span>Runnel</span>
      </a>
      <span class="host">{new URL(baseUrl).host}</span>
      <span class="spacer" />
      {state !== "idle" && (
        <span class={`channel ${state}`} role="status" title="The channel that streams travel on">
          <i class="dot" /><span class="words">{state}{polling && ", polling"}</span>
        </span>
      )}
      {known !== undefined && insideOf(known).length > 0 && (
        <a class="button quiet" href="#/inside" aria-current={place.value.path === "inside" ? "page" : undefined}><Icon name="eye" /><span class="words">Inside</span></a>
      )}
      <TokenButton />
      <ThemeButton />
    </header>
  );
}

function TokenButton() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(token.value);
  const open = () => {
    setText(token.value);
    dialog.current!.showModal();
  };
  const use = (value: string) => {
    token.value = value.trim();
    forgetTransports();
    dialog.current!.close();
    void loadSchema();
  };
  return (
    <>
      <button type="button" class="quiet" onClick={open} aria-haspopup="dialog" aria-label="Token">
        <Icon name="key" /><span class="words">{token.value === "" ? "No token" : "Token set"}</span>
      </button>
      <dialog ref={dialog} aria-labelledby="token-title">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            use(text);
          }}
        >
          <h2 id="token-title">Who calls</h2>
          <p class="muted">A bearer token goes along with every request of this page. It is kept until the tab is closed.</p>
          <label>
            <span>Bearer token</span>
            <input type="password" autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <div class="actions">
            <button type="submit" class="primary">Use</button>
            {token.value !== "" && <button type="button" onClick={() => use("")}>Forget it</button>}
            <span class="spacer" />
            <button type="button" class="quiet" onClick={() => dialog.current!.close()}>Close</button>
          </div>
        </form>
      </dialog>
    </>
  );
}

const themes: Theme[] = ["system", "light", "dark"];
const themeIcons = { system: "screen", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
  return (
    <button type="button" class="quiet icon-only" aria-label={`Colours: ${theme.value}. Change to ${next}`} title={`Colours: ${theme.value}`} onClick={() => (theme.value = next)}>
      <Icon name={themeIcons[theme.value]} />
    </button>
  );
}

function Side({ known }: { known: Schema }) {
  const words = search.value.trim().toLowerCase();
  const matches = (method: DescMethod) => pathOf(method).toLowerCase().includes(words);
  const groups: [string, DescService[]][] = [["", known.services], ["of Runnel itself", known.ownServices]];
  const found = groups.flatMap(([, services]) => services.flatMap(({ methods }) => methods.filter(matches)));
  return (
    <nav id="side" class={menuOpen.value ? "side open" : "side"} aria-label="Methods">
      <input
        id="search"
        type="search"
        placeholder="Find a method   /"
        aria-label="Find a method"
        value={search.value}
        onInput={(event) => (search.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && found[0] !== undefined) location.hash = `#/${pathOf(found[0])}`;
        }}
      />
      {groups.map(([title, services]) => {
        const shown = services.filter(({ methods }) => methods.some(matches));
        if (shown.length === 0) return null;
        return (
          <div key={title} class="service-group">
            {title !== "" && <h2>{title}</h2>}
            {shown.map((service) => (
              <section key={service.typeName}>
                <a class="service-name" href={`#/${service.typeName}`} title={service.typeName} aria-current={place.value.path === service.typeName ? "page" : undefined}>
                  <span class="short">{service.name}</span>
                  <span class="package">{service.file.proto.package}</span>
                </a>
                <ul>
                  {service.methods.filter(matches).map((method) => (
                    <li key={method.name}><MethodLink method={method} known={known} /></li>
                  ))}
                </ul>
              </section>
            ))}
          </div>
        );
      })}
      {found.length === 0 && <p class="empty">Nothing is called that.</p>}
      {schemaFile.value !== "" && <p class="muted from-file">From {schemaFile.value}</p>}
    </nav>
  );
}

function MethodLink({ method, known }: { method: DescMethod; known: Schema }) {
  const state = stateOf(method, known);
  void state.tick.value;
  const running = state.call.value?.running ?? false;
  const path = pathOf(method);
  return (
    <a href={`#/${path}`} class={method.deprecated ? "deprecated" : ""} aria-current={place.value.path === path ? "page" : undefined}>
      <span class={`way ${method.methodKind}`} aria-hidden="true">
        {method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming" ? "⇈" : "↑"}
        {method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming" ? "⇊" : "↓"}
      </span>
      {method.name}
      {running && <i class="dot" title="a call is running" />}
    </a>
  );
}

function Welcome({ known }: { known: Schema }) {
  useEffect(() => {
    document.title = `${new URL(baseUrl).host} · Runnel`;
  }, []);
  return (
    <div class="welcome">
      <h1>{known.services.length === 0 ? "This server has no services of its own" : `What ${new URL(baseUrl).host} serves`}</h1>
      {[...known.services, ...known.ownServices].map((service) => <ServiceCard key={service.typeName} service={service} />)}
    </div>
  );
}

function ServiceCard({ service, heading }: { service: DescService; heading?: boolean }) {
  return (
    <section class="card service-card">
      {heading ? <h1>{service.name}</h1> : <h2><a href={`#/${service.typeName}`}>{service.name}</a></h2>}
      <p class="package">{service.typeName}</p>
      <Comment text={commentOf(service)} />
      <ul>
        {service.methods.map((method) => (
          <li key={method.name}>
            <a href={`#/${pathOf(method)}`}>{method.name}</a> <KindChip kind={method.methodKind} />
            <p class="muted">{firstSentence(commentOf(method))}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function firstSentence(text: string): string {
  const paragraph = text.split(/\n\s*\n/)[0]!.replace(/\s+/g, " ");
  return /^.*?[.:](?=\s|$)/.exec(paragraph)?.[0].replace(/:$/, ".") ?? paragraph;
}

// What there is to do where the server does not say what it serves.
function NoSchema() {
  const { message, status } = schemaError.value!;
  const unknown = status === 404 || status === 501;
  return (
    <section class="card hollow wide">
      <h1>{unknown ? "This server does not say what it serves" : status === 401 ? "This server wants to know who calls" : "What the server serves could not be read"}</h1>
      {unknown ? (
        <p>It has no <code>runnel.v1.Descriptors</code>, which is a line to add in its program. A descriptor set in a file will do as well: <code>protoc --include_imports --include_source_info --descriptor_set_out=FILE</code> makes one.</p>
      ) : status === 401 ? (
        <p>Give it a token, with the button at the top.</p>
      ) : null}
      <p class="problem">{message}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void loadSchema()}>Ask again</button>
        <label class="button">
          Open a descriptor set…
          <input type="file" class="unseen" aria-label="Open a descriptor set" onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file !== undefined) void openSchemaFile(file);
          }} />
        </label>
      </div>
    </section>
  );
}
