// A browser, and the servers whose console it shows.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type ServerProcess, startProcess } from "../../../runtime/ts/test/server-process.js";

export interface World {
  browser: Browser;
  // Of one test. `name` is that of the environment variable that names the program.
  start: (name: string, ...options: string[]) => Promise<ServerProcess>;
  // The console of a server, in a window of its own; `path` is what stands behind the #.
  open: (url: string, path?: string, options?: BrowserContextOptions) => Promise<Page>;
  // What pages have said to their browser: nothing, if all is well.
  complaints: string[];
}

export const eventually = { timeout: 20_000, interval: 50 };

export function useWorld(): World {
  const world = { complaints: [] as string[] } as World;
  const cleaning: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    world.browser = await chromium.launch({
      executablePath: process.env["RUNNEL_CHROMIUM"]!,
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
  });
  afterAll(() => world.browser?.close());
  afterEach(async () => {
    for (const clean of cleaning.splice(0).reverse()) await clean();
    world.complaints.length = 0;
  });
  world.start = async (name, ...options) => {
    const server = await startProcess(process.env[name]!, ...options);
    cleaning.push(() => server.stop("SIGKILL"));
    return server;
  };
  world.open = async (url, path = "", options = {}) => {
    const context = await world.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    cleaning.push(() => context.close());
    const page = await context.newPage();
    page.on("pageerror", (error) => world.complaints.push(error.stack ?? error.message));
    page.on("console", (message) => {
      // What the browser says of each request that fails is wanted here.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) world.complaints.push(message.text());
    });
    await page.goto(`${url}/console/#/${path}`);
    await page.locator("main h1").waitFor();
    return page;
  };
  return world;
}

export const status = (page: Page): Locator => page.locator(".chip.status");
export const field = (page: Page | Locator, name: string): Locator => page.getByLabel(name, { exact: true });
export const button = (page: Page | Locator, name: string): Locator => page.getByRole("button", { name, exact: true });

export async function expectStatus(page: Page, code: string): Promise<void> {
  await expect.poll(() => status(page).textContent(), eventually).toBe(code);
}

// What stands in the response of a call that has one message.
export async function response(page: Page): Promise<{ [name: string]: unknown }> {
  return JSON.parse((await page.locator(".result .json").textContent())!);
}

// The messages of a stream: the words of the cells that are seen.
export function rows(page: Page): Promise<string[]> {
  return page.locator(".table-row").allInnerTexts();
}

// For people to look at; kept where Bazel keeps what tests make, or in RUNNEL_PICTURES.
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["RUNNEL_PICTURES"] ?? process.env["TEST_UNDECLARED_OUTPUTS_DIR"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
