import { chartOf, expect, open, printsOf, stripOf, test } from "./test";

/** What a browser notes while nobody answers, and while the market opens again. */
test.use({ tolerated: /net::ERR_|WebSocket connection to|status of 409/ });

test("a daemon that dies is noticed, and one that returns is read again", async ({
  page,
  start,
}) => {
  test.setTimeout(240_000);
  const daemon = await start({ command: ["demo", "--speed", "6"], symbols: ["SPY"] });
  await open(page, daemon);
  await chartOf(page);
  const lost = page.getByText("reconnecting");
  const late = page.getByRole("list", { name: "Freshness" }).getByText("late");
  await expect(lost).toHaveCount(0);
  // Pages that were not looked at yet are there all the same.
  await page.waitForFunction(() =>
    performance.getEntriesByType("resource").some(({ name }) => /OffExchange.*js/.test(name)),
  );

  await daemon.kill();
  await expect(lost).toBeVisible();
  await expect(late).not.toHaveCount(0);
  await page.keyboard.press("2");
  await expect(page.getByRole("alert").first()).toContainText("does not answer");
  // What was drawn of a simulated market stays framed: it must never pass for a real one.
  await expect(stripOf(page, "SIMULATED")).toBeVisible();

  await daemon.startAgain();
  await expect(lost).toHaveCount(0, { timeout: 60_000 });
  await expect(printsOf(page).first()).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("1");
  await chartOf(page);
});
