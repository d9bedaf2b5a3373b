import { cleanup, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { client } from "../../api/client";
import { app } from "../../state/app.svelte";
import { Fake } from "../../test/fake";
import { START_MS } from "../../test/market";
import PlanPanel from "./PlanPanel.svelte";

let fake: Fake;
let end = (): void => {};

beforeEach(async () => {
  vi.useFakeTimers({ now: START_MS });
  fake = new Fake();
  end = client.connect(fake);
  app.status = await client.call("get_status", {});
});
afterEach(() => {
  cleanup();
  end();
  app.status = null;
  vi.useRealTimers();
});

async function show(): Promise<HTMLElement> {
  render(PlanPanel);
  await vi.advanceTimersByTimeAsync(100);
  return screen.getByRole("region", { name: "Plan" });
}

const asks = (): number => fake.calls.filter(({ name }) => name === "get_plan").length;

test("the day's requests, the sentence and the stream are told", async () => {
  const panel = await show();
  expect(panel.textContent).toMatch(/13\.8K\s*requests left today/);
  expect(panel.textContent).toContain("Strikes are asked every 2 minutes");
  expect(panel.textContent).toContain("No stream");
  expect(screen.getByRole("img", { name: /6,214 of 20,000 requests used/ })).toBeTruthy();
});

test("what is slowed down or dropped says so, beside its pace", async () => {
  const panel = await show();
  expect(panel.textContent).toContain("2 of 7 series slowed down or dropped");
  const row = (name: RegExp) =>
    screen.getAllByRole("listitem").find((item) => name.test(item.textContent ?? ""));
  expect(row(/Premium by strike/)?.textContent).toContain("2.0 x slower");
  expect(row(/Volume by price/)?.textContent).toContain("dropped");
  expect(row(/Flow alerts/)?.textContent).not.toMatch(/slower|dropped/);
});

test("it is read again every few seconds while it is shown, and no longer", async () => {
  await show();
  const before = asks();
  await vi.advanceTimersByTimeAsync(12_500);
  expect(asks()).toBe(before + 3);
  expect(screen.queryByText(/^Reading/)).toBeNull();
  cleanup();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asks()).toBe(before + 3);
});

test("a plan that can't be read again stays, called by its age", async () => {
  const panel = await show();
  fake.failing = { get_plan: "database_unavailable" };
  await vi.advanceTimersByTimeAsync(5_000);
  expect(panel.textContent).toMatch(/As of .* fails get_plan on purpose/);
  expect(panel.textContent).toContain("13.8K");
});

test("a vendor that has not told its limit gets no picture of it", async () => {
  app.status = null;
  const panel = await show();
  expect(screen.queryByRole("img")).toBeNull();
  expect(panel.textContent).toContain("would take 24,300 requests a day");
});
