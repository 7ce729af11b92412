import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: { outDir: "../site", emptyOutDir: true, target: "es2022" },
  worker: { format: "es" },
  logLevel: "warn",
});
