// What lives inside the server, as its service runnel.v1.Debug tells, again and again: sessions, calls, connections. What
// there is, and what to call it, is taken from the service's descriptors.

import { create, type DescField, type DescMethod, type DescMethodUnary, type JsonObject, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { useEffect, useState } from "preact/hooks";
import { commentOf, pathOf, type Schema } from "../schema.js";
import { headers, transport } from "./app-state.js";
import { type Column, columnsOf } from "./columns.js";
import { Comment } from "./elements.js";

const everyMs = 2_000;

// The methods that tell, where the server has them.
export function insideOf(schema: Schema): DescMethod[] {
  return schema.registry.getService("runnel.v1.Debug")?.methods.filter(({ methodKind }) => methodKind === "unary") ?? [];
}

// What a method has answered, or why not.
type Answer = { json: JsonObject } | { problem: string };

export function InsidePage({ schema }: { schema: Schema }) {
  const [answers, setAnswers] = useState<ReadonlyMap<DescMethod, Answer>>(new Map());
  const methods = insideOf(schema);
  useEffect(() => {
    document.title = "Inside · Runnel";
    const stop = new AbortController();
    const ask = async (method: DescMethod): Promise<readonly [DescMethod, Answer]> => {
      try {
        const { message } = await transport("auto").unary(method as DescMethodUnary, stop.signal, 10_000, headers(), create(method.input));
        return [method, { json: toJson(method.output, message, { registry: schema.registry, alwaysEmitImplicit: true }) as JsonObject }];
      } catch (error) {
        return [method, { problem: ConnectError.from(error).message }];
      }
    };
    const look = async () => {
      while (!stop.signal.aborted) {
        const found = await Promise.all(methods.map(ask));
        if (stop.signal.aborted) return;
        setAnswers(new Map(found));
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    };
    void look();
    return () => stop.abort();
  }, [schema]);
  return (
    <div class="inside">
      <header class="method-head">
        <h1>Inside</h1>
        <p class="muted">What lives in this server now, asked again every two seconds.</p>
      </header>
      {methods.length === 0 && <p class="empty">The server has no runnel.v1.Debug.</p>}
      {methods.map((method) => <Part key={method.name} method={method} answer={answers.get(method)} />)}
    </div>
  );
}

function Part({ method, answer }: { method: DescMethod; answer: Answer | undefined }) {
  const lists = method.output.fields.filter((field) => field.fieldKind === "list" && field.listKind === "message");
  const figures = columnsOf(method.output).filter(({ path }) => !lists.some(({ name }) => name === path) && path !== "next_page_token");
  return (
    <section class="card" aria-label={method.name}>
      <header>
        <h2>{method.name.replace(/^(Get|List)/, "")}</h2>
        <Comment text={commentOf(method)} class="hint" />
        <span class="spacer" />
        <a class="button quiet small" href={`#/${pathOf(method)}`}>Call it</a>
      </header>
      {answer === undefined && <p class="empty padded">…</p>}
      {answer !== undefined && "problem" in answer && <p class="problem padded">{answer.problem}</p>}
      {answer !== undefined && "json" in answer && (
        <>
          {figures.length > 0 && (
            <dl class="figures">
              {figures.map(({ path, text }) => (
                <div key={path}>
                  <dt>{path.replaceAll("_", " ")}</dt>
                  <dd>{text(answer.json) || "–"}</dd>
                </div>
              ))}
            </dl>
          )}
          {lists.map((field) => <List key={field.name} field={field} json={answer.json} />)}
        </>
      )}
    </section>
  );
}

function List({ field, json }: { field: DescField; json: JsonObject }) {
  const items = (json[field.jsonName] ?? []) as JsonObject[];
  if (items.length === 0) return <p class="empty padded">No {field.name.replaceAll("_", " ")}.</p>;
  const columns = columnsOf(field.message!).filter(({ text }) => items.some((item) => text(item) !== ""));
  return (
    <div class="wide-table" tabIndex={0}>
      <table>
        <thead>
          <tr>{columns.map(({ path, number }) => <th key={path} scope="col" class={number ? "number" : ""}>{path.replaceAll("_", " ")}</th>)}</tr>
        </thead>
        <tbody>{items.map((item, at) => <Row key={at} item={item} columns={columns} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ item, columns }: { item: JsonObject; columns: Column[] }) {
  return <tr>{columns.map(({ path, number, text }) => <td key={path} class={number ? "number" : ""}>{text(item)}</td>)}</tr>;
}
