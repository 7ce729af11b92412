// Cases, each one behaviour with a name.

import { inspect } from "node:util";

const limitMs = 60_000;

const cases = [];

export function test(name, body) {
  cases.push({ name, body });
}

// What a failed assertion expected and what came, on few lines.
function explain(error) {
  if (error.code !== "ERR_ASSERTION" || error.generatedMessage === undefined) {
    return error.stack ?? inspect(error);
  }
  const lines = error.generatedMessage ? [] : [error.message];
  lines.push(`expected: ${inspect(error.expected, { depth: 8 })}`);
  lines.push(`got:      ${inspect(error.actual, { depth: 8 })}`);
  const place = /[a-z_]*_cases\.mjs:\d+/.exec(error.stack);
  if (place !== null) lines.push(`at ${place[0]}`);
  return lines.join("\n");
}

async function run(body) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

// Runs all cases, or those whose name has `only` in it, `atOnce` at a time; their results are printed
// in order. Whether some ran, and all were well.
export async function runCases(client, only = "", atOnce = 1) {
  const chosen = cases.filter(({ name }) => name.includes(only));
  const results = chosen.map(() => {
    const result = {};
    result.ended = new Promise((resolve) => (result.end = resolve));
    return result;
  });
  let next = 0;
  const work = async () => {
    while (next < chosen.length) {
      const mine = next++;
      results[mine].end(await run(chosen[mine].body).then(() => null, explain));
    }
  };
  for (let i = 0; i < atOnce; ++i) work();
  let failed = 0;
  for (const [i, { name }] of chosen.entries()) {
    const failure = await results[i].ended;
    console.log(`${failure === null ? "ok  " : "FAIL"}  ${client}: ${name}`);
    if (failure === null) continue;
    console.log(failure.replace(/^/gm, "    "));
    ++failed;
  }
  console.log(`${client}: ${chosen.length - failed} passed, ${failed} failed`);
  return failed === 0 && chosen.length > 0;
}
