// Every method of the examples, called from its form.

import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { button, eventually, expectStatus, field, response, rows, status, useWorld } from "./world.js";

const world = useWorld();
const root = mkdtempSync(join(tmpdir(), "runnel-console-files."));

// What a shell takes for something else, unless it is quoted.
const awkward = "it's \"no\" $HOME `x` ä\\n!";

beforeAll(() => {
  writeFileSync(join(root, "app.log"), "first line\nsecond line\n");
  writeFileSync(join(root, awkward), "awkward, and there\n");
});

// How each is called, and what has to come of it.
const cases: { [program: string]: { [method: string]: (page: Page) => Promise<void> } } = {
  RUNNEL_SERVER: {
    "examples.chat.v1.Chat/Converse": async (page) => {
      await page.getByText("join", { exact: true }).click();
      await field(page, "room").fill("lobby");
      await field(page, "name").fill("Ada");
      await button(page, "Start and send").click();
      await expect.poll(() => rows(page), eventually).toHaveLength(2);
      await page.getByText("say", { exact: true }).click();
      await field(page, "text").fill("Hello!");
      await field(page, "text").press("Enter");
      await expect.poll(() => rows(page), eventually).toContainEqual(expect.stringMatching(/said\s+name: Ada · text: Hello!/));
      await button(page, "Finish").click();
      await expectStatus(page, "ok");
    },
    "examples.chat.v1.Chat/ListRooms": async (page) => {
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      expect(await response(page)).toEqual({ rooms: [] });
    },
    "examples.ingest.v1.Ingest/Upload": async (page) => {
      await page.getByText("header", { exact: true }).click();
      await field(page, "name").fill("a.csv");
      await field(page, "format").selectOption("FORMAT_CSV");
      await button(page, "Start and send").click();
      await page.getByText("chunk", { exact: true }).click();
      for (const chunk of ["n,word\n1,a\n", "5,b\n"]) {
        await page.getByRole("textbox", { name: "chunk" }).fill(chunk);
        await button(page, "Send").click();
      }
      await button(page, "Finish").click();
      await expectStatus(page, "ok");
      expect(await response(page)).toMatchObject({ name: "a.csv", bytes: "15", csv: { rows: "2", columns: [{ numbers: { max: 5 } }, {}] } });
    },
    "examples.jobs.v1.Jobs/HashTree": async (page) => {
      await field(page, "progress_interval").fill("0");
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      expect((await rows(page)).at(-1)).toMatch(/result\s+sha256: [0-9a-f]{64}/);
    },
    "examples.monitor.v1.Monitor/Snapshot": async (page) => {
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      expect(await response(page)).toMatchObject({ cpu: { busyPercent: expect.any(Number) }, memory: { totalBytes: expect.stringMatching(/^\d+$/) } });
    },
    "examples.monitor.v1.Monitor/Watch": async (page) => {
      await field(page, "interval").fill("20ms");
      await field(page, "count").fill("5");
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      await expect.poll(() => rows(page), eventually).toHaveLength(5);
    },
    "examples.overview.v1.Overview/Watch": async (page) => {
      await field(page, "interval").fill("0.02");
      await field(page, "samples").fill("2");
      await button(page, "Set hash_tree").click();
      await field(page, "path").fill("");
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      const seen = (await rows(page)).join("\n");
      for (const kind of ["sample", "job", "finished"]) expect(seen).toContain(kind);
    },
    "examples.tail.v1.Tail/Follow": async (page) => {
      await field(page, "path").fill("app.log");
      await field(page, "stop_at_end").check();
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      // The table is drawn a frame later than the status.
      await expect.poll(() => rows(page), eventually).toEqual([expect.stringContaining("first line"), expect.stringContaining("second line")]);
    },
  },
  RUNNEL_COMPLETIONS: {
    "examples.completions.v1.Completions/Create": async (page) => {
      await complete(page);
      expect(await response(page)).toMatchObject({ choices: [{ message: { role: "assistant" } }] });
    },
    "examples.completions.v1.Completions/Stream": async (page) => {
      await complete(page);
      await expect.poll(async () => (await rows(page)).length, eventually).toBeGreaterThan(3);
    },
    "examples.completions.v1.Completions/ListModels": async (page) => {
      await button(page, "Call").click();
      await expectStatus(page, "ok");
      expect(await response(page)).toMatchObject({ object: "list", data: [{ id: expect.any(String) }] });
    },
  },
  RUNNEL_MESSAGES: {
    "examples.messages.v1.Messages/Create": async (page) => {
      await complete(page);
      expect(await response(page)).toMatchObject({ role: "assistant", content: [{ type: "text" }] });
    },
    "examples.messages.v1.Messages/Stream": async (page) => {
      await complete(page);
      const seen = (await rows(page)).join("\n");
      for (const kind of ["content_block_delta", "message_stop"]) expect(seen).toContain(kind);
    },
  },
};

async function complete(page: Page): Promise<void> {
  await field(page, "model").fill("markov-alice");
  await button(page, "Add to messages").click();
  await field(page, "role").fill("user");
  await button(page, "Set content").click();
  await field(page, "content").fill('"Hello"');
  await field(page, "max_tokens").fill("12");
  await button(page, "Call").click();
  await expectStatus(page, "ok");
}

describe.each(Object.keys(cases))("%s", (program) => {
  const own = cases[program]!;
  const options = program === "RUNNEL_SERVER" ? [`--root=${root}`] : ["--pause=1ms"];

  test("none of its methods is left out", async () => {
    const server = await world.start(program, "--listen=127.0.0.1:0", ...options);
    const page = await world.open(server.url);
    const methods = await page.locator("nav li a").evaluateAll((links) => links.map((link) => link.getAttribute("href")!.slice(2)));
    expect(methods.filter((path) => path.startsWith("examples.")).sort()).toEqual(Object.keys(own).sort());
  });

  test.each(Object.keys(own))("%s", async (method) => {
    const server = await world.start(program, "--listen=127.0.0.1:0", ...options);
    const page = await world.open(server.url, method);
    await own[method]!(page);
    expect(world.complaints).toEqual([]);
  });
});

// The command that stands beside each call, run as it is.
test.each([
  ["examples.monitor.v1.Monitor/Snapshot", {}, /"busyPercent":/],
  ["examples.monitor.v1.Monitor/Watch", { interval: "0.020s", count: 2 }, /data: .*\n\ndata: .*\n\n(data: {}\n\n)?event: end\n/s],
  ["examples.tail.v1.Tail/Follow", { path: awkward, stopAtEnd: true }, /awkward, and there/],
  ["examples.ingest.v1.Ingest/Upload", { header: { name: "it's ä", format: "FORMAT_LOG" } }, /"name":"it's ä"/],
  ["examples.chat.v1.Chat/Converse", { join: { room: "lobby", name: "O'Hara" } }, /"names":\["O'Hara"\]/],
])("the curl command of %s does the same", async (method, request, expected) => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0", `--root=${root}`);
  const page = await world.open(server.url, `${method}?request=${encodeURIComponent(JSON.stringify(request))}`);
  await expect.poll(() => page.locator(".curl pre").textContent()).toContain(Object.keys(request)[0] ?? "{}");
  const command = (await page.locator(".curl pre").textContent())!;
  const { stdout } = await promisify(execFile)("sh", ["-c", command], { timeout: 20_000 });
  expect(stdout).toMatch(expected);
});

test("a call that is cancelled is canceled, at the server too", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, "examples.chat.v1.Chat/Converse");
  await page.getByText("join", { exact: true }).click();
  await field(page, "room").fill("lobby");
  await field(page, "name").fill("Ada");
  await button(page, "Start and send").click();
  await expect.poll(() => rows(page), eventually).toHaveLength(2);
  await button(page, "Cancel").click();
  await expectStatus(page, "canceled");
  const people = async () => (await fetch(`${server.url}/examples.chat.v1.Chat/ListRooms`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).json();
  await expect.poll(people, eventually).toEqual({});
});

test("two tabs talk in a room", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const tabs: Page[] = [];
  const context = await world.browser.newContext();
  for (const name of ["Ada", "Bob"]) {
    const page = await context.newPage();
    await page.goto(`${server.url}/console/#/examples.chat.v1.Chat/Converse?request=${JSON.stringify({ join: { room: "lobby", name } })}`);
    await button(page, "Start and send").click();
    await expect.poll(() => rows(page), eventually).toContainEqual(expect.stringContaining("welcome"));
    tabs.push(page);
  }
  await tabs[0]!.getByText("say", { exact: true }).click();
  await field(tabs[0]!, "text").fill("Hello, Bob!");
  await button(tabs[0]!, "Send").click();
  await expect.poll(() => rows(tabs[1]!), eventually).toContainEqual(expect.stringContaining("name: Ada · text: Hello, Bob!"));
  await context.close();
});

test("an error is shown with its code and what the server says", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0", `--root=${root}`);
  const page = await world.open(server.url, "examples.tail.v1.Tail/Follow");
  await field(page, "path").fill("none.log");
  await button(page, "Call").click();
  await expectStatus(page, "not_found");
  expect(await page.getByRole("alert").textContent()).toContain("none.log");
});

test("metadata, time-outs and routes go along", async () => {
  const server = await world.start("RUNNEL_SERVER", "--listen=127.0.0.1:0");
  const page = await world.open(server.url, "examples.monitor.v1.Monitor/Watch");
  await page.getByText("Metadata and options").click();
  await button(page, "Add metadata").click();
  await field(page, "Metadata name 0").fill("x-request-id");
  await field(page, "Metadata value 0").fill("it's me");
  await page.getByLabel("Time-out in seconds").fill("0.3");
  await page.getByLabel("Travels by").selectOption("direct");
  const requested = page.waitForRequest((request) => request.url().endsWith(".Monitor/Watch"));
  await button(page, "Call").click();
  expect((await requested).headers()).toMatchObject({ "x-request-id": "it's me", "connect-timeout-ms": expect.any(String) });
  await expectStatus(page, "deadline_exceeded");
  expect(await page.locator(".curl pre").textContent()).toContain(`-H 'x-request-id: it'\\''s me'`);
  await field(page, "Metadata name 0").fill("not a name");
  await expect.poll(() => button(page, "Call").isDisabled()).toBe(true);
  expect(await status(page).count()).toBe(1);
});
