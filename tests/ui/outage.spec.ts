import { Daemon } from "./daemon";
import { chartOf, expect, open, test } from "./test";

/** What a browser notes while nobody answers, and while the database opens again. */
test.use({ tolerated: /net::ERR_|WebSocket connection to/ });

test("a daemon that dies is noticed, and one that returns is read again", async ({ page }) => {
  test.setTimeout(240_000);
  const daemon = await Daemon.start({ command: ["demo", "--speed", "6"], symbols: ["SPY"] });
  try {
    await open(page, daemon);
    await chartOf(page);
    const lost = page.getByText("reconnecting");
    await expect(lost).toHaveCount(0);

    await daemon.kill();
    await expect(lost).toBeVisible();
    await expect(page.getByRole("list", { name: "Freshness" }).getByText("late")).not.toHaveCount(
      0,
    );
    await page.keyboard.press("2");
    await expect(page.getByRole("alert").first()).toContainText("does not answer");
    // What was drawn from an open market stays framed: it must never pass for a real one.
    await expect(page.getByRole("note")).toContainText("SIMULATED");

    await daemon.startAgain();
    await expect(lost).toHaveCount(0, { timeout: 60_000 });
    await expect(page.getByRole("rowgroup").getByRole("row").first()).toBeVisible({
      timeout: 60_000,
    });
    await page.keyboard.press("1");
    await chartOf(page);
  } finally {
    await daemon.stop();
  }
});
