import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";

import type { Reading } from "../../charts/running";
import { runningOf } from "../../charts/running";
import { runningColumns, sessionsUpTo } from "../../charts/testing";
import { ApiFailure, resource } from "../../api/client";
import { desk } from "./deskPrefs.svelte";
import type { PaneFeed } from "./paneData.svelte";
import PaneFrame from "./PaneFrame.svelte";
import { paneEmpty } from "./words";

const FULL = runningColumns(sessionsUpTo("2026-03-06", 1));
const NONE = runningColumns([]);
const READING: Reading = { at: 0, call: 412_340_000, put: -88_010_000, extra: -401_000 };

afterEach(() => {
  cleanup();
  for (const name of ["premium", "tide"] as const) if (!desk.on(name)) desk.toggle(name);
  desk.holdings = false;
});

interface Given {
  name?: "premium" | "tide";
  answer: () => Promise<typeof FULL>;
  fund?: string;
  reading?: Reading | null;
}

async function show({ name = "premium", answer, fund, reading = READING }: Given) {
  const made = resource(answer);
  await made.reload();
  const feed: PaneFeed = {
    name,
    resource: made,
    running: made.data ? runningOf(made.data, "net_delta") : null,
  };
  const plan = vi.fn();
  const empty = { ...paneEmpty(name, "SPY", true), action: { label: "See the plan", run: plan } };
  render(PaneFrame, { feed, place: { top: 0, height: 90 }, reading, empty, fund });
  return { made, plan };
}

test("the figures at the crosshair stand in the head, whole on hover", async () => {
  await show({ answer: async () => FULL });
  const head = screen.getByRole("region", { name: "Net premium" });
  expect(head.textContent).toMatch(/calls\s*\$412M\s*puts\s*−\$88.0M\s*delta\s*−401K/);
  expect(document.querySelector("[data-tip='$412,340,000']")).toBeTruthy();
});

test("a bar before the first row has dashes and no zeros", async () => {
  await show({ answer: async () => FULL, reading: null });
  expect(screen.getByRole("region").textContent).toMatch(/calls\s*—\s*puts\s*—/);
});

test("the title says whose count it is", async () => {
  await show({ answer: async () => FULL });
  const tip = screen.getByText("Net premium").closest("[data-tip]");
  expect(tip?.getAttribute("data-tip")).toContain("vendor's own count of all trades");
});

test("an empty store says so and leads to the plan", async () => {
  const { plan } = await show({ answer: async () => NONE });
  expect(screen.getByRole("status").textContent).toMatch(
    /No options flow is stored for SPY yet\.\s+It is collected from the next session on\./,
  );
  await fireEvent.click(screen.getByRole("button", { name: "See the plan" }));
  expect(plan).toHaveBeenCalledOnce();
});

test("a failure says what happened, and trying again mends it", async () => {
  let away = true;
  await show({
    answer: async () => {
      if (away) throw new ApiFailure("database_unavailable", "The database is away.");
      return FULL;
    },
  });
  expect(screen.getByRole("alert").textContent).toContain("The database is away.");
  away = false;
  await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await vi.waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
});

test("an answer that could not be read again stays, with a mark", async () => {
  let away = false;
  const { made } = await show({
    answer: async () => {
      if (away) throw new ApiFailure("timeout", "No answer within 15 s.");
      return FULL;
    },
  });
  away = true;
  await made.reload();
  await vi.waitFor(() => expect(screen.getByText(/could not be read again/)).toBeTruthy());
  expect(screen.getByRole("region").textContent).toContain("$412M");
});

test("a pane is hidden by its button, and stays so", async () => {
  await show({ answer: async () => FULL });
  await fireEvent.click(screen.getByRole("button", { name: "Hide Net premium" }));
  expect(desk.on("premium")).toBe(false);
  expect(localStorage.getItem("undertow.desk.premium")).toBe("false");
});

test("only a fund's tide offers its holdings", async () => {
  await show({ name: "tide", answer: async () => FULL });
  expect(screen.queryByRole("button", { name: "holdings" })).toBeNull();
  cleanup();
  await show({ name: "tide", answer: async () => FULL, fund: "SPY" });
  await fireEvent.click(screen.getByRole("button", { name: "holdings" }));
  expect(desk.holdings).toBe(true);
});
