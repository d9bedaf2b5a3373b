import type { Page } from "@playwright/test";

import { MARKET_NOW, Vendor } from "./daemon";
import { chartOf, expect, expectFits, expectSimulated, keep, stripOf, test } from "./test";

const QUESTION = "Which market do you want to see?";
/** What a page asks while the market opens anew with another key is refused, and asked again. */
test.use({ tolerated: /status of 409/ });

test("the first page asks one question; a simulated market answers with a chart", async ({
  page,
  start,
}) => {
  const daemon = await start({ command: ["serve"], env: { UNDERTOW_NOW: MARKET_NOW } });
  await page.goto(daemon.url);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(QUESTION);
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await keep(page, "first-run-dark");
  await page.getByRole("radio", { name: "Green and red" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-pair", "green-red");

  const explore = page.getByTestId("explore-demo");
  await expect(explore).toContainText("simulated");
  await explore.click();
  await expectSimulated(page);
  await chartOf(page);
  await expect(page.locator("html")).toHaveAttribute("data-pair", "green-red");
});

test("a wrong key is answered with why, a right one with the market", async ({ page, start }) => {
  const vendor = await Vendor.start();
  const daemon = await start({ command: ["serve"], env: vendor.env, symbols: ["SPY"] });
  await page.goto(daemon.url);
  const key = page.getByLabel("Unusual Whales");
  const connect = page.getByRole("button", { name: "Connect" });
  await expect(key).toHaveAttribute("type", "password");
  await expect(connect).toBeDisabled();

  await key.fill("not-a-key-of-theirs");
  await connect.click();
  await expect(page.getByRole("alert")).toContainText("does not know this key");
  await expect(page.getByRole("alert")).not.toContainText("not-a-key-of-theirs");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(QUESTION);
  await keep(page, "first-run-wrong-key");

  await key.fill(vendor.key);
  await connect.click();
  await expectShifted(page);
  await chartOf(page);
  const remembered = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(remembered).not.toContain(vendor.key);

  // The other vendor is added from where it is missed.
  await page.keyboard.press("4");
  await expect(page.getByText("Straddles needs a key of Massive (Polygon)")).toBeVisible();
  await keep(page, "straddles-without-vendor");
  await page.getByRole("button", { name: "Add the key" }).click();
  await page.getByLabel("Massive (Polygon)").fill(vendor.key);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Candidates" })).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("1");
  await chartOf(page);
  await vendor.stop();
});

test("Massive alone fills Straddles; the other pages say whose they are", async ({
  page,
  start,
}) => {
  const vendor = await Vendor.start();
  const settings = '[tape]\nsymbols = ["SPY"]\nhistory_sessions = 3\n';
  const daemon = await start({ command: ["serve"], env: vendor.env, symbols: ["SPY"], settings });
  await page.goto(daemon.url);
  const key = page.getByLabel("Massive (Polygon)");
  const connect = page.getByRole("button", { name: "Connect" });
  const alert = page.getByRole("alert");

  await key.fill(vendor.key);
  await vendor.spoil("not_entitled", "/v3/trades/SPY");
  await connect.click();
  await expect(alert).toContainText("its plan has no trades of stocks");
  await vendor.spoil("reset_connection", "/v3/trades/SPY", 8);
  await connect.click();
  await expect(alert).toContainText("did not answer");
  await keep(page, "first-run-no-network");
  await vendor.forgive();
  await connect.click();
  await expectShifted(page);

  await expect(page.getByText("Desk needs a key of Unusual Whales")).toBeVisible();
  await keep(page, "desk-without-vendor");
  await page.getByRole("button", { name: "Go to Straddles" }).click();
  await expect(page.getByRole("region", { name: "Straddle of SPY" })).toBeVisible();
  await page.keyboard.press("w");
  await expect(page.getByRole("row").filter({ hasText: /^SPY/ })).toContainText("3 / 3", {
    timeout: 60_000,
  });
  for (const place of ["2", "3"]) {
    await page.keyboard.press(place);
    await expect(page.getByText(/needs a key of Unusual Whales/)).toBeVisible();
    await expectFits(page);
  }

  await page.keyboard.press("Control+k");
  await page.keyboard.type("add key unusual");
  await page.keyboard.press("Enter");
  await page.getByLabel("Unusual Whales").fill(vendor.key);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/needs a key of Unusual Whales/)).toHaveCount(0);
  await page.getByRole("link", { name: "Desk" }).click();
  await chartOf(page);
  await vendor.stop();
});

test("both vendors are connected at once, or neither is", async ({ page, start }) => {
  const vendor = await Vendor.start();
  const daemon = await start({ command: ["serve"], env: vendor.env, symbols: ["SPY"] });
  await page.goto(daemon.url);
  await page.getByLabel("Unusual Whales").fill(vendor.key);
  await page.getByLabel("Massive (Polygon)").fill("not-a-key-of-theirs");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText(/Massive.*does not know this key/);
  await expect(page.getByText("This key works.")).toBeVisible();
  await page.getByLabel("Massive (Polygon)").fill(vendor.key);
  await page.keyboard.press("Enter");
  await expectShifted(page);
  await chartOf(page);
  await page.keyboard.press("4");
  await expect(page.getByRole("region", { name: "Candidates" })).toBeVisible();
  await vendor.stop();
});

/** The market is real to the program; only its clock is not of now, and the frame says so. */
async function expectShifted(page: Page): Promise<void> {
  await expect(stripOf(page, "CLOCK SHIFTED")).toBeVisible({ timeout: 60_000 });
}
