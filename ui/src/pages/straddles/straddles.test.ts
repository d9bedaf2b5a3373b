/** The page as a user meets it, on the fake market. */
import {
  cleanup,
  configure,
  fireEvent,
  render,
  screen,
  waitFor,
  within,
} from "@testing-library/svelte";
import { afterEach, expect, test, vi } from "vitest";

import App from "../../App.svelte";
import { client } from "../../api/client";
import { app } from "../../state/app.svelte";
import { overlays } from "../../state/overlays.svelte";
import { prefs } from "../../state/prefs.svelte";
import { route } from "../../state/route.svelte";
import { Fake, type FakeOptions } from "../../test/fake";

// The canvas of the Desk is looked at in a browser, not here.
vi.mock("../desk/Desk.svelte", () => import("../../test/Blank.svelte"));

// Pages are loaded when first shown, and on a busy computer that takes its time.
configure({ asyncUtilTimeout: 10_000 });

let end = (): void => {};

afterEach(() => {
  cleanup();
  end();
  app.view = app.status = app.failure = null;
  overlays.symbols = false;
  prefs.symbol = "";
  location.hash = "";
  route.read();
});

function open(query = "", options: FakeOptions = {}, bend: (fake: Fake) => void = () => {}): Fake {
  const fake = new Fake(options);
  bend(fake);
  end = client.connect(fake);
  location.hash = `#/straddles${query}`;
  route.read();
  render(App);
  return fake;
}

const panel = (name: string | RegExp): Promise<HTMLElement> =>
  screen.findByRole("region", { name });
const key = (name: string): Promise<boolean> => fireEvent.keyDown(document.body, { key: name });
const list = (): HTMLElement => screen.getByRole("grid", { name: "Candidates" });
const chosen = (): string | null =>
  within(list())
    .getAllByRole("row")
    .find((row) => row.ariaSelected === "true" || row.getAttribute("aria-selected") === "true")
    ?.textContent ?? null;
const asked = (fake: Fake, name: string): unknown[] =>
  fake.calls.filter((call) => call.name === name).map((call) => call.request);

/** Boxes have no size in jsdom: lists draw what a window of this height shows. */
function tall(): void {
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(2_000);
}

test("the fourth key leads to the page, and the most telling candidate is looked at", async () => {
  tall();
  const fake = open();
  await panel("Candidates");
  await key("1");
  await key("4");
  expect(route.page).toBe("straddles");
  await panel("Straddle of NVDA");
  expect(asked(fake, "get_straddle").at(-1)).toEqual({ symbol: "NVDA" });
  const rows = within(list())
    .getAllByRole("row")
    .map((row) => row.textContent);
  expect(rows.join(" ")).toMatch(
    /Opportunities.*NVDA.*TSLA.*Rejected.*COIN.*AMD.*Criteria not met/s,
  );
});

test("each candidate shows its activity twice, both volatilities and their distance", async () => {
  tall();
  open();
  await panel("Straddle of NVDA");
  const row = within(list())
    .getAllByRole("row")
    .find((one) => /NVDA/.test(one.textContent ?? ""));
  expect(row?.textContent).toMatch(/4\.2 x.*\+321 %.*38\.2 %.*52\.9 %.*\+14\.7/s);
});

test("a rejected one names its failing gate, a young one how much history it has", async () => {
  tall();
  open();
  await panel("Straddle of NVDA");
  expect(list().textContent).toMatch(/AMD.*spread 14\.2 % > 10 %/s);
  expect(list().textContent).toMatch(/PLTR.*Insufficient history \(34\).*n 34 of\s*60/s);
  expect(list().textContent).toMatch(/Gone or expired today.*SMCI/s);
});

test("the keyboard moves through the list, and the detail follows", async () => {
  tall();
  open();
  await panel("Straddle of NVDA");
  await key("j");
  await panel("Straddle of TSLA");
  expect(location.hash).toContain("symbol=TSLA");
  expect(chosen()).toMatch(/TSLA/);
  await key("k");
  await panel("Straddle of NVDA");
});

test("what ended is hidden and shown with a key, and that is remembered", async () => {
  tall();
  const fake = open();
  await panel("Straddle of NVDA");
  await key("e");
  await waitFor(() =>
    expect(asked(fake, "get_opportunities").at(-1)).toMatchObject({ include_ended: false }),
  );
  await waitFor(() => expect(list().textContent).not.toMatch(/SMCI/));
  expect(localStorage.getItem("undertow.straddles.ended")).toBe("false");
});

test("costs stand under four fills with odds, base rate and where they come from", async () => {
  open();
  const costs = await panel("Cost and odds");
  const rows = within(costs)
    .getAllByRole("row")
    .map((row) => row.textContent ?? "");
  expect(rows.filter((row) => /Middle|to ask|At the ask/.test(row))).toHaveLength(4);
  expect(rows.find((row) => /At the ask/.test(row))).toMatch(/11\.79.*128\.21 \/ 151\.79.*8\.5 %/s);
  expect(costs.textContent).toMatch(/Base rate\s*\d+ % \(n 223, \d+ to \d+ %\)/);
  expect(costs.textContent).toMatch(/Costs: quotes of both legs/);
  expect(costs.textContent).toMatch(/IV: the vendor's, at the money by put-call parity/);
  await fireEvent.click(within(costs).getByRole("button", { name: "Middle" }));
  expect((await panel("At expiry")).textContent).toMatch(/11\.58 middle/);
});

test("a plan without quotes has one cost, and says what cannot be said", async () => {
  open("", {}, (fake) => (fake.world.quotes = false));
  const costs = await panel("Cost and odds");
  expect(within(costs).getByRole("button", { name: "Last prices" })).toBeTruthy();
  expect(costs.textContent).toMatch(/Your plan has no quotes of options/);
  expect(screen.getByRole("list", { name: "Gates" }).textContent).toMatch(/cannot be said/);
});

test("the statement and the honest record stand below every straddle", async () => {
  open();
  await panel("Cost and odds");
  const notes = screen.getAllByRole("note").map((note) => note.textContent);
  expect(notes.join(" ")).toMatch(/Long index straddles have lost money on average/);
  expect(notes.join(" ")).toMatch(/no record yet: 0 of 30/);
});

test("symbols are added by typing several, and taken away with a key that can be undone", async () => {
  tall();
  const fake = open();
  await panel("Straddle of NVDA");
  await key("w");
  await panel("Watch list");
  const field = screen.getByLabelText("Symbols to watch");
  await fireEvent.input(field, { target: { value: "orcl, uber" } });
  await fireEvent.submit(field.closest("form")!);
  await panel("Straddle of ORCL");
  expect(asked(fake, "watch_tape")).toEqual([{ symbol: "ORCL" }, { symbol: "UBER" }]);
  await key("Delete");
  await screen.findByText(/ORCL is no longer watched/);
  expect(asked(fake, "unwatch_tape")).toEqual([{ symbol: "ORCL" }]);
  await fireEvent.click(screen.getByRole("button", { name: "Watch it again" }));
  await waitFor(() => expect(fake.world.symbols).toContain("ORCL"));
});

test("what is no ticker is said beside the field", async () => {
  open("?view=watch");
  await panel("Watch list");
  const field = screen.getByLabelText("Symbols to watch");
  await fireEvent.input(field, { target: { value: "$$$" } });
  await fireEvent.submit(field.closest("form")!);
  await screen.findByText(/No ticker: \$\$\$/);
  expect(field.getAttribute("aria-invalid")).toBe("true");
});

test("the box of the top bar chooses from the symbols of the page", async () => {
  tall();
  const fake = open();
  await panel("Straddle of NVDA");
  await key("M");
  const box = await screen.findByPlaceholderText("Ticker");
  await fireEvent.input(box, { target: { value: "META" } });
  await fireEvent.keyDown(box, { key: "Enter" });
  await panel("Straddle of META");
  expect(asked(fake, "add_symbol")).toEqual([]);
});

test("without symbols the page leads to the watch list", async () => {
  open("", {}, (fake) => (fake.world.symbols = []));
  await screen.findByText("No symbol is watched.");
  await fireEvent.click(screen.getByRole("button", { name: "Choose symbols" }));
  await panel("Watch list");
});

test("what cannot be read says so, keeps the list, and is tried again", async () => {
  const fake = open("", { failing: { get_straddle: "database_unavailable" } });
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("fails get_straddle");
  fake.failing = {};
  await fireEvent.click(within(alert).getByRole("button", { name: "Try again" }));
  await panel("Cost and odds");
});

test("a new assessment is read once it is told", async () => {
  const fake = open();
  await panel("Straddle of NVDA");
  const before = asked(fake, "get_straddle").length;
  fake.emit({ kind: "opportunity", symbol: "AMD", session_date: "2026-03-06" });
  fake.emit({ kind: "opportunity", symbol: "NVDA", session_date: "2026-03-06" });
  await waitFor(() => expect(asked(fake, "get_straddle").length).toBe(before + 1));
});
