import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test } from "vitest";

import { client } from "../../api/client";
import { Fake } from "../../test/fake";
import Retention from "./Retention.svelte";
import { choicesOf, keptWords, shortens } from "./retention";

let fake: Fake;
let end = (): void => {};

beforeEach(() => {
  fake = new Fake();
  end = client.connect(fake);
});
afterEach(() => {
  cleanup();
  end();
});

const field = (name: RegExp): Promise<HTMLSelectElement> =>
  screen.findByLabelText<HTMLSelectElement>(name);
const set = () => fake.calls.filter(({ name }) => name === "set_retention");
const choose = (of: HTMLSelectElement, value: string): Promise<boolean> =>
  fireEvent.change(of, { target: { value } });

test("how long rows are kept is said in years where it is whole ones", () => {
  expect([7, 90, 365, 730, null].map(keptWords)).toEqual([
    "7 days",
    "90 days",
    "1 year",
    "2 years",
    "for ever",
  ]);
});

test("an unusual time stands among the choices, in its place", () => {
  expect(choicesOf(45)).toEqual([7, 30, 45, 90, 180, 365, 730, 1825, null]);
  expect(choicesOf(null).length).toBe(8);
});

test("only less than before lets rows go", () => {
  expect(shortens(null, 30)).toBe(true);
  expect(shortens(30, 7)).toBe(true);
  expect(shortens(30, 90)).toBe(false);
  expect(shortens(30, null)).toBe(false);
});

test("keeping rows longer is done at once", async () => {
  render(Retention);
  const contracts = await field(/Contracts that expired/);
  expect(contracts.value).toBe("30");
  await choose(contracts, "90");
  await waitFor(() =>
    expect(set().map(({ request }) => request)).toEqual([
      { table: "option_contracts", keep_days: 90 },
    ]),
  );
  await waitFor(async () => expect((await field(/Contracts that expired/)).value).toBe("90"));
});

test("letting rows go is asked for once more, and can be left", async () => {
  render(Retention);
  await choose(await field(/Bars/), "30");
  expect((await screen.findByRole("alert")).textContent).toContain("Older rows go");
  expect(set()).toEqual([]);
  await fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect((await field(/Bars/)).value).toBe("");
  await choose(await field(/Bars/), "30");
  await fireEvent.click(await screen.findByRole("button", { name: "Keep 30 days" }));
  await waitFor(() =>
    expect(set().map(({ request }) => request)).toEqual([{ table: "bars", keep_days: 30 }]),
  );
});

test("a refusal is said, and the old time stays", async () => {
  render(Retention);
  const bars = await field(/Contracts that expired/);
  fake.failing = { set_retention: "database_unavailable" };
  await choose(bars, "90");
  expect((await screen.findByRole("alert")).textContent).toContain("fails set_retention");
  expect((await field(/Contracts that expired/)).value).toBe("30");
});
