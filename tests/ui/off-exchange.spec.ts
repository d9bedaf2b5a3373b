import type { Page } from "@playwright/test";

import { chartOf, expect, open, printsOf, test } from "./test";

const PLACE = "#/off-exchange";

const cells = (page: Page, column: number) =>
  printsOf(page).locator(`[role=gridcell]:nth-child(${column})`).allTextContents();

/** `$1.24M` as dollars. */
function dollars(text: string): number {
  const match = /\$([\d.,]+)([KMBT]?)/.exec(text);
  if (!match) throw new Error(`no amount: ${text}`);
  const unit = { "": 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[match[2]] ?? NaN;
  return Number(match[1].replaceAll(",", "")) * unit;
}

test("the tape shows prints, newest first", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await expect(printsOf(page).first()).toBeVisible();
  expect(await printsOf(page).count()).toBeGreaterThan(20);
  await expect(printsOf(page).first()).toContainText(/\d\d:\d\d:\d\d\.\d{3}/);
  const notionals = (await cells(page, 4)).map(dollars);
  expect(Math.min(...notionals)).toBeGreaterThan(0);
});

test("filters change the tape and the address, and a shared address brings them back", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  const filters = page.getByRole("form", { name: "Filters of the tape" });
  const min = filters.getByLabel("Smallest notional, dollars");
  await min.fill("1m");
  await min.press("Enter");
  await expect(page).toHaveURL(/min=1000000/);
  await expect(min).toBeFocused();
  await filters.getByLabel("Side", { exact: true }).selectOption("buy");
  await filters.getByLabel("Order").selectOption("largest");
  await expect(page).toHaveURL(/min=1000000&side=buy&order=largest/);
  await expect(printsOf(page).first()).toBeVisible();

  const expectFiltered = () =>
    expect(async () => {
      const notionals = (await cells(page, 4)).map(dollars);
      expect(notionals.length).toBeGreaterThan(0);
      expect(Math.min(...notionals)).toBeGreaterThanOrEqual(999_500);
      expect(notionals[0]).toBe(Math.max(...notionals));
      for (const side of await cells(page, 7)) expect(side).not.toMatch(/No side|bid/i);
    }).toPass();
  await expectFiltered();

  await page.reload();
  await expect(min).toHaveValue("1.00M");
  await expect(filters.getByLabel("Side", { exact: true })).toHaveValue("buy");
  await expectFiltered();
  await page.getByRole("button", { name: /Clear 2 filters/ }).click();
  await expect(page).not.toHaveURL(/min=/);
});

test("a reason can be left out", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await expect(printsOf(page).first()).toBeVisible();
  await page.getByRole("button", { name: "Reasons: any reason" }).click();
  await page.getByRole("button", { name: "Only what counts for levels" }).click();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/without=/);
  await expect(async () => {
    const kept = (await cells(page, 11)).filter((text) => text.includes("kept out"));
    const parts = await cells(page, 10);
    // Outside the regular session a print is kept out without a reason of its own.
    expect(kept.length).toBeLessThanOrEqual(parts.filter((text) => !/regular/.test(text)).length);
    expect(parts.length).toBeGreaterThan(0);
  }).toPass();
});

test("a print opens whole with mouse and keyboard", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  const drawer = page.getByRole("complementary", { name: "The whole print" });
  await printsOf(page).first().click();
  await expect(drawer).toContainText("SPY");
  await expect(drawer.locator("dt").first()).toBeVisible();
  expect(await drawer.locator("dt").count()).toBeGreaterThan(8);
  await page.keyboard.press("Escape");
  await expect(drawer).toHaveCount(0);

  await page.keyboard.press(" ");
  await expect(page.getByText(/^\s*Paused/)).toBeVisible();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.locator("[role=row][aria-selected=true]")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(drawer.locator("dt").first()).toBeVisible();
});

test("the print that was pressed opens, also when another takes its row before the release", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  const first = printsOf(page).first();
  const top = async (): Promise<string> => (await first.textContent()) ?? "";
  const time = async (): Promise<string> => /[\d:]{8}\.\d{3}/.exec(await top())?.[0] ?? "none";
  await first.hover();
  await page.mouse.down();
  const drawer = page.getByRole("complementary", { name: "The whole print" });
  await expect(drawer.locator("dt").first()).toBeVisible();
  const pressed = await drawer.getByRole("heading").textContent();
  await expect.poll(async () => pressed?.includes(await time()), { timeout: 60_000 }).toBe(false);
  await page.mouse.up();
  await expect(drawer.getByRole("heading")).toHaveText(pressed ?? "");
});

test("levels are listed with what they are made of, and lead to the chart", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  const panel = page.getByRole("region", { name: "Levels" });
  const rows = panel.locator("tbody tr");
  await expect(rows.first()).toBeVisible({ timeout: 40_000 });
  await expect(rows.first()).toContainText(/\d+\.\d\d.*\$[\d.]+[KMB]/s);
  await expect(panel.locator("tbody")).toContainText("POC");
  await expect(panel.locator("dl")).toContainText(/POC/i);

  await panel.getByRole("button", { name: "Price" }).click();
  await expect(async () => {
    const prices = await panel.locator("tbody td.price a").allTextContents();
    const values = prices.map(Number);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  }).toPass();
  // By its price: others may come to stand first meanwhile.
  const price = (await panel.locator("tbody td.price a").first().textContent())?.trim() ?? "";
  await panel.getByRole("link", { name: price, exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`desk\\?price=${price}`));
  await chartOf(page);
});

test("the activity of the session is drawn", async ({ page, demo, eye }) => {
  await open(page, demo, PLACE);
  const panel = page.getByRole("region", { name: "Activity" });
  const curve = panel.getByRole("img", { name: "Off-exchange shares today" });
  await expect(curve.locator("path.today")).toHaveAttribute("d", /^M[\d.,\s-]+L/);
  await expect(panel).toContainText(/\d+\.\d x|insufficient history \(\d+ of 60\)/);
  expect(await eye.colours(await curve.screenshot())).toBeGreaterThan(30);
});
