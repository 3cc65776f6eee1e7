import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "node_modules/.playwright",
  globalSetup: "./e2e/setup.ts",
  reporter: "./e2e/report.ts",
  fullyParallel: true,
  workers: 2,
  // What takes its time alone comes last and has the machine to itself.
  projects: [
    { name: "all", testIgnore: "last.spec.ts" },
    { name: "last", testMatch: "last.spec.ts", fullyParallel: false, dependencies: ["all"] },
  ],
  forbidOnly: process.env["CI"] === "true",
  timeout: 60_000,
  expect: { timeout: 15_000, toPass: { timeout: 20_000 } },
  use: {
    // The system's own: e2e/run finds it.
    launchOptions: { executablePath: process.env["CHROMIUM"] ?? "chromium" },
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "America/New_York",
  },
});
