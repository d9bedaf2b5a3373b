import { expect, open, test } from "./test";

test("feeds say in words how they are", async ({ page, demo }) => {
  await open(page, demo, "#/data");
  const feeds = page.getByRole("region", { name: "Feeds" });
  for (const series of ["Prints", "Bars"]) {
    const row = feeds.getByRole("row", { name: new RegExp(`SPY ${series}`) });
    await expect(row).toContainText(/Fresh|Late|Waiting/);
  }
  await expect(page.getByRole("tab", { name: "Log" })).toBeVisible();
  await page.getByRole("tab", { name: /Quarantine/ }).click();
  await expect(page.getByText("Nothing in quarantine.")).toBeVisible();
  await expect(page.getByRole("region", { name: "Gaps" })).toContainText(/gap/i);
});

test("the plan shows what is asked of the vendor, and how often", async ({ page, demo }) => {
  await open(page, demo, "#/data");
  const plan = page.getByRole("region", { name: "Plan" });
  await expect(plan).toContainText(/requests left today|not told its limit/);
  await expect(plan.getByRole("listitem").first()).toContainText(/asked every|should be asked/);
  await expect(plan).toContainText(/stream/i);
});

test("a running backfill shows its progress", async ({ page, demo }) => {
  await open(page, demo, "#/data");
  const job = page.getByRole("region", { name: "Backfills" }).getByRole("listitem").last();
  await expect(job).toContainText(/SPY, QQQ.*\d+ of 120 sessions.*[\d,]+ rows/s);
  const bar = job.getByRole("progressbar");
  const done = async () => Number(await bar.getAttribute("aria-valuenow"));
  const before = await done();
  expect(before).toBeGreaterThan(0);
  await expect.poll(async () => (await done()) > before || before === 120).toBe(true);
});

test("a backfill is started and stopped", async ({ page, demo }) => {
  await open(page, demo, "#/data");
  const panel = page.getByRole("region", { name: "Backfills" });
  const form = panel.getByRole("form", { name: "Start a backfill" });
  await form.getByLabel("Symbols").fill("qqq");
  await form.getByLabel("First session").fill("2025-09-02");
  await form.getByLabel("Last session").fill("2025-11-28");
  await form.getByRole("button", { name: "Backfill" }).click();

  const job = panel.getByRole("listitem").filter({ hasText: "2025-09-02" });
  await expect(job).toContainText("QQQ");
  await expect(job).toContainText(/Waiting|Running/);
  await job.getByRole("button", { name: "Stop" }).click();
  await expect(job).toContainText("Stopped");
  await expect(job.getByRole("button", { name: "Go on" })).toBeVisible();
});

test.describe("refusals", () => {
  // The browser itself notes an answer that is an error.
  test.use({ tolerated: /status of 4\d\d .*start_backfill/ });

  test("a backfill that cannot be is refused in words", async ({ page, demo }) => {
    await open(page, demo, "#/data");
    const form = page.getByRole("form", { name: "Start a backfill" });
    await form.getByLabel("First session").fill("2026-02-10");
    await form.getByLabel("Last session").fill("2026-02-03");
    await form.getByRole("button", { name: "Backfill" }).click();
    await expect(form.getByRole("alert")).toContainText(/\w+ \w+/);
  });
});
