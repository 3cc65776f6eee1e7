import { svelteTesting } from "@testing-library/svelte/vite";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte(), svelteTesting({ autoCleanup: false })],
  // dist itself holds a file that git keeps; only dist/app is the build's.
  build: {
    outDir: "dist/app",
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node", // tests of parts ask for happy-dom
    environmentOptions: { happyDOM: { url: "http://localhost/" } },
    testTimeout: 120_000, // against hanging: no test is judged by how fast the machine is
  },
});
