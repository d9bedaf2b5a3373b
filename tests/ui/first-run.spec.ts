import { MARKET_NOW, Vendor } from "./daemon";
import { chartOf, expect, expectSimulated, keep, test } from "./test";

const QUESTION = "Which market do you want to see?";
/** The browser itself notes a refused key. */
test.use({ tolerated: /status of 4\d\d .*connect_vendor/ });

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
  const env = { UNDERTOW_NOW: MARKET_NOW, UNDERTOW_UNUSUAL_WHALES_URL: vendor.url };
  const daemon = await start({ command: ["serve"], env, symbols: ["SPY"] });
  await page.goto(daemon.url);
  const key = page.getByLabel("You need an API key");
  const connect = page.getByRole("button", { name: "Connect" });
  await expect(key).toHaveAttribute("type", "password");
  await expect(connect).toBeDisabled();

  await key.fill("not-a-key-of-theirs");
  await connect.click();
  await expect(page.getByRole("alert")).toContainText("key");
  await expect(page.getByRole("alert")).not.toContainText("not-a-key-of-theirs");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(QUESTION);
  await keep(page, "first-run-wrong-key");

  await key.fill(vendor.key);
  await connect.click();
  // The market is real to the program; only its clock is not of now, and the frame says so.
  await expect(page.getByRole("note")).toContainText("CLOCK SHIFTED", { timeout: 60_000 });
  await chartOf(page);
  const remembered = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  expect(remembered).not.toContain(vendor.key);
  await vendor.stop();
});
