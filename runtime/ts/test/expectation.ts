// What a transcript expects, compared with what came (tests/conformance/transcripts/README.md, "Values").

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };
export type Names = Map<string, Json>;

// The client does not do what a step says.
export class Wrong extends Error {}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function shown(json: Json): string {
  const text = JSON.stringify(json);
  return text.length > 1000 ? `${text.slice(0, 1000)}… (${text.length} characters)` : text;
}

// `json` with ${name} in strings and {"$repeat":…} replaced.
export function expand(json: Json, names: Names): Json {
  if (typeof json === "string") {
    return json.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = names.get(name);
      if (value === undefined) throw new Error(`nothing is called ${name} yet`);
      return typeof value === "string" ? value : JSON.stringify(value);
    });
  }
  if (Array.isArray(json)) return json.map((one) => expand(one, names));
  if (!isObject(json)) return json;
  if (typeof json["$repeat"] === "string") return json["$repeat"].repeat(json["times"] as number);
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, expand(value, names)]));
}

// Captures what `expected` names. Objects have the members they are said to have and, if `exactly`, no others.
export function match(expected: Json, got: Json, names: Names, exactly = true): void {
  matchAt(expand(expected, names), got, exactly, "", names);
}

function matchAt(expected: Json, got: Json, exactly: boolean, where: string, names: Names): void {
  const differ = (at: string, want: string, have: string): never => {
    throw new Wrong(`${at === "" ? "" : `at ${at}: `}expected ${want}, got ${have}`);
  };
  if (typeof expected === "string" && expected.length > 1 && expected.startsWith("$")) {
    if (expected === "$any") return;
    const name = expected.slice(1);
    if (!names.has(name)) names.set(name, got);
    if (JSON.stringify(names.get(name)) === JSON.stringify(got)) return;
    differ(where, `${expected} = ${shown(names.get(name)!)}`, shown(got));
  }
  if (isObject(expected) && isObject(got)) {
    for (const [key, value] of Object.entries(expected)) {
      if (value === "$optional") continue;
      if (!Object.hasOwn(got, key)) differ(`${where}.${key}`, shown(value), `nothing in ${shown(got)}`);
      matchAt(value, got[key]!, true, `${where}.${key}`, names);
    }
    for (const [key, value] of Object.entries(got)) {
      if (exactly && !Object.hasOwn(expected, key)) differ(`${where}.${key}`, "nothing", shown(value));
    }
    return;
  }
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (expected.length !== got.length) {
      differ(where, `${expected.length} elements, ${shown(expected)}`, `${got.length}, ${shown(got)}`);
    }
    expected.forEach((one, at) => matchAt(one, got[at]!, true, `${where}[${at}]`, names));
    return;
  }
  if (expected !== got) differ(where, shown(expected), shown(got));
}
