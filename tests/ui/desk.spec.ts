import type { Locator, Page, Route } from "@playwright/test";

import type { Eye, Part } from "./eye";
import { chartOf, expect, expectFits, open, test } from "./test";

/** Fewest pixels that a layer draws: its labels or bars alone are more. */
const LAYER_PIXELS = 400;
/** The plot without the axes, where the legend does not reach. */
const PLOT: Part = { left: 0, top: 0.12, right: 0.94, bottom: 0.94 };
const PROFILE: Part = { ...PLOT, left: 0.86 };
const LABELS: Part = { ...PLOT, left: 0.7, right: 0.86 };

const toggleOf = (page: Page, name: string) =>
  page.getByRole("toolbar").getByRole("button", { name, exact: true });

/** Shows or hides a layer with its key. */
async function show(page: Page, name: string, key: string, shown: boolean): Promise<void> {
  const toggle = toggleOf(page, name);
  if ((await toggle.getAttribute("aria-pressed")) !== String(shown)) await page.keyboard.press(key);
  await expect(toggle).toHaveAttribute("aria-pressed", String(shown));
}

/** A layer comes with its key to a chart that has none, and goes with it without a trace. */
async function expectLayer(page: Page, eye: Eye, key: string, name: string, part: Part) {
  const chart = await chartOf(page);
  await expect(async () => {
    await show(page, name, key, false);
    const bare = await chart.screenshot();
    const drawn = async () => eye.differing(bare, await chart.screenshot(), part);
    await show(page, name, key, true);
    await expect.poll(drawn, { message: name, timeout: 15_000 }).toBeGreaterThan(LAYER_PIXELS);
    await show(page, name, key, false);
    await expect.poll(drawn, { message: name, timeout: 5_000 }).toBeLessThan(LAYER_PIXELS / 4);
  }).toPass({ timeout: 60_000 });
}

/** Moves the pointer down a column of the chart until a card says what is there. */
async function pointAt(page: Page, chart: Locator, column: number, words: RegExp): Promise<void> {
  const box = await chart.boundingBox();
  if (!box) throw new Error("the chart has no place on the page");
  const card = page.locator(".card", { hasText: words });
  await expect(async () => {
    for (let y = 60; y < box.height - 60; y += 3) {
      await page.mouse.move(box.x + box.width + column, box.y + y);
      if (await card.isVisible()) return;
    }
    throw new Error(`nothing in this column says ${words}`);
  }).toPass({ timeout: 40_000 });
}

test("the desk draws candles, levels, a profile and prints", async ({ page, demo, eye }) => {
  await open(page, demo);
  const chart = await chartOf(page);
  await expect(page.locator(".legend")).toContainText(/SPY.*5m.*ET.*O\d+\.\d\d.*H.*L.*C.*V/s);
  expect(await eye.colours(await chart.screenshot())).toBeGreaterThan(100);
  await expect(page.getByRole("toolbar")).toContainText(/auto\$\d/);
  await show(page, "Levels", "l", false);
  await show(page, "Profile", "p", false);
  await show(page, "Prints", "b", false);
  await toggleOf(page, "Zones").click();
  // The panes below move by themselves.
  await show(page, "Premium", "n", false);
  await show(page, "Tide", "t", false);
  await page.mouse.move(0, 0);
  // From here on the candles and the line of the last price stand still, so that pictures differ
  // by a layer alone.
  await page.route("**/api/rpc/get_bars", () => undefined);
  await expectLayer(page, eye, "l", "Levels", LABELS);
  await expectLayer(page, eye, "p", "Profile", PROFILE);
  await expectLayer(page, eye, "b", "Prints", PLOT);
  await expect(page.getByRole("img", { name: "Off-exchange shares today" })).toBeVisible();
});

test("pointing at a level or the profile says what it is and how it is computed", async ({
  page,
  demo,
}) => {
  await open(page, demo);
  const chart = await chartOf(page);
  await pointAt(page, chart, -180, /rank \d+|Level/i);
  await pointAt(page, chart, -96, /off-exchange/i);
});

test("candles move while the market is open", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  const line = page.locator(".legend .line").first();
  const clock = page.locator("header .clock .figures");
  const [before, time] = [await line.textContent(), await clock.textContent()];
  await expect.poll(() => clock.textContent()).not.toBe(time);
  await expect.poll(() => line.textContent(), { timeout: 60_000 }).not.toBe(before);
});

test("keys move the view, and End brings the newest bar back", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  const time = page.locator(".legend .time");
  const day = async () => (await time.textContent())?.slice(0, 15);
  const today = await day();
  await expect(async () => {
    await page.keyboard.press("[");
    await page.keyboard.press("[");
    await page.keyboard.press("[");
    await expect.poll(day, { timeout: 2_000 }).not.toBe(today);
  }).toPass();
  await page.keyboard.press("End");
  await expect.poll(day).toBe(today);
});

test("the panes below the price tell the figures at its crosshair", async ({ page, demo }) => {
  await open(page, demo);
  const chart = await chartOf(page);
  const figures = ["Net premium", "Market tide"].map((name) =>
    page.getByRole("region", { name }).locator(".figures"),
  );
  for (const line of figures) {
    await expect(line).toContainText(/calls\s*−?\$\d.*puts\s*−?\$\d/s, { timeout: 60_000 });
  }
  const box = await chart.boundingBox();
  if (!box) throw new Error("the chart has no place on the page");
  // The session is an hour and a half old: its eighteen bars end where the newest one is.
  await page.keyboard.press("End");
  const pointed = async (part: number) => {
    await page.mouse.move(box.x + box.width * part, box.y + 150);
    return Promise.all(figures.map((line) => line.textContent()));
  };
  const newest = await pointed(0.66);
  await expect.poll(async () => (await pointed(0.6))[0]).not.toBe(newest[0]);
});

test("panes are hidden, moved and kept over a reload", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  const premium = page.getByRole("region", { name: "Net premium" });
  const line = page.getByRole("separator", { name: "Height of the net premium" });
  const height = async () => Number(await line.getAttribute("aria-valuenow"));
  const before = await height();
  await line.focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(height).toBe(before + 16);
  await page.keyboard.press("t");
  await expect(page.getByRole("region", { name: "Market tide" })).toBeHidden();
  await page.reload();
  await chartOf(page);
  await expect.poll(height).toBe(before + 16);
  await expect(page.getByRole("region", { name: "Market tide" })).toBeHidden();
  await premium.getByRole("button", { name: "Hide Net premium" }).click();
  await expect(premium).toBeHidden();
  await expectFits(page);
});

test("the number of levels is chosen and kept", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  const count = page.getByRole("combobox", { name: "Levels shown" });
  await expect(count).toHaveValue("40");
  await count.selectOption("100");
  await page.reload();
  await chartOf(page);
  await expect(count).toHaveValue("100");
});

test("timeframe and layers are kept over a reload", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  const daily = page.getByRole("radio", { name: "1d" });
  const zones = page.getByRole("button", { name: "Zones" });
  await daily.click();
  await zones.click();
  await expect(page.locator(".legend .line").first()).toContainText("1d");
  await page.reload();
  await chartOf(page);
  await expect(daily).toBeChecked();
  await expect(zones).toHaveAttribute("aria-pressed", "false");
  await expect(page.locator(".legend .line").first()).toContainText("1d");
  await expectFits(page);
});

test("bars that come after the Desk was left are drawn nowhere", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  let hold: (route: Route) => void;
  const held = new Promise<Route>((resolve) => (hold = resolve));
  await page.route("**/api/rpc/get_bars", (route) => hold(route));
  await page.getByRole("radio", { name: "1d" }).click();
  const late = await held;
  await page.keyboard.press("3");
  await expect(page.getByTestId("desk-chart")).toHaveCount(0);
  const answered = page.waitForResponse("**/api/rpc/get_bars");
  await late.continue();
  await (await answered).finished();
  // What a removed chart still wants to draw, it draws in the next frame.
  await page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
});
