// The page itself: how it is found about in, how it looks, what it does without a schema.

import { describe, expect, test } from "vitest";
import { button, eventually, expectStatus, field, picture, rows, status, useWorld } from "./world.js";

const world = useWorld();
const watch = "examples.monitor.v1.Monitor/Watch";

test("methods are listed with their comments, and found by name", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url);
  const main = page.locator("main");
  await expect.poll(() => main.textContent(), eventually).toContain("Rooms in which people talk.");
  expect(await main.textContent()).toContain("The rooms that have somebody in them.");
  await page.keyboard.press("/");
  await page.keyboard.type("snap");
  expect(await page.locator("nav li").allTextContents()).toEqual([expect.stringContaining("Snapshot")]);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator("h1").textContent()).toContain("Snapshot");
  await field(page, "Find a method").fill("none such");
  expect(await page.locator("nav").textContent()).toContain("Nothing is called that.");
  await page.goto(`${server.url}/console/#/examples.none.v1.None/Gone`);
  await expect.poll(() => page.locator("h1").textContent()).toContain("There is no examples.none.v1.None/Gone");
  expect(world.complaints).toEqual([]);
});

test("form and JSON say the same, and mistakes are told where they are", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, "examples.overview.v1.Overview/Watch");
  await button(page, "Add to servers").click();
  await field(page, "servers 0").fill("http://a");
  await field(page, "samples").fill("3");
  await page.getByRole("tab", { name: "JSON" }).click();
  const json = field(page, "Request as JSON");
  expect(JSON.parse(await json.inputValue())).toEqual({ servers: ["http://a"], samples: 3 });
  await json.fill('{"samples": 4, "hashTree": {"path": "x"}}');
  await page.getByRole("tab", { name: "Form" }).click();
  expect(await field(page, "samples").inputValue()).toBe("4");
  expect(await field(page, "path").inputValue()).toBe("x");
  await field(page, "samples").fill("many");
  expect(await page.locator(".problem").textContent()).toBe("a whole number is wanted here");
  expect(await field(page, "samples").getAttribute("aria-invalid")).toBe("true");
  expect(await button(page, "Call").isDisabled()).toBe(true);
  await picture(page, "mistake");
});

test("one click from the link that tools/demo prints the processor's load moves", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, `${watch}?request={"interval":"0.1s"}`);
  await button(page, "Call").click();
  await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(3);
  const plot = page.locator(".plot-area canvas");
  const before = await plot.screenshot();
  await expect.poll(async () => before.equals(await plot.screenshot()), eventually).toBe(false);
  expect(await page.locator(".legend").textContent()).toMatch(/^cpu\.busy_percent[\d.]+$/);
  // Another number, of what has come already too.
  await page.getByLabel("Plot a field").selectOption("cpu.core_busy_percent[]");
  await expect.poll(() => page.locator(".legend").textContent()).toContain("cpu.core_busy_percent[0]");
  await button(page, "Do not plot cpu.busy_percent").click();
  expect(await page.locator(".legend").textContent()).not.toContain("cpu.busy_percent");
  expect(world.complaints).toEqual([]);
});

describe("how it looks", () => {
  test.each([
    ["light", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
    ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 900 } }],
    ["narrow", { colorScheme: "light", viewport: { width: 400, height: 860 } }],
  ] as const)("%s", async (name, options) => {
    const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
    const page = await world.open(server.url, `${watch}?request={"interval":"0.05s"}&plot=cpu.busy_percent,cpu.core_busy_percent[]`, options);
    await button(page, "Call").click();
    await expect.poll(() => page.locator(".figures").textContent(), { timeout: 30_000 }).toMatch(/received\d{2}/);
    await page.getByLabel("Time that is seen").selectOption("10");
    if (name === "narrow") {
      await picture(page, "narrow-request");
      await page.locator(".answer").evaluate((element) => element.scrollIntoView());
    }
    await picture(page, name);
    // Nothing sticks out to the side.
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(name === "dark" ? "rgb(15, 20, 24)" : "rgb(246, 247, 248)");
    if (name !== "narrow") return;
    await button(page, "Methods").click();
    await page.locator("nav").getByText("ListRooms").click();
    await expect.poll(() => page.locator("h1").textContent()).toContain("ListRooms");
    expect(await page.locator("nav").isVisible()).toBe(false);
  });

  test("a switch stands above what the system says", async () => {
    const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
    const page = await world.open(server.url, "", { colorScheme: "light" });
    const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
    await page.getByRole("button", { name: /^Colours: system/ }).click();
    await page.getByRole("button", { name: /^Colours: light/ }).click();
    expect(await scheme()).toBe("dark");
    await page.reload();
    await page.locator("main h1").waitFor();
    expect(await scheme()).toBe("dark");
  });
});

test("all of a call is done from the keyboard, and it shows where one is", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, watch);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
  for (let presses = 0; (await focused()) !== "interval"; ++presses) {
    expect(presses).toBeLessThan(60);
    await page.keyboard.press("Tab");
  }
  expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");
  await page.keyboard.type("20ms");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  expect(await focused()).toBe("count");
  await page.keyboard.type("5");
  await page.keyboard.press("Control+Enter");
  await expectStatus(page, "ok");
  await expect.poll(() => rows(page), eventually).toHaveLength(5);
  await page.getByRole("grid").focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  expect(await page.locator(".detail").textContent()).toContain("Received message 4");
  await page.keyboard.press("Escape");
  expect(await page.locator(".detail").count()).toBe(0);
});

test("every control has a name", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, "examples.ingest.v1.Ingest/Upload");
  await page.getByText("chunk", { exact: true }).click();
  await page.getByText("Metadata and options").click();
  await button(page, "Add metadata").click();
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, input, select, textarea, a[href]")]
      .filter((element) => {
        const labels = (element as HTMLInputElement).labels;
        return !element.getAttribute("aria-label") && !element.textContent?.trim() && !(labels && labels.length > 0);
      })
      .map((element) => element.outerHTML),
  );
  expect(nameless).toEqual([]);
});

test("a server that wants a token is asked with one", async () => {
  const server = await world.start("RUNNEL_COMPLETIONS", "--listen=127.0.0.1:0", "--key=secret");
  const page = await world.open(server.url);
  await expect.poll(() => page.locator("h1").textContent()).toBe("This server wants to know who calls");
  await picture(page, "token");
  await button(page, "Token").click();
  await page.getByLabel("Bearer token").fill("secret");
  await button(page, "Use").click();
  await page.locator("nav").getByText("ListModels").click();
  await button(page, "Call").click();
  await expectStatus(page, "ok");
  const command = (await page.locator(".curl pre").textContent())!;
  expect(command).toContain('-H "Authorization: Bearer $TOKEN"');
  expect(command).not.toContain("secret");
});

test("where a server does not say what it serves a file does", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const set = Buffer.from(await (await fetch(`${server.url}/runnel.v1.Descriptors/GetDescriptorSet?connect=v1&encoding=proto&message=`)).arrayBuffer());
  const context = await world.browser.newContext();
  const page = await context.newPage();
  await page.route("**/runnel.v1.Descriptors/**", (route) => route.fulfill({ status: 404, contentType: "application/json", body: '{"code":"unimplemented","message":"there is no method"}' }));
  await page.goto(`${server.url}/console/`);
  await expect.poll(() => page.locator("h1").textContent()).toBe("This server does not say what it serves");
  await picture(page, "no-schema");
  await page.getByLabel("Open a descriptor set").setInputFiles({ name: "set.bin", mimeType: "application/octet-stream", buffer: Buffer.from("none") });
  await expect.poll(() => page.locator(".problem").textContent()).toContain("set.bin is no descriptor set");
  await page.getByLabel("Open a descriptor set").setInputFiles({ name: "set.bin", mimeType: "application/octet-stream", buffer: set });
  await page.locator("nav").getByText("Snapshot").click();
  await button(page, "Call").click();
  await expectStatus(page, "ok");
  await context.close();
});

test("calls go on while another method is looked at", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, watch);
  await field(page, "interval").fill("20ms");
  await button(page, "Call").click();
  await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(1);
  await page.locator("nav").getByText("ListRooms").click();
  await button(page, "Call").click();
  await expectStatus(page, "ok");
  expect(await page.locator("nav .dot").count()).toBe(1);
  await page.goBack();
  await expect.poll(() => status(page).textContent()).toBe("running");
  await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(5);
});


test("what lives inside is shown where the server tells it", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0", "--debug");
  const page = await world.open(server.url, watch);
  await button(page, "Call").click();
  await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Inside" }).click();
  const calls = page.getByRole("region", { name: "ListCalls" });
  await expect.poll(() => calls.textContent(), eventually).toContain("/examples.monitor.v1.Monitor/Watch");
  expect(await page.getByRole("region", { name: "ListSessions" }).locator("tbody tr").count()).toBe(1);
  await picture(page, "inside");
  expect(world.complaints).toEqual([]);
});
