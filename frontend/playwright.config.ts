import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 1,
  timeout: 120_000,
  globalTimeout: 15 * 60_000,
  expect: { timeout: 30_000 },
  reporter: "list",
  forbidOnly: true,
  use: {
    baseURL: process.env.CTNR_E2E_PANEL,
    locale: "en-US",
    launchOptions: { executablePath: process.env.CTNR_E2E_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
  },
});
