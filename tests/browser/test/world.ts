// A browser, the site its pages are of, and the servers they call.

import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { type ServerProcess, startProcess } from "../package/test/server-process.js";
import { type Site, serveSite } from "../package/test/site.js";

export { type Page, type BrowserContext } from "playwright-core";

export interface World {
  browser: Browser;
  site: Site;
  // Servers and browser windows of one test, which go when it has ended.
  startServer: (...options: string[]) => Promise<ServerProcess>;
  startProxy: (upstream: string, ...options: string[]) => Promise<ServerProcess>;
  context: () => Promise<BrowserContext>;
  // A page of the site, in a browser window of its own.
  page: (context?: BrowserContext) => Promise<Page>;
}

export function useWorld(): World {
  const processes: ServerProcess[] = [];
  const contexts: BrowserContext[] = [];
  const world = {} as World;
  beforeAll(async () => {
    world.site = await serveSite(process.env["RUNNEL_SITE"]!);
    world.browser = await chromium.launch({
      executablePath: process.env["RUNNEL_CHROMIUM"]!,
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--js-flags=--expose-gc"],
    });
  }, 60_000);
  afterAll(async () => {
    await world.browser?.close();
    world.site?.close();
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    await Promise.all(processes.splice(0).map((one) => one.stop("SIGKILL")));
  });
  const start = async (program: string, ...options: string[]) => {
    const started = await startProcess(process.env[program]!, ...options);
    processes.push(started);
    return started;
  };
  world.startServer = (...options) =>
    start("RUNNEL_SERVER", "--allow-origin", world.site.origin, "--port", "0", ...options);
  world.startProxy = (upstream, ...options) =>
    start("RUNNEL_PROXY", "--upstream", new URL(upstream).host, "--listen", "127.0.0.1:0", ...options);
  world.context = async () => {
    const context = await world.browser.newContext();
    contexts.push(context);
    return context;
  };
  world.page = async (context) => {
    const page = await (context ?? (await world.context())).newPage();
    page.on("pageerror", (error) => console.log(`page: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      // What the browser says of each request that fails is wanted here.
      if (!message.text().startsWith("Failed to load resource")) console.log(`page: ${message.text()}`);
    });
    await page.goto(`${world.site.origin}/`);
    await page.waitForFunction("window.calls !== undefined");
    return page;
  };
  return world;
}

// What the server has seen of the calls of a name.
export async function seen(url: string, name: string): Promise<{ started: number; ended: number; cancelled: number }> {
  const response = await fetch(`${url}/browser.v1.Traffic/Seen`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });
  return { started: 0, ended: 0, cancelled: 0, ...((await response.json()) as object) };
}
