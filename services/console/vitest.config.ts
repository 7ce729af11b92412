import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // test/run says which: src, or test, which needs a browser.
    include: [`${process.env["RUNNEL_TESTS"] ?? "src"}/**/*.test.ts`],
    // One process: the machine has few cores.
    pool: "threads",
    poolOptions: { threads: { singleThread: true } },
  },
});
