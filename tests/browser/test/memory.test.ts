// A page that reads a stream for long: its heap stays flat, and that of the worker which holds the channel.
//
// RUNNEL_MESSAGES says how many (60,000). 1,800,000 are half an hour of 1,000 messages a second.

import type { CDPSession } from "playwright-core";
import { expect, test } from "vitest";
import { useWorld } from "./world.js";

const world = useWorld();
const messages = Number(process.env["RUNNEL_MESSAGES"] ?? 60_000);
const rounds = 12;

// What is in use when garbage has been collected.
async function heapOf(send: (method: "HeapProfiler.collectGarbage" | "Runtime.getHeapUsage") => Promise<unknown>): Promise<number> {
  await send("HeapProfiler.collectGarbage");
  return ((await send("Runtime.getHeapUsage")) as { usedSize: number }).usedSize;
}

// The one SharedWorker that there is, or will be: a page that has asked for it does not wait.
async function sharedWorkerOf(browser: CDPSession): Promise<string> {
  const worker = new Promise<string>((resolve) => {
    browser.on("Target.targetCreated", ({ targetInfo }) => {
      if (targetInfo.type === "shared_worker") resolve(targetInfo.targetId);
    });
  });
  await browser.send("Target.setDiscoverTargets", { discover: true }); // tells of those that are there, too
  return worker;
}

// Commands to it.
async function toWorker(browser: CDPSession): Promise<(method: string) => Promise<unknown>> {
  const targetId = await sharedWorkerOf(browser);
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map<number, (result: unknown) => void>();
  browser.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result } = JSON.parse(message) as { id: number; result: unknown };
    waiting.get(id)?.(result);
  });
  let last = 0;
  return (method) => {
    const id = ++last;
    void browser.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
    return new Promise((resolve) => waiting.set(id, resolve));
  };
}

function expectFlat(heaps: number[]): void {
  const early = Math.max(...heaps.slice(2, 6));
  const late = Math.min(...heaps.slice(-4));
  // What is under way differs by a window or two; a byte kept of each message would be more.
  expect(late - early).toBeLessThan(3e6);
}

const megabytes = (heaps: number[]) => heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");

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
  const workers: number[] = [];
  const worker = shared ? await toWorker(await world.browser.newBrowserCDPSession()) : undefined;
  let began = 0;
  for (let round = 0; round < rounds; ++round) {
    // The first rounds fill caches and windows.
    if (round === 2) began = await cpu();
    await page.evaluate((count) => (window as unknown as { read: (n: number) => Promise<void> }).read(count), messages / rounds);
    heaps.push(await heapOf((method) => cdp.send(method)));
    if (worker !== undefined) workers.push(await heapOf(worker));
  }
  const spent = ((await cpu()) - began) / ((messages * (rounds - 2)) / rounds);
  console.log(`${messages} messages: heap ${megabytes(heaps)} MB; ${(spent * 1e6).toFixed(0)} us of the page's main thread each`);
  expectFlat(heaps);
  if (worker === undefined) return;
  console.log(`the worker's heap: ${megabytes(workers)} MB`);
  expectFlat(workers);
});
