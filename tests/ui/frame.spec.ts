import {
  chartOf,
  expect,
  expectFits,
  expectRead,
  expectSimulated,
  keep,
  open,
  printsOf,
  test,
} from "./test";

const PAGES = [
  { key: "1", place: "desk", title: "Desk" },
  { key: "2", place: "off-exchange", title: "Off-exchange" },
  { key: "3", place: "flow", title: "Flow" },
  { key: "7", place: "data", title: "Data" },
];
/** A blank or broken page has a handful of colours; a drawn one has hundreds. */
const FEWEST_COLOURS = 150;

test("number keys lead to the pages, and each says that the market is simulated", async ({
  page,
  demo,
}) => {
  await open(page, demo);
  for (const { key, place, title } of [...PAGES].reverse()) {
    await page.keyboard.press(key);
    await expect(page).toHaveURL(new RegExp(`#/${place}`));
    await expect(page.getByRole("link", { name: title })).toHaveAttribute("aria-current", "page");
    await expectSimulated(page);
  }
});

test("the palette finds an action and gives the focus back", async ({ page, demo }) => {
  await open(page, demo);
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Find any action" });
  await expect(palette).toBeVisible();
  await page.keyboard.type("go data");
  await page.keyboard.press("Enter");
  await expect(palette).toHaveCount(0);
  await expect(page).toHaveURL(/#\/data/);
  await page.keyboard.press("Control+k");
  await expect(palette.getByText("Recent")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(palette).toHaveCount(0);
});

test("the sheet of keys lists what the page can do", async ({ page, demo }) => {
  await open(page, demo);
  await chartOf(page);
  await page.keyboard.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet).toContainText("Go to Off-exchange");
  await expect(sheet).toContainText("Show or hide levels");
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
});

test("typing a ticker switches the symbol, also when its first letter is a key", async ({
  page,
  demo,
}) => {
  await open(page, demo);
  await chartOf(page);
  const box = page.getByRole("button", { name: /^Symbol / });
  for (const [typed, symbol] of [
    ["qqq", "QQQ"],
    ["spy", "SPY"],
  ]) {
    await page.keyboard.type(typed, { delay: 40 });
    await page.keyboard.press("Enter");
    await expect(box).toContainText(symbol);
    await expect(page.locator(".legend")).toContainText(symbol, { timeout: 60_000 });
  }
  await page.keyboard.type("ex", { delay: 40 });
  await expect(page.getByPlaceholder("Ticker")).toHaveValue("EX");
});

test("the theme changes everything at once and is kept", async ({ page, demo, eye }) => {
  await open(page, demo);
  const chart = await chartOf(page);
  const dark = await chart.screenshot();
  await page.getByRole("button", { name: "Switch to the light theme" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  const box = await chart.boundingBox();
  const most = 0.8 * (box?.width ?? 0) * (box?.height ?? 0);
  await expect
    .poll(async () => eye.differing(dark, await chart.screenshot()))
    .toBeGreaterThan(most);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

for (const theme of ["dark", "light"]) {
  test(`every page is drawn in the ${theme} theme`, async ({ page, demo, eye }) => {
    await page.addInitScript((name) => {
      localStorage.setItem("undertow.theme", JSON.stringify(name));
    }, theme);
    for (const { place } of PAGES) {
      await open(page, demo, `#/${place}`);
      if (place === "desk") await chartOf(page);
      await expectRead(page);
      expect(await eye.colours(await keep(page, `${place}-${theme}`))).toBeGreaterThan(
        FEWEST_COLOURS,
      );
    }
  });
}

test.describe("in the smallest window", () => {
  test.use({ viewport: { width: 1100, height: 700 } });

  test("nothing scrolls sideways", async ({ page, demo }) => {
    for (const { place } of PAGES) {
      await open(page, demo, `#/${place}`);
      if (place === "desk") await chartOf(page);
      await expectRead(page);
      await expectFits(page);
      await keep(page, `${place}-small`);
    }
  });
});

test("a locale that browsers do not know changes nothing", async ({ page, demo }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, "language", { get: () => "C" });
    Object.defineProperty(navigator, "languages", { get: () => ["C"] });
  });
  await open(page, demo);
  await chartOf(page);
  await expect(page.locator("header .clock")).toContainText(/\d\d:\d\d:\d\d/);
  await page.keyboard.press("2");
  await expect(printsOf(page).first()).toBeVisible();
});
