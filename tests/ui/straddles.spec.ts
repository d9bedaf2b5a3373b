import type { Locator, Page } from "@playwright/test";

import { expect, expectFits, expectRead, keep, open, test } from "./test";

const PLACE = "#/straddles";
/** History of the tape is read a session after the other, and a candidate needs sixty of them. */
const HISTORY_LIMIT_MS = 240_000;
/** A chain is read every few minutes of market time. */
const CHAIN_LIMIT_MS = 120_000;

const panelOf = (page: Page, name: string | RegExp): Locator => page.getByRole("region", { name });
const listOf = (page: Page): Locator => page.getByRole("grid", { name: "Candidates" });
const rowsOf = (page: Page): Locator => listOf(page).locator("[role=row].line");
const chosenOf = (page: Page): Locator => listOf(page).locator('[role=row][aria-selected="true"]');
const detailOf = (page: Page): Locator => panelOf(page, /^Straddle of /);

/** The first candidate that was judged. */
async function judged(page: Page): Promise<void> {
  await expect(rowsOf(page).first()).toBeVisible({ timeout: CHAIN_LIMIT_MS });
  await expect(detailOf(page)).toContainText(/Activity.*IV below HV.*HV less IV/s);
}

/** A straddle with prices is looked at. */
async function priced(page: Page): Promise<void> {
  await judged(page);
  await expect(panelOf(page, "At expiry").locator("path.payoff")).toBeVisible({
    timeout: CHAIN_LIMIT_MS,
  });
}

test("candidates stand under headings with three bars each against their thresholds", async ({
  page,
  demo,
}) => {
  await open(page, demo);
  await page.keyboard.press("4");
  await expect(page).toHaveURL(/#\/straddles/);
  await judged(page);
  await expect(listOf(page)).toContainText(
    /Opportunities|Rejected|Criteria not met|Insufficient history/,
  );
  const first = rowsOf(page).first();
  await expect(first.locator(".criterion")).toHaveCount(3);
  await expect(listOf(page).getByRole("row").first()).toContainText(/Activity\s*4\.0 x/);
  await expect(panelOf(page, "Candidates")).toContainText(/assessed \d\d:\d\d:\d\d ET/);
});

test("activity is said twice, or how much history there is", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await judged(page);
  await expect(rowsOf(page).first()).toContainText(/\d\.\d x\s*[+\u2212]?\d+ %|n \d+ of\s*60/, {
    timeout: HISTORY_LIMIT_MS,
  });
});

test("the keyboard moves through the candidates and the detail follows", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await judged(page);
  const name = (): Promise<string | null> => detailOf(page).getAttribute("aria-label");
  const before = await name();
  await page.keyboard.press("j");
  await expect.poll(name).not.toBe(before);
  await expect(page).toHaveURL(/symbol=[A-Z]+/);
  await expect(chosenOf(page)).toHaveCount(1);
  await page.keyboard.press("k");
  await expect.poll(name).toBe(before);
});

test("a straddle has its payoff with two breakevens and the two distributions", async ({
  page,
  demo,
  eye,
}) => {
  await open(page, demo, PLACE);
  await priced(page);
  const payoff = panelOf(page, "At expiry");
  await expect(payoff.locator("circle.turn")).toHaveCount(2);
  await expect(payoff.locator("path.density.implied")).toHaveAttribute("d", /^M[\d.]+,[\d.]+L/);
  expect(await eye.colours(await payoff.screenshot())).toBeGreaterThan(30);
  const chart = payoff.getByRole("group", {
    name: /Profit or loss of the straddle/,
  });
  await chart.focus();
  await page.keyboard.press("ArrowRight");
  await expect(payoff).toContainText(/Price at expiry.*Move from now.*A contract/s);
});

test("costs stand under four fills, or under last prices, with where they come from", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  await priced(page);
  const costs = panelOf(page, "Cost and odds");
  await expect(costs).toContainText(/Costs: .* ET\. IV: .*\. HV: .*over 30 sessions/s);
  await expect(costs).toContainText(/Base rate\s*(\d+ % \(n [\d,]+, \d+ to \d+ %\)|—)/);
  const fills = costs.getByRole("button", {
    name: /Middle|to ask|At the ask|Last prices/,
  });
  expect([1, 4]).toContain(await fills.count());
  await fills.first().click();
  await expect(fills.first()).toHaveAttribute("aria-pressed", "true");
});

test("what is said of losses and of the user's own record stands below", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await judged(page);
  await expect(detailOf(page)).toContainText("Long index straddles have lost money on average");
  await expect(detailOf(page)).toContainText(/Your record:\s*no record yet: 0 of 30/);
});

test("every figure says what it is", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await priced(page);
  const heads = panelOf(page, "Cost and odds").locator("thead").first().getByRole("columnheader");
  for (const head of await heads.all()) {
    await expect(head.locator("[data-tip]")).toHaveAttribute("data-tip", /.{20,}/);
  }
  await detailOf(page).getByText("HV less IV", { exact: true }).first().hover();
  await expect(page.getByText(/Historical less implied volatility, in points/)).toBeVisible();
});

test("a symbol is watched and taken away with the keyboard alone", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await judged(page);
  await page.keyboard.press("a");
  const field = page.getByLabel("Symbols to watch");
  await expect(field).toBeFocused();
  await page.keyboard.type("KO");
  await page.keyboard.press("Enter");
  const watch = panelOf(page, "Watch list");
  const row = watch.getByRole("row").filter({ hasText: /^KO/ });
  await expect(row).toBeVisible();
  await expect(panelOf(page, "Straddle of KO")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Delete");
  await expect(watch).toContainText(/KO is no longer watched/);
  await expect(row).toHaveCount(0);
  await page.keyboard.press("u");
  await expect(row).toBeVisible();
  await page.keyboard.press("Delete");
  await expect(row).toHaveCount(0);
});

test("what is no ticker is refused beside the field", async ({ page, demo }) => {
  await open(page, demo, `${PLACE}?view=watch`);
  const field = page.getByLabel("Symbols to watch");
  await field.fill("12$");
  await field.press("Enter");
  await expect(page.getByText(/No ticker: 12\$/)).toBeVisible();
  await expect(field).toHaveAttribute("aria-invalid", "true");
});

for (const theme of ["dark", "light"]) {
  test(`the page is drawn in the ${theme} theme`, async ({ page, demo, eye }) => {
    await page.addInitScript((name) => {
      localStorage.setItem("undertow.theme", JSON.stringify(name));
    }, theme);
    await open(page, demo, PLACE);
    await judged(page);
    await expectRead(page);
    await expectFits(page);
    expect(await eye.colours(await keep(page, `straddles-${theme}`))).toBeGreaterThan(60);
  });
}

for (const size of [
  { width: 1100, height: 700 },
  { width: 3840, height: 2160 },
]) {
  test(`nothing scrolls sideways at ${size.width} x ${size.height}`, async ({ page, demo }) => {
    await page.setViewportSize(size);
    for (const place of [PLACE, `${PLACE}?view=watch`]) {
      await open(page, demo, place);
      await expectFits(page);
    }
  });
}
