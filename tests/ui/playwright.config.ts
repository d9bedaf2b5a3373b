/**
 * Browser tests: the built page, served by the real daemon on the simulated market. Started by
 * `npm run e2e` in ui/; UNDERTOWD names the daemon, UNDERTOW_CHROMIUM the browser.
 */
import { resolve } from "node:path";

import { defineConfig } from "@playwright/test";

const asRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: ".",
  outputDir: resolve(__dirname, "../../artifacts/browser"),
  // One daemon with its database serves one test at a time: two cores have no room for more.
  workers: 1,
  // A test that passes only the second time has found something.
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: {
    browserName: "chromium",
    viewport: { width: 1440, height: 900 },
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.UNDERTOW_CHROMIUM ?? "/usr/bin/chromium",
      // The browser talks to the daemon and to nobody else.
      args: [
        ...(asRoot ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
