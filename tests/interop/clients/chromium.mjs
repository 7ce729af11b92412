// Chromium without a window, told what to do over a pipe (the DevTools protocol), so that no package
// is needed for it.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Chromium {
  #profile = mkdtempSync(join(tmpdir(), "runnel-chromium-"));
  #process;
  #next = 1;
  #waiting = new Map(); // replies, by the number of their command
  #received = "";

  // `more`: flags beside its own.
  constructor(program, more = []) {
    const flags = [
      "--headless=new",
      "--no-sandbox", // which root cannot have
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-proxy-server",
      `--user-data-dir=${this.#profile}`,
      "--remote-debugging-pipe",
      ...more,
      "about:blank",
    ];
    this.#process = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.#process.stdio[4].setEncoding("utf8").on("data", (text) => this.#receive(text));
    this.#process.on("exit", (status, signal) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`Chromium ended (${signal ?? status})`));
      }
      this.#waiting.clear();
    });
    this.#process.stdio[3].on("error", () => {}); // its end is told above
  }

  // A page at `url`.
  async open(url) {
    const { targetId } = await this.#command("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#command("Target.attachToTarget", { targetId, flatten: true });
    const page = {
      // What `expression`, or its promise, has for a value in the page.
      evaluate: async (expression) => {
        const { result, exceptionDetails } = await this.#command(
          "Runtime.evaluate",
          { expression, awaitPromise: true, returnByValue: true },
          sessionId,
        );
        if (exceptionDetails === undefined) return result.value;
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      },
      close: () => this.#command("Target.closeTarget", { targetId }),
    };
    const { errorText } = await this.#command("Page.navigate", { url }, sessionId);
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    for (;;) {
      const at = await page.evaluate("document.readyState === 'complete' ? location.href : ''");
      if (at.startsWith(url)) return page;
    }
  }

  // What `expression`, or its promise, has for a value in a page at `url`, which goes then; one that is
  // not found will do.
  async evaluateAt(url, expression) {
    const page = await this.open(url);
    try {
      return await page.evaluate(expression);
    } finally {
      await page.close();
    }
  }

  async version() {
    return (await this.#command("Browser.getVersion")).product;
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#command("Browser.close").catch(() => {});
      await ended;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }

  #command(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  #receive(text) {
    const messages = (this.#received + text).split("\0");
    this.#received = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue; // an event
      this.#waiting.delete(id);
      if (error === undefined) waiting.resolve(result);
      else waiting.reject(new Error(error.message));
    }
  }
}
