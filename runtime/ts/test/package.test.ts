// The package as npm packs it: what is in it, how large it is, and the page of its README, built by Vite in a fresh
// project and used in Chromium.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { startProcess } from "./server-process.js";
import { serveSite } from "./site.js";

const package_ = process.cwd();
const modules = process.env["RUNNEL_NODE_MODULES"]!;
const maxBytes = 15 * 1024;

async function run(folder: string, program: string, ...args: string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { cwd: folder })).stdout;
}

// What is in a block of code below the line that names it.
function blockOf(page: string, name: string): string {
  const block = new RegExp(`^\`${name}\`:\\n\\n\`\`\`\\w*\\n(.*?)^\`\`\``, "ms").exec(page)?.[1];
  if (block === undefined) throw new Error(`the README has no block of code for ${name}`);
  return block;
}

test("all of it is less than 15 KiB, minified and compressed, without its peers", async () => {
  const { outputFiles } = await build({
    stdin: { contents: 'export * from "./src/index.js"; import "./src/shared-worker.js";', resolveDir: package_ },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["@bufbuild/*", "@connectrpc/*"],
    write: false,
  });
  const bytes = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  console.log(`@runnel/web: ${outputFiles[0]!.contents.length} bytes minified, ${bytes} compressed; limit is ${maxBytes}`);
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThan(maxBytes);
});

test("what connect-es keeps private is used in one file only", () => {
  const users = readdirSync("src").filter((name) => readFileSync(`src/${name}`, "utf8").includes("@connectrpc/connect/"));
  expect(users).toEqual(["connect-private.ts"]);
});

test("npm packs it, and the README's page runs in a fresh project", { timeout: 240_000 }, async () => {
  const packed = (await run(package_, "npm", "pack", "--silent")).trim().split("\n").pop()!;
  const files = (await run(package_, "tar", "-tzf", packed)).trim().split("\n").sort();
  expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "dist/shared-worker.js"].map((name) => `package/${name}`)));
  expect(files.filter((name) => /test|\/src\//.test(name))).toEqual([]);

  const readme = readFileSync("README.md", "utf8");
  const main = blockOf(readme, "src/main.ts");
  expect(main.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(25);

  const folder = mkdtempSync(join(package_, "../fresh-"));
  await run(folder, join(modules, ".bin/create-vite"), "hello", "--template", "vanilla-ts");
  const project = join(folder, "hello");
  // There may be no network: npm installs what it has packed, and the others are put beside it. Then it says whether all
  // is as the package wants it.
  const fresh = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  const write = (json: object) => writeFileSync(join(project, "package.json"), JSON.stringify(json));
  write({ ...fresh, dependencies: {}, devDependencies: {} });
  await run(project, "npm", "install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", join(package_, packed));
  await run(project, "cp", "-a", `${modules}/.`, "node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
  const pinned = JSON.parse(readFileSync("package.json", "utf8")).devDependencies as { [name: string]: string };
  const peers = ["@bufbuild/protobuf", "@connectrpc/connect"];
  const pick = (names: string[]) => Object.fromEntries(names.map((name) => [name, pinned[name]]));
  write({ ...fresh, dependencies: { ...dependencies, ...pick(peers) }, devDependencies: pick(["typescript", "vite"]) });
  await run(project, "npm", "ls", "@runnel/web", ...peers);
  await run(project, "protoc", `--proto_path=${process.env["RUNNEL_CHAT"]!}`, `--plugin=${join(modules, ".bin/protoc-gen-es")}`, "--es_out=src", "chat.proto");

  const site = await serveSite(join(project, "dist"));
  const server = await startProcess(process.env["RUNNEL_CHAT_SERVER"]!, "--listen=127.0.0.1:0", `--allow_origin=${site.origin}`);
  writeFileSync(join(project, "src/main.ts"), main.replace("http://127.0.0.1:8080", server.url));
  await run(project, "npm", "run", "build");
  expect(readdirSync(join(project, "dist/assets")).some((name) => name.startsWith("shared-worker"))).toBe(true);

  const browser = await chromium.launch({ executablePath: process.env["RUNNEL_CHROMIUM"]!, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const context = await browser.newContext();
    const [ann, ben] = [await context.newPage(), await context.newPage()];
    for (const page of [ann, ben]) {
      page.on("pageerror", (error) => console.log(`page: ${error.message}`));
      await page.goto(`${site.origin}/`);
    }
    const say = async (page: typeof ann, text: string) => {
      await page.fill("input", text);
      await page.press("input", "Enter");
    };
    await say(ann, "hello");
    await ann.waitForFunction("/guest \\d+: hello\\n/.test(document.querySelector('pre').textContent)");
    // The other has joined by now, or joins and hears what comes next.
    await say(ben, "hello yourself");
    for (const page of [ben, ann]) await page.waitForFunction("document.querySelector('pre').textContent.includes('hello yourself')");
  } finally {
    await browser.close();
    await server.stop("SIGKILL");
    site.close();
  }
});
