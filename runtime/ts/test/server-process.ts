// Programs that serve, and say where: "listening at URL", "serves at URL", or "listening on HOST:PORT".

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ServerProcess {
  url: string;
  process: ChildProcess;
  // What it has printed.
  lines: string[];
  // Ends it, and waits until it has ended.
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

export async function startProcess(program: string, ...options: string[]): Promise<ServerProcess> {
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      lines.push(line);
      const where = /(?:listening|serves) (?:at|on) (\S+)$/.exec(line)?.[1];
      if (where !== undefined) resolve(where.startsWith("http") ? where : `http://${where}`);
    });
    void ended.then(() => reject(new Error(`${program} ended`)));
    child.once("error", reject);
  });
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    await ended;
  };
  return { url, process: child, lines, stop };
}
