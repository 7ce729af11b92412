// A page that shows a stream for long: it answers, and its heap stays flat.
//
// RUNNEL_STREAM_MESSAGES says how many messages (30,000: the 20th part of ten minutes at 1,000 messages a second, and as fast
// as that). 600,000 are all of it.

import { expect, test } from "vitest";
import { button, eventually, field, picture, rows, useWorld } from "./world.js";

const world = useWorld();
const messages = Number(process.env["RUNNEL_STREAM_MESSAGES"] ?? 30_000);
const rounds = 10;

test(`${messages} messages, 1,000 a second`, { timeout: messages * 2 + 120_000 }, async () => {
  const server = await world.start("RUNNEL_TRAFFIC");
  const page = await world.open(server.url, "browser.v1.Traffic/Down?plot=index");
  const cdp = await page.context().newCDPSession(page);
  await field(page, "size").fill("100");
  // Twenty each 20 ms.
  await field(page, "delay_ms").fill("20");
  await field(page, "burst").fill("20");
  await button(page, "Call").click();
  const received = async () => Number(/received([\d,]+)/.exec((await page.locator(".figures").textContent())!)?.[1]?.replaceAll(",", "") ?? 0);
  const heaps: number[] = [];
  const turns: number[] = [];
  const began = Date.now();
  for (let round = 1; round <= rounds; ++round) {
    await expect.poll(received, { timeout: (messages / rounds) * 3 + 30_000, interval: 500 }).toBeGreaterThanOrEqual((messages / rounds) * round);
    // How long the page takes to answer a click: until what it changes is drawn.
    const turn = await page.evaluate(async () => {
      const start = performance.now();
      document.querySelector<HTMLElement>('[aria-selected="false"][role="tab"]')!.click();
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - start;
    });
    turns.push(turn);
    await cdp.send("HeapProfiler.collectGarbage");
    heaps.push((await cdp.send("Runtime.getHeapUsage")).usedSize);
  }
  const rate = (await received()) / ((Date.now() - began) / 1_000);
  const text = heaps.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");
  console.log(`${messages} messages, ${rate.toFixed(0)} a second: heap ${text} MB; turns ${turns.map((turn) => turn.toFixed(0)).join(" ")} ms`);
  await picture(page, "stream");
  await button(page, "Cancel").click();
  // The rows at the end are the newest ones.
  await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(5);
  const early = Math.max(...heaps.slice(2, 5));
  const late = Math.min(...heaps.slice(-3));
  expect(late - early).toBeLessThan(2e6);
  turns.sort((a, b) => a - b);
  expect(turns[rounds / 2]).toBeLessThan(500);
  expect(world.complaints).toEqual([]);
});
