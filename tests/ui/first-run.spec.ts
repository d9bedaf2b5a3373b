import { Daemon, MARKET_NOW, Vendor } from "./daemon";
import { chartOf, expect, expectSimulated, test } from "./test";

const QUESTION = "Which market do you want to see?";
/** The browser itself notes a refused key. */
test.use({ tolerated: /status of 4\d\d .*connect_vendor/ });

test("the first page asks one question; a simulated market answers with a chart", async ({
  page,
}) => {
  const daemon = await Daemon.start({ command: ["serve"], env: { UNDERTOW_NOW: MARKET_NOW } });
  try {
    await page.goto(daemon.url);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(QUESTION);
    await expect(page.getByRole("navigation")).toHaveCount(0);
    await page.getByRole("radio", { name: "Green and red" }).click();
    await expect(page.locator("html")).toHaveAttribute("data-pair", "green-red");

    const explore = page.getByTestId("explore-demo");
    await expect(explore).toContainText("simulated");
    await explore.click();
    await expectSimulated(page);
    await chartOf(page);
    await expect(page.locator("html")).toHaveAttribute("data-pair", "green-red");
  } finally {
    await daemon.stop();
  }
});

test("a wrong key is answered with why, a right one with the market", async ({ page }) => {
  const vendor = await Vendor.start();
  const daemon = await Daemon.start({
    command: ["serve"],
    env: { UNDERTOW_NOW: MARKET_NOW, UNDERTOW_UNUSUAL_WHALES_URL: vendor.url },
    symbols: ["SPY"],
  });
  try {
    await page.goto(daemon.url);
    const key = page.getByLabel("You need an API key");
    const connect = page.getByRole("button", { name: "Connect" });
    await expect(key).toHaveAttribute("type", "password");
    await expect(connect).toBeDisabled();

    await key.fill("not-a-key-of-theirs");
    await connect.click();
    await expect(page.getByRole("alert")).toContainText("key");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(QUESTION);
    await expect(page.getByRole("alert")).not.toContainText("not-a-key-of-theirs");

    await key.fill(vendor.key);
    await connect.click();
    // The market is real to the program; only its clock is not of now, and the frame says so.
    await expect(page.getByRole("note")).toContainText("CLOCK SHIFTED", { timeout: 60_000 });
    await chartOf(page);
    const remembered = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    expect(remembered).not.toContain(vendor.key);
  } finally {
    await daemon.stop();
    await vendor.stop();
  }
});
