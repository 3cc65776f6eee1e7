import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "node_modules/.playwright",
  globalSetup: "./e2e/setup.ts",
  reporter: "./e2e/report.ts",
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env["CI"] === "true",
  // Guards against hanging, and nothing else: no spec is judged by how fast the machine is.
  timeout: 900_000,
  expect: { timeout: 240_000, toPass: { timeout: 240_000 } },
  use: {
    // The system's own: e2e/run finds it.
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "chromium" },
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "America/New_York",
  },
});
