// Calls from pages in Chromium, through the real server.

import { describe, expect, test } from "vitest";
import { type Page, seen, useWorld } from "./world.js";

const world = useWorld();

const eventually = { timeout: 20_000, interval: 50 };

// One call of each kind, and the sum of what they were about.
function allKinds(page: Page, baseUrl: string, options: object = {}): Promise<void> {
  return page.evaluate(
    async ([baseUrl, options]) => {
      const { client } = window.calls.connect({ baseUrl, ...options });
      const { kinds } = window.calls;
      await Promise.all([
        kinds.unary(client, 7, 100),
        kinds.down(client, 500, 100),
        kinds.up(client, 500, 100),
        kinds.both(client, 500, 100),
        kinds.both(client, 3, 300_000),
      ]);
    },
    [baseUrl, options] as const,
  );
}

describe.each([
  ["from another origin", false],
  ["from the same origin", true],
])("%s", (_, same) => {
  test.each([
    ["JSON, shared", {}],
    ["binary, shared", { useBinaryFormat: true }],
    ["JSON, of the page's own", { shared: false }],
    ["all on the channel", { unary: "channel" }],
  ])("every kind of call: %s", async (_, options) => {
    const server = await world.startServer();
    world.site.server = server.url;
    const page = await world.page();
    await allKinds(page, same ? world.site.origin : server.url, options);
    expect(await page.evaluate(() => window.calls.statuses)).toContain("connected");
  });
});

test("the browser asks another origin for its leave once for each method of the channel, not for each request", async () => {
  const server = await world.startServer();
  const page = await world.page();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  const requests: string[] = [];
  devtools.on("Network.requestWillBeSent", ({ request }) => {
    requests.push(`${request.method} ${request.url.replace(/.*\//, "")}`);
  });
  await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl, shared: false });
    for (let call = 0; call < 5; ++call) await window.calls.kinds.both(client, 5, 10);
  }, server.url);
  expect(requests.filter((request) => request === "POST Send").length).toBeGreaterThan(4);
  expect(requests.filter((request) => request.startsWith("OPTIONS")).sort()).toEqual(["OPTIONS Open", "OPTIONS Send"]);
});

test("an origin that is not allowed is refused", async () => {
  const server = await world.startServer();
  const page = await world.page();
  await page.goto(`${world.site.origin.replace("127.0.0.1", "localhost")}/`);
  await page.waitForFunction("window.calls !== undefined");
  const failure = await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl, connectTimeoutMs: 500 });
    return window.calls.kinds.down(client, 1, 1).catch((error) => window.calls.failureOf(error));
  }, server.url);
  expect(failure).toMatchObject({ code: 14 });
  expect((await seen(server.url, "")).started).toBe(0);
});

test("errors and metadata reach a page of another origin", async () => {
  const server = await world.startServer();
  const page = await world.page();
  const codes = await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl, unary: "channel" });
    const codeOf = (promise: Promise<unknown>) => promise.catch((error) => window.calls.failureOf(error).code);
    const options = { timeoutMs: 50 };
    const stream = client.down({ delayMs: 60_000 }, options)[Symbol.asyncIterator]();
    return [await codeOf(stream.next()), await codeOf(client.up(window.calls.items(1, 5_000_000)))];
  }, server.url);
  expect(codes).toEqual([4, 8]);
});

test("connections that are cut are not noticed", async () => {
  const server = await world.startServer();
  const proxy = await world.startProxy(server.url, "--cut-every", "50-400");
  const page = await world.page();
  await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl });
    const { kinds } = window.calls;
    const slow = async () => {
      let next = 0;
      for await (const { index } of client.down({ count: 100, delayMs: 20 })) {
        if (index !== next++) throw new Error(`item ${index} came, not ${next - 1}`);
      }
      if (next !== 100) throw new Error(`${next} items came`);
    };
    await Promise.all([slow(), kinds.both(client, 300, 2_000), kinds.up(client, 300, 2_000)]);
  }, proxy.url);
  await proxy.stop();
  expect(Number(/(\d+) cut/.exec(proxy.lines.at(-1)!)![1])).toBeGreaterThan(3);
});

test("a page that is left open under rotation", async () => {
  const server = await world.startServer("--rotation-ms", "300", "--heartbeat-ms", "100", "--ping-ms", "200");
  const page = await world.page();
  const count = await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl });
    let count = 0;
    for await (const { index } of client.down({ count: 200, delayMs: 20 })) if (index === count) ++count;
    return count;
  }, server.url);
  expect(count).toBe(200);
});

test("a page without calls keeps its lease, and goes on later", async () => {
  const server = await world.startServer("--ping-ms", "200", "--lease-ms", "600", "--resume-ms", "800");
  const page = await world.page();
  const items = await page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl });
    // Longer than lease and resume window together.
    const items: number[] = [];
    for await (const { index } of client.down({ count: 2, delayMs: 2_000 })) items.push(index);
    return items;
  }, server.url);
  expect(items).toEqual([0, 1]);
});

test("a server that drains lets calls end; the next ones wait for another", async () => {
  const server = await world.startServer();
  const page = await world.page();
  const proxy = await world.startProxy(server.url);
  const running = page.evaluate(async (baseUrl) => {
    const { client } = window.calls.connect({ baseUrl, connectTimeoutMs: 60_000 });
    const items: number[] = [];
    for await (const { index } of client.down({ count: 20, delayMs: 100 }, { headers: { "x-call": "drained" } })) {
      items.push(index);
    }
    // Its server is gone.
    await window.calls.kinds.both(client, 10, 10);
    return items;
  }, proxy.url);
  await expect.poll(async () => (await seen(server.url, "drained")).started, eventually).toBe(1);
  const port = new URL(server.url).port;
  await server.stop();
  await world.startServer("--port", port);
  expect(await running).toEqual(Array.from({ length: 20 }, (_, at) => at));
});

describe("cancellation is told to the server", () => {
  test.each(["client", "connectClient"] as const)("by `break`, with %s", async (which) => {
    const server = await world.startServer();
    const page = await world.page();
    await page.evaluate(
      async ([baseUrl, which]) => {
        const connected = window.calls.connect({ baseUrl });
        for await (const { index } of connected[which].down({}, { headers: { "x-call": "left" } })) if (index === 5) break;
      },
      [server.url, which] as const,
    );
    if (which === "connectClient") {
      // Nobody is told of it; the garbage collector finds out.
      const gc = () => page.evaluate("new Promise((resolve) => setTimeout(resolve, 10)).then(() => window.gc())");
      await expect.poll(async () => gc().then(() => seen(server.url, "left")), eventually).toMatchObject({ cancelled: 1 });
    }
    await expect.poll(() => seen(server.url, "left"), eventually).toEqual({ started: 1, ended: 1, cancelled: 1 });
  });

  test("by an AbortSignal", async () => {
    const server = await world.startServer();
    const page = await world.page();
    const code = await page.evaluate(async (baseUrl) => {
      const { connectClient } = window.calls.connect({ baseUrl });
      const abort = new AbortController();
      const options = { signal: abort.signal, headers: { "x-call": "aborted" } };
      try {
        for await (const { index } of connectClient.down({}, options)) if (index === 5) abort.abort();
        return 0;
      } catch (error) {
        return window.calls.failureOf(error).code;
      }
    }, server.url);
    expect(code).toBe(1);
    await expect.poll(() => seen(server.url, "aborted"), eventually).toEqual({ started: 1, ended: 1, cancelled: 1 });
  });

  test.each([
    ["of one tab of two", 2, true],
    ["of the only tab", 1, true],
    ["of a tab with a channel of its own", 1, false],
  ])("by closing the tab: %s", async (_, tabs, shared) => {
    // What is only noticed by silence would take longer than the test.
    const server = await world.startServer();
    world.site.server = server.url;
    const context = await world.context();
    const pages = await Promise.all(Array.from({ length: tabs }, () => world.page(context)));
    for (const page of pages) {
      await page.evaluate(
        ([baseUrl, shared]) => {
          const { client } = window.calls.connect({ baseUrl, shared });
          void (async () => {
            for await (const item of client.down({ delayMs: 10 }, { headers: { "x-call": "closed" } })) void item;
          })();
        },
        [world.site.origin, shared] as const,
      );
    }
    await expect.poll(async () => (await seen(server.url, "closed")).started, eventually).toBe(tabs);
    await pages[0]!.close({ runBeforeUnload: false });
    await expect.poll(() => seen(server.url, "closed"), eventually).toEqual({ started: tabs, ended: 1, cancelled: 1 });
  });

  test("by the browser's end: the server sees it when lease and resume window are over", async () => {
    const server = await world.startServer("--ping-ms", "300", "--lease-ms", "1000", "--resume-ms", "1000");
    const context = await world.context();
    const page = await world.page(context);
    await page.evaluate((baseUrl) => {
      const { client } = window.calls.connect({ baseUrl });
      void (async () => {
        for await (const item of client.down({ delayMs: 10 }, { headers: { "x-call": "killed" } })) void item;
      })();
    }, server.url);
    await expect.poll(async () => (await seen(server.url, "killed")).started, eventually).toBe(1);
    await context.close();
    await expect.poll(() => seen(server.url, "killed"), eventually).toEqual({ started: 1, ended: 1, cancelled: 1 });
  });
});

describe("eight tabs", () => {
  test("share a channel, and each works like the first", async () => {
    const server = await world.startServer();
    const context = await world.context();
    const pages = await Promise.all(Array.from({ length: 8 }, () => world.page(context)));
    // A stream in each that never ends: with a connection each, the seventh would hang.
    for (const page of pages) {
      const first = await page.evaluate(async (baseUrl) => {
        const { client } = window.calls.connect({ baseUrl });
        const stream = client.down({ delayMs: 5 })[Symbol.asyncIterator]();
        return (await stream.next()).value.index;
      }, server.url);
      expect(first).toBe(0);
    }
    await allKinds(pages[7]!, server.url);
    const { targetInfos } = await (await world.browser.newBrowserCDPSession()).send("Target.getTargets");
    expect(targetInfos.filter(({ type }) => type === "shared_worker")).toHaveLength(1);
  });

  test("when one closes the calls of the others go on", async () => {
    const server = await world.startServer();
    const context = await world.context();
    const first = await world.page(context);
    const second = await world.page(context);
    const start = (page: Page) =>
      page.evaluate(async (baseUrl) => {
        const { client } = window.calls.connect({ baseUrl });
        const stream = client.down({ count: 100, delayMs: 10 })[Symbol.asyncIterator]();
        await stream.next();
        Object.assign(window, { stream });
      }, server.url);
    // The channel was opened for the first.
    await start(first);
    await start(second);
    await first.close();
    const count = await second.evaluate(async () => {
      const { stream } = window as unknown as { stream: AsyncIterator<{ index: number }> };
      let next = 1;
      for (let item = await stream.next(); !item.done; item = await stream.next()) {
        if (item.value.index !== next++) throw new Error(`item ${item.value.index} came, not ${next - 1}`);
      }
      return next;
    });
    expect(count).toBe(100);
  });
});

test("where there is no SharedWorker a page has a channel of its own", async () => {
  const server = await world.startServer();
  const context = await world.context();
  await context.addInitScript("delete window.SharedWorker");
  await allKinds(await world.page(context), server.url);
});

test("where the worker's script is not to be had a page has a channel of its own, and says so", async () => {
  const server = await world.startServer();
  const page = await world.page();
  const warnings: string[] = [];
  page.on("console", (message) => warnings.push(message.text()));
  world.site.missing = /shared-worker/;
  try {
    await allKinds(page, server.url);
  } finally {
    world.site.missing = undefined;
  }
  expect(warnings.filter((text) => text.startsWith("Runnel: "))).toHaveLength(1);
});

test("the page without a library and without a build step reads a server stream", async () => {
  const server = await world.startServer();
  const page = await world.page();
  await page.goto(`${world.site.origin}/plain.html?server=${server.url}`);
  await page.waitForFunction("document.getElementById('state').textContent === 'done'");
  const items = await page.locator("li").allTextContents();
  expect(items).toEqual(["item 0", "item 1", "item 2", "item 3", "item 4"]);
});
