import type { Locator, Page } from "@playwright/test";

import { expect, expectFits, expectRead, keep, open, test } from "./test";

const PLACE = "#/flow";
/** The first option trades of a new market: they are asked for after the prints. */
const FIRST_LIMIT_MS = 90_000;
/** New trades come every few seconds of an open market, but not in every one. */
const FRESH_LIMIT_MS = 60_000;
/** Places of the cells in a row of the tape. */
const CELL = { time: 2, contract: 3, side: 4, trades: 5, size: 6, premium: 7 } as const;

const tapeOf = (page: Page): Locator => page.getByRole("region", { name: "Tape" });
const gridOf = (page: Page): Locator => page.getByRole("grid", { name: "Option trades" });
const rowsOf = (page: Page): Locator => gridOf(page).getByRole("rowgroup").getByRole("row");
const panelOf = (page: Page, name: string): Locator => page.getByRole("region", { name });
const filtersOf = (page: Page): Locator => page.getByRole("form", { name: "Filters of the flow" });
/** Rows are drawn in slots: their order on the screen is in their index. */
const rowAt = (page: Page, index: number): Locator =>
  gridOf(page).locator(`[role=rowgroup] [role=row][aria-rowindex="${index}"]`);
const cellOf = (row: Locator, cell: number): Locator =>
  row.locator(`[role=gridcell]:nth-child(${cell})`);
const cells = (page: Page, cell: number): Promise<string[]> =>
  cellOf(rowsOf(page), cell).allTextContents();

/** `1,204` as a number. */
const whole = (text: string | null): number => Number((text ?? "").trim().replaceAll(",", ""));

/** `$1.24M` as dollars. */
function dollars(text: string): number {
  const match = /\$([\d.,]+)([KMBT]?)/.exec(text);
  if (!match) throw new Error(`no amount: ${text}`);
  const unit = { "": 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[match[2]] ?? NaN;
  return Number(match[1].replaceAll(",", "")) * unit;
}

async function filled(page: Page): Promise<void> {
  await expect(rowsOf(page).first()).toBeVisible({ timeout: FIRST_LIMIT_MS });
}

test("the tape groups trades, prints its rule, and opens a group into all of its trades", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  await filled(page);
  await expect(filtersOf(page).locator("..")).toContainText(/same contract on the same side/);
  await expect(rowAt(page, 1)).toContainText(/\d\d:\d\d:\d\d\.\d{3}.*[CP].*\$[\d.]+[KM]?/s);
  await page.getByRole("button", { name: "Hold the tape" }).click();

  const opener = page.getByRole("button", { name: /^Show its [2-9] trades$/ }).first();
  await expect(opener).toBeVisible();
  const group = gridOf(page).getByRole("row").filter({ has: opener }).first();
  const index = Number(await group.getAttribute("aria-rowindex"));
  const trades = whole(await cellOf(group, CELL.trades).textContent());
  const size = whole(await cellOf(group, CELL.size).textContent());
  const contract = await cellOf(group, CELL.contract).textContent();
  await opener.click();
  await expect(page.locator("[role=row].child")).toHaveCount(trades);
  let sum = 0;
  for (let child = 1; child <= trades; child += 1) {
    const row = rowAt(page, index + child);
    sum += whole(await cellOf(row, CELL.size).textContent());
    expect(await cellOf(row, CELL.contract).textContent()).toBe(contract);
  }
  expect(sum).toBe(size);
  await page.getByRole("button", { name: "Hide its trades" }).click();
  await expect(page.locator("[role=row].child")).toHaveCount(0);
});

test("a group opens with the keyboard alone", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await filled(page);
  await page.keyboard.press(" ");
  await expect(page.getByText(/^\s*Paused/)).toBeVisible();
  const opener = page.getByRole("button", { name: /^Show its \d+ trades$/ }).first();
  const group = gridOf(page).getByRole("row").filter({ has: opener }).first();
  const index = Number(await group.getAttribute("aria-rowindex"));
  await page.keyboard.press("Home");
  for (let step = 1; step < index; step += 1) await page.keyboard.press("ArrowDown");
  await expect(rowAt(page, index)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.locator("[role=row].child").first()).toBeVisible();
});

test("filters change the tape and the address, and a shared address brings them back", async ({
  page,
  demo,
}) => {
  await open(page, demo, `${PLACE}?rows=trades`);
  await filled(page);
  const filters = filtersOf(page);
  const min = filters.getByLabel("Smallest premium, dollars");
  await min.fill("50k");
  await min.press("Enter");
  await filters.getByLabel("Calls or puts").selectOption("put");
  await filters.getByLabel("Side", { exact: true }).selectOption("buy");
  await expect(page).toHaveURL(/rows=trades&kind=put&side=buy&min=50000/);
  const expectFiltered = (): Promise<void> =>
    expect(async () => {
      const premiums = (await cells(page, CELL.premium)).map(dollars);
      expect(premiums.length).toBeGreaterThan(0);
      expect(Math.min(...premiums)).toBeGreaterThanOrEqual(49_950);
      for (const contract of await cells(page, CELL.contract)) expect(contract).toMatch(/P\s*$/);
      for (const side of await cells(page, CELL.side)) expect(side).toMatch(/ask/i);
    }).toPass();
  await expectFiltered();

  await page.reload();
  await expect(filters.getByLabel("Calls or puts")).toHaveValue("put");
  await expectFiltered();
  await page.getByRole("button", { name: /Clear 3 filters/ }).click();
  await expect(page).toHaveURL(/#\/flow\?rows=trades$/);
});

test("filters are kept under a name over a restart", async ({ page, demo }) => {
  await open(page, demo, `${PLACE}?kind=put&min=100000`);
  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByPlaceholder("Name").fill("Big puts");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.keyboard.press("Escape");
  await open(page, demo, PLACE);
  await page.reload();
  await page.getByRole("button", { name: "Saved filters" }).click();
  await page.getByRole("button", { name: "Big puts", exact: true }).click();
  await expect(page).toHaveURL(/kind=put&min=100000/);
});

test("new trades come in on top and move nothing that is read", async ({ page, demo }) => {
  await open(page, demo, `${PLACE}?rows=trades`);
  await filled(page);
  const top = async (): Promise<string | null> => rowAt(page, 1).textContent();
  const before = await top();
  await expect.poll(top, { timeout: FRESH_LIMIT_MS }).not.toBe(before);

  const scroller = gridOf(page).getByRole("rowgroup");
  // The page has heard of the scroll before it is looked at.
  await scroller.evaluate(
    (element) =>
      new Promise<void>((done) => {
        element.addEventListener("scroll", () => requestAnimationFrame(() => done()), {
          once: true,
        });
        element.scrollTo({ top: 27 * 12 });
      }),
  );
  const first = (): Promise<string> =>
    scroller.evaluate((element) => {
      const edge = element.getBoundingClientRect().top - 1;
      const rows = [...element.querySelectorAll("[role=row]")];
      const below = rows.filter((row) => row.getBoundingClientRect().top >= edge);
      const by = (row: Element): number => row.getBoundingClientRect().top;
      return below.sort((one, two) => by(one) - by(two))[0]?.textContent ?? "";
    });
  await expect.poll(first).not.toBe("");
  const read = await first();
  await expect(page.getByRole("button", { name: /new rows? above/ })).toBeVisible({
    timeout: FRESH_LIMIT_MS,
  });
  expect(await first()).toBe(read);
});

test("the session at a glance says how much of it can be said", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await filled(page);
  const glance = panelOf(page, "Session at a glance");
  await expect(glance).toContainText(/[+\u2212]?\d+ %\s*(bullish|bearish|balanced)/);
  await expect(glance).toContainText(/Coverage\s*\d+ %/);
  await expect(glance).toContainText(/Legs left out\s*\d+ %/);
  await expect(glance).toContainText(/Opening\s*\d+ \/ \d+ %/);
  await expect(glance).toContainText(/Floor\s*\$[\d.]+K/);
  await glance.getByText("Coverage").hover();
  await expect(page.getByText(/Share of the premium that has a side/)).toBeVisible();
});

test("the map is drawn and read with the keyboard", async ({ page, demo, eye }) => {
  await open(page, demo, PLACE);
  await filled(page);
  const panel = panelOf(page, "Premium map");
  const map = panel.getByRole("group", { name: /Net premium by strike and expiry/ });
  await expect(map.getByRole("listitem").first()).toHaveText(/Strike .* expiry .* dollars/);
  expect(await eye.colours(await map.screenshot())).toBeGreaterThan(60);
  await map.focus();
  await page.keyboard.press("ArrowDown");
  await expect(map).toContainText(/Strike.*Expiry.*All premium/s);
  const told = await map.locator("dl").textContent();
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => map.locator("dl").textContent()).not.toBe(told);
  await expect(page).toHaveURL(/#\/flow$/);
});

test("strikes, tenors and the vendor's count are drawn", async ({ page, demo, eye }) => {
  await open(page, demo, PLACE);
  await filled(page);
  const tenors = panelOf(page, "Premium by tenor");
  await expect(tenors.locator("path.line").first()).toHaveAttribute("d", /^M[\d.]+,[\d.]+L/, {
    timeout: FRESH_LIMIT_MS,
  });
  await expect(tenors.locator("path.line")).toHaveCount(8);

  await page.getByRole("radio", { name: "By strike" }).click();
  const strikes = panelOf(page, "Premium and gamma");
  await expect(strikes.locator("rect.bar").first()).toBeVisible({ timeout: FRESH_LIMIT_MS });
  await expect(strikes).toContainText(/naive gamma/);
  expect(await eye.colours(await strikes.screenshot())).toBeGreaterThan(60);

  await page.getByRole("radio", { name: "With price" }).click();
  const vendor = panelOf(page, "Premium and price");
  await expect(vendor.locator("path.line")).toHaveCount(3, { timeout: FRESH_LIMIT_MS });
  await expect(vendor.locator("path.line").first()).toHaveAttribute("d", /^M[\d.]+,[\d.]+L/);
  await page.reload();
  await expect(panelOf(page, "Premium and price")).toBeVisible();
});

test("the session before is a press away, and what is missing says so", async ({ page, demo }) => {
  await open(page, demo, PLACE);
  await expect(page.getByRole("button", { name: "Next session" })).toBeDisabled();
  await expect(page.getByRole("button", { name: "Previous session" })).toBeEnabled();
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/date=\d{4}-\d\d-\d\d/);
  await expectRead(page);
  // The vendor hands out trades of the latest day only: a new market has none of the day before.
  await expect(async () => {
    const drawn = await rowsOf(page).count();
    const said = await tapeOf(page)
      .getByText(/No option trade of SPY is stored for/)
      .count();
    expect(drawn + said).toBeGreaterThan(0);
  }).toPass();
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/#\/flow$/);
});

test("volatility shows where it stands, by expiry, by estimator and with prints", async ({
  page,
  demo,
}) => {
  await open(page, demo, PLACE);
  await page.getByRole("radio", { name: "Volatility" }).click();
  await expect(page).toHaveURL(/view=volatility/);
  const now = panelOf(page, "Implied volatility");
  await expect(now).toContainText(/IV now\s*\d+\.\d %/, { timeout: FIRST_LIMIT_MS });
  await expect(now).toContainText(/Rank\s*\d+.*Percentile\s*\d+|Insufficient history/s);
  const term = panelOf(page, "Term structure");
  await expect(term.locator("circle").first()).toBeVisible({ timeout: FIRST_LIMIT_MS });
  const table = panelOf(page, "HV against IV").getByRole("table");
  await expect(table.getByRole("row")).toHaveCount(6);
  await expect(table).toContainText(/Yang-Zhang.*\d+\.\d %/s);
  const together = panelOf(page, "Prints and options");
  await expect(together).toContainText(/\d+ sessions?, [\d,]+ bins|Too little to compare yet/);
});

for (const theme of ["dark", "light"]) {
  test(`both views are drawn in the ${theme} theme`, async ({ page, demo, eye }) => {
    await page.addInitScript((name) => {
      localStorage.setItem("undertow.theme", JSON.stringify(name));
    }, theme);
    for (const view of ["flow", "volatility"]) {
      await open(page, demo, `${PLACE}?view=${view}`);
      await expectRead(page);
      const png = await keep(page, `${view}-${theme}`);
      expect(await eye.colours(png)).toBeGreaterThan(150);
    }
  });
}

test.describe("in the smallest window", () => {
  test.use({ viewport: { width: 1100, height: 700 } });

  test("nothing scrolls sideways", async ({ page, demo }) => {
    for (const view of ["flow", "volatility"]) {
      await open(page, demo, `${PLACE}?view=${view}`);
      await expectRead(page);
      await expectFits(page);
      await keep(page, `${view}-small`);
    }
  });
});
