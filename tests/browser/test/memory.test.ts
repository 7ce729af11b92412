// A page that reads a stream for long: its heap stays flat.
//
// RUNNEL_MESSAGES says how many (60,000). 1,800,000 are half an hour of 1,000 messages a second.

import { expect, test } from "vitest";
import { useWorld } from "./world.js";

const world = useWorld();
const messages = Number(process.env["RUNNEL_MESSAGES"] ?? 60_000);
const rounds = 12;

test.each([
  ["of the page's own", false],
  ["of the origin's worker", true],
])("the heap is flat under a stream on a channel %s", { timeout: 3_600_000 }, async (_, shared) => {
  const server = await world.startServer();
  const page = await world.page();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const cpu = async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")!.value;
  };
  await page.evaluate(
    ([baseUrl, shared]) => {
      const { client } = window.calls.connect({ baseUrl, shared });
      const stream = client.down({ size: 100 })[Symbol.asyncIterator]();
      let next = 0;
      const read = async (count: number) => {
        for (let taken = 0; taken < count; ++taken) {
          const { value } = await stream.next();
          if (value.index !== next++) throw new Error(`item ${value.index} came, not ${next - 1}`);
        }
      };
      Object.assign(window, { read });
    },
    [server.url, shared] as const,
  );
  const heaps: number[] = [];
  let began = 0;
  for (let round = 0; round < rounds; ++round) {
    // The first rounds fill caches and windows.
    if (round === 2) began = await cpu();
    await page.evaluate((count) => (window as unknown as { read: (n: number) => Promise<void> }).read(count), messages / rounds);
    await cdp.send("HeapProfiler.collectGarbage");
    heaps.push((await cdp.send("Runtime.getHeapUsage")).usedSize);
  }
  const spent = ((await cpu()) - began) / ((messages * (rounds - 2)) / rounds);
  const megabytes = heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");
  console.log(`${messages} messages: heap ${megabytes} MB; ${(spent * 1e6).toFixed(0)} us of the page's main thread each`);
  const early = Math.max(...heaps.slice(2, 6));
  const late = Math.min(...heaps.slice(-4));
  // What is under way differs by a window or two; a byte kept of each message would be more.
  expect(late - early).toBeLessThan(3e6);
});
