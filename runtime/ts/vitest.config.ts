import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 30_000,
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // One process: the machine has few cores, and what waits here waits for no other.
    pool: "threads",
    poolOptions: { threads: { singleThread: true } },
  },
});
