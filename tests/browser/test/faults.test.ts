// Randomized calls of all four kinds through a network on which things go wrong: nothing may be lost, doubled, out of
// order or hung.
//
// RUNNEL_RUNS says how many (60), RUNNEL_SEED with which seed they begin (1), RUNNEL_GROUP of which weather, where it is
// not to be all: "connections fall silent", say. Run i of a seed S is the first of seed S + i with the same weather.

import { afterAll, expect, test } from "vitest";
import { useWorld } from "./world.js";

const world = useWorld();
const runs = Number(process.env["RUNNEL_RUNS"] ?? 60);
const seed = Number(process.env["RUNNEL_SEED"] ?? 1);

// Longer than a client waits for anything. They end, as TCP gives up one day: what a browser asks another origin before a
// request cannot be aborted by the page, and holds one of its six connections until then.
const silences = ["--silent-for", "20000-30000", "--silent-after"];

// How often one kind of weather is drawn, whether pages see the proxy's own answers, and what the proxy does.
const all: { name: string; share: number; sameOrigin: boolean; options: string[] }[] = [
  { name: "connections end", share: 6, sameOrigin: false, options: ["--cut-every", "20-400"] },
  { name: "answers end at any byte", share: 6, sameOrigin: false, options: ["--cut-after", "500-250000"] },
  { name: "requests end at any byte", share: 6, sameOrigin: false, options: ["--cut-after-up", "500-250000"] },
  { name: "the same, through a site", share: 4, sameOrigin: true, options: ["--cut-every", "20-400"] },
  { name: "replies are lost", share: 4, sameOrigin: false, options: ["--drop-replies", "25"] },
  { name: "a gateway answers", share: 4, sameOrigin: true, options: ["--bad-gateway", "25"] },
  { name: "a proxy takes no large bodies", share: 3, sameOrigin: true, options: ["--limit-body", "120000"] },
  { name: "all takes long, and ends", share: 3, sameOrigin: false, options: ["--delay", "0-30", "--cut-every", "200-900"] },
  { name: "connections fall silent", share: 1, sameOrigin: false, options: [...silences, "500-3000"] },
  { name: "a proxy holds responses back", share: 1, sameOrigin: true, options: ["--buffer"] },
];
const group = process.env["RUNNEL_GROUP"];
const weathers = all.filter(({ name }) => group === undefined || name === group);
if (weathers.length === 0) throw new Error(`RUNNEL_GROUP is one of: ${all.map(({ name }) => name).join("; ")}`);
const shares = weathers.reduce((sum, { share }) => sum + share, 0);

let done = 0;
afterAll(() => console.log(`${done} runs of seed ${seed}: nothing lost, doubled, reordered or hung`));

let drawn = 0;
for (const { name, share, sameOrigin, options } of weathers) {
  const first = seed + Math.round((runs * drawn) / shares);
  drawn += share;
  const count = seed + Math.round((runs * drawn) / shares) - first;
  if (count === 0) continue;
  test(`${name}: ${count} runs from seed ${first}`, { timeout: 60_000 + count * 60_000 }, async () => {
    const server = await world.startServer("--heartbeat-ms", "1000");
    const proxy = await world.startProxy(server.url, "--seed", `${first}`, ...options);
    world.site.server = proxy.url;
    const page = await world.page();
    const baseUrl = sameOrigin ? world.site.origin : proxy.url;
    const { failures, longest } = await page.evaluate(
      async ([baseUrl, first, count]) => {
        const failures: string[] = [];
        let longest = 0;
        for (let seed = first; seed < first + count; ++seed) {
          // Each other run has a channel of its own, and ends it.
          const options = { unary: "channel", connectTimeoutMs: 50_000, shared: seed % 2 === 0 } as const;
          const { client, transport } = window.calls.connect({ baseUrl, ...options });
          const began = performance.now();
          const hung = new Promise((_, reject) => setTimeout(() => reject(new Error("hung")), 55_000));
          try {
            await Promise.race([window.calls.randomRun(client, seed), hung]);
          } catch (error) {
            failures.push(`seed ${seed}: ${String(error)}; ${JSON.stringify(transport.status)}`);
          }
          transport.close();
          longest = Math.max(longest, performance.now() - began);
        }
        return { failures, longest };
      },
      [baseUrl, first, count] as const,
    );
    console.log(`${name}: the longest of ${count} runs took ${(longest / 1000).toFixed(1)} s`);
    expect(failures).toEqual([]);
    done += count;
  });
}
