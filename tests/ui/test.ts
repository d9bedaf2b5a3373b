/**
 * What every browser test gets: a daemon on the simulated market that all tests of a run share, an
 * eye for pictures, and an ear for what the page complains of.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { test as base, expect, type Locator, type Page } from "@playwright/test";

import { ARTIFACTS, Daemon, type DaemonOptions, MARKET_NOW } from "./daemon";
import { Eye } from "./eye";

export { expect };

/** A new database, the simulator and a little history. */
const MARKET_LIMIT_MS = 180_000;
/** Sessions that tests need behind them; the rest come while they run. */
const ENOUGH_SESSIONS = 6;
/** Market seconds a second: a poll of a minute comes every ten seconds. */
const SPEED = "6";
/** A first chart on a busy machine. */
const CHART_LIMIT_MS = 60_000;

interface Mine {
  /** What the browser may complain of in this test. */
  tolerated: RegExp;
  /** Starts a daemon that this test has for itself. */
  start: (options: DaemonOptions) => Promise<Daemon>;
  complaints: string[];
  eye: Eye;
}

interface Shared {
  demo: Daemon;
}

export const test = base.extend<Mine, Shared>({
  tolerated: [/(?!)/, { option: true }],

  // Playwright wants the empty pattern.
  start: async ({}, use) => {
    const started: Daemon[] = [];
    await use(async (options) => {
      const daemon = await Daemon.start(options);
      started.push(daemon);
      return daemon;
    });
    for (const daemon of started) await daemon.stop();
  },

  complaints: [
    // With `start` before it: what a page says while its daemon ends is not listened to.
    async ({ page, tolerated, start: _ }, use) => {
      const heard: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") {
          heard.push(`${message.text()} (${message.location().url})`);
        }
      });
      page.on("pageerror", (error) => heard.push(String(error.stack ?? error)));
      await use(heard);
      const real = heard.filter((text) => !tolerated.test(text));
      expect(real, "complaints in the browser's console").toEqual([]);
    },
    { auto: true },
  ],

  eye: async ({ browser }, use) => {
    const blank = await browser.newPage();
    await use(new Eye(blank));
    await blank.close();
  },

  demo: [
    // Playwright wants the empty pattern.
    async ({}, use) => {
      const demo = await Daemon.start({
        command: ["demo", "--speed", SPEED],
        env: { UNDERTOW_NOW: MARKET_NOW },
      });
      await expect
        .poll(() => sessionsDone(demo), { timeout: MARKET_LIMIT_MS })
        .toBeGreaterThanOrEqual(ENOUGH_SESSIONS);
      await use(demo);
      await demo.stop();
    },
    { scope: "worker", timeout: MARKET_LIMIT_MS },
  ],
});

/** Sessions that the backfills of a market have stored; 0 while it opens. */
async function sessionsDone(demo: Daemon): Promise<number> {
  type Job = { sessions_done: number };
  const jobs = await demo.call<Job[]>("list_backfills", { limit: 10 }).catch(() => []);
  return jobs.reduce((sum, job) => sum + job.sessions_done, 0);
}

/** The chart of the Desk, once candles are drawn. */
export async function chartOf(page: Page, timeout = CHART_LIMIT_MS): Promise<Locator> {
  const chart = page.getByTestId("desk-chart");
  await expect(chart).toHaveAttribute("data-ready", "true", { timeout });
  return chart;
}

/** Opens a page of a market and waits for the frame that says it is not the real one. */
export async function open(page: Page, market: Daemon, place = ""): Promise<void> {
  await page.goto(`${market.url}/${place}`);
  await expectSimulated(page);
}

export async function expectSimulated(page: Page): Promise<void> {
  await expect(stripOf(page, "SIMULATED")).toBeVisible({ timeout: CHART_LIMIT_MS });
}

/** The strip of the frame that says why the market is not the real one, now. Pages have notes too. */
export const stripOf = (page: Page, word: "SIMULATED" | "CLOCK SHIFTED"): Locator =>
  page.getByRole("note").filter({ hasText: word });

/** The drawn rows of the tape of prints. Levels beside it are a table with row groups as well. */
export const printsOf = (page: Page): Locator =>
  page.getByRole("grid", { name: "Off-exchange prints" }).getByRole("rowgroup").getByRole("row");

/** Every panel has read what it shows. */
export async function expectRead(page: Page): Promise<void> {
  await expect(page.getByText(/^\s*Reading .*…/)).toHaveCount(0, { timeout: CHART_LIMIT_MS });
}

/** Nothing may scroll sideways. */
export async function expectFits(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, "pixels that the page is wider than its window").toBeLessThanOrEqual(0);
}

/** Keeps a picture of the page for people to look at. */
export async function keep(page: Page, name: string): Promise<Buffer> {
  mkdirSync(join(ARTIFACTS, "pages"), { recursive: true });
  const png = await page.screenshot();
  writeFileSync(join(ARTIFACTS, "pages", `${name}.png`), png);
  return png;
}
