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
import { prefs } from "../../state/prefs.svelte";
import { route } from "../../state/route.svelte";
import { Fake, type FakeOptions } from "../../test/fake";

// The canvas of the Desk is looked at in a browser, not here.
vi.mock("../desk/Desk.svelte", () => import("../../test/Blank.svelte"));
vi.mock("../../charts/ActivityChart.svelte", () => import("../../test/Blank.svelte"));

// Pages are loaded when first shown, and on a busy computer that takes its time.
configure({ asyncUtilTimeout: 10_000 });

let end = (): void => {};

afterEach(() => {
  cleanup();
  end();
  app.view = app.status = app.failure = null;
  prefs.symbol = "";
  location.hash = "";
  route.read();
});

async function open(query = "", options: FakeOptions = {}): Promise<Fake> {
  const fake = new Fake(options);
  end = client.connect(fake);
  location.hash = `#/flow${query}`;
  route.read();
  render(App);
  await panel("Session at a glance");
  return fake;
}

const panel = (name: string): Promise<HTMLElement> => screen.findByRole("region", { name });
const key = (name: string): Promise<boolean> => fireEvent.keyDown(document.body, { key: name });
const filters = (): HTMLElement => screen.getByRole("form", { name: "Filters of the flow" });
const rows = (): HTMLElement[] => within(screen.getByRole("rowgroup")).queryAllByRole("row");
const asked = <T>(fake: Fake, name: string): T[] =>
  fake.calls.filter((call) => call.name === name).map((call) => call.request as T);
type Ask = Record<string, unknown>;
const last = (fake: Fake, name: string): Ask | undefined => asked<Ask>(fake, name).at(-1);

function choose(label: string, value: string): Promise<boolean> {
  return fireEvent.change(within(filters()).getByLabelText(label), { target: { value } });
}

test("the third key leads to the page, which begins with groups and prints their rule", async () => {
  const fake = await open();
  await key("1");
  await key("3");
  expect(route.page).toBe("flow");
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
  await screen.findByText(/Trades of the same contract on the same side, each within 60 seconds/);
  expect(last(fake, "get_flow_groups")).toMatchObject({ symbol: "SPY", window_s: 60, kind: null });
});

test("filters change the request and the address", async () => {
  const fake = await open();
  await choose("Calls or puts", "put");
  await choose("Side", "sell");
  await choose("Tenor", "week");
  await choose("Smallest premium, dollars", "250k");
  await waitFor(() =>
    expect(last(fake, "get_flow_groups")).toMatchObject({
      kind: "put",
      side: "sell",
      tenor: "week",
      min_premium: 250_000,
    }),
  );
  expect(location.hash).toBe("#/flow?kind=put&side=sell&tenor=week&min=250000");
  await fireEvent.click(screen.getByRole("radio", { name: "Trades" }));
  await waitFor(() =>
    expect(last(fake, "get_flow_trades")).toMatchObject({ rows: "trades", kind: "put" }),
  );
  await fireEvent.click(screen.getByRole("button", { name: "Clear 4 filters" }));
  expect(location.hash).toBe("#/flow?rows=trades");
});

test("a shared address brings filters and session back", async () => {
  const fake = await open("?rows=alerts&kind=call&with=1&date=2026-03-05");
  await waitFor(() =>
    expect(last(fake, "get_flow_trades")).toMatchObject({
      rows: "alerts",
      kind: "call",
      with_flags: 1,
      session_date: "2026-03-05",
    }),
  );
  expect(await screen.findByText("Thu 5 Mar 2026")).toBeTruthy();
});

test("an amount that is none is marked and asks for nothing", async () => {
  const fake = await open();
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
  const before = asked(fake, "get_flow_groups").length;
  await choose("Smallest premium, dollars", "a lot");
  const field = within(filters()).getByLabelText("Smallest premium, dollars");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(asked(fake, "get_flow_groups").length).toBe(before);
});

test("filters are kept under a name and come back by it", async () => {
  const fake = await open("?kind=put&min=500000");
  await fireEvent.click(screen.getByRole("button", { name: "Saved filters" }));
  await fireEvent.input(await screen.findByPlaceholderText("Name"), {
    target: { value: "Big puts" },
  });
  await fireEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(localStorage.getItem("undertow.flow.filters")).toContain("kind=put&min=500000");
  await fireEvent.click(screen.getByRole("button", { name: "Clear 2 filters" }));
  await waitFor(() => expect(last(fake, "get_flow_groups")).toMatchObject({ kind: null }));
  await fireEvent.click(screen.getByRole("button", { name: "Big puts" }));
  await waitFor(() => expect(last(fake, "get_flow_groups")).toMatchObject({ kind: "put" }));
});

test("a group opens and closes with mouse and keyboard", async () => {
  const fake = await open();
  const opener = (await screen.findAllByRole("button", { name: /^Show its \d+ trades$/ }))[0];
  const count = Number(/\d+/.exec(opener.getAttribute("aria-label") ?? "")?.[0]);
  await fireEvent.click(opener);
  const children = (): HTMLElement[] => rows().filter((row) => row.classList.contains("child"));
  await waitFor(() => expect(children().length).toBe(count));
  expect(last(fake, "get_flow_trades")).toMatchObject({
    contract: expect.stringMatching(/^SPY\d{6}[CP]\d{8}$/),
    side: expect.stringMatching(/buy|sell|unknown/),
    from_ms: expect.any(Number),
    to_ms: expect.any(Number),
  });
  await fireEvent.click(screen.getByRole("button", { name: "Hide its trades" }));
  await waitFor(() => expect(children()).toEqual([]));

  const index = rows().findIndex((row) => row.classList.contains("opens"));
  await key("Home");
  await key("PageUp");
  for (let step = 0; step < Number(rows()[index].getAttribute("aria-rowindex")) - 1; step += 1) {
    await key("ArrowDown");
  }
  await key("Enter");
  await waitFor(() => expect(children().length).toBeGreaterThan(1));
});

test("a new trade stands on top", async () => {
  const fake = await open("?rows=trades");
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
  const top = (): string =>
    rows().find((row) => row.getAttribute("aria-rowindex") === "1")?.textContent ?? "";
  const before = top();
  fake.trade("SPY");
  await waitFor(() => expect(top()).not.toBe(before));
  const second = rows().find((row) => row.getAttribute("aria-rowindex") === "2");
  expect(second?.textContent).toBe(before);
});

test("the session before is a press away, and the way back too", async () => {
  const fake = await open();
  const next = screen.getByRole<HTMLButtonElement>("button", { name: "Next session" });
  await screen.findByText("Fri 6 Mar 2026", { selector: ".day" });
  expect(next.disabled).toBe(true);
  await waitFor(() =>
    expect(screen.getByRole("button", { name: "Previous session" })).toHaveProperty(
      "disabled",
      false,
    ),
  );
  await key("[");
  await screen.findByText("Thu 5 Mar 2026", { selector: ".day" });
  for (const name of ["get_flow_summary", "get_flow_heat", "get_flow_lines", "get_flow_groups"]) {
    await waitFor(() => expect(last(fake, name)).toMatchObject({ session_date: "2026-03-05" }));
  }
  await key("]");
  await waitFor(() => expect(location.hash).toBe("#/flow"));
  await waitFor(() => expect(last(fake, "get_flow_summary")).toMatchObject({ session_date: null }));
});

test("a session without trades says why in each panel and leads to the latest", async () => {
  await open("?date=2026-01-15");
  const tape = await panel("Tape");
  await within(tape).findByText("No option trade of SPY is stored for Thu 15 Jan 2026.");
  expect(tape.textContent).toContain("latest session only");
  for (const name of ["Premium map", "Premium by tenor"]) {
    await within(await panel(name)).findByText(/No .* Thu 15 Jan 2026\./);
  }
  await screen.findByText(/there is nothing to lean on/);
  await fireEvent.click(within(tape).getByRole("button", { name: "Go to the latest session" }));
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
});

test("filters that nothing passes can be taken off", async () => {
  await open("?min=900000000000");
  const tape = await panel("Tape");
  await within(tape).findByText("No group passes these filters.");
  await fireEvent.click(within(tape).getByRole("button", { name: "Take the filters off" }));
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
});

test("each panel that cannot be read says why and can be tried again", async () => {
  const fake = await open("", {
    failing: {
      get_flow_groups: "database_unavailable",
      get_flow_heat: "database_unavailable",
      get_flow_lines: "database_unavailable",
    },
  });
  for (const name of ["Tape", "Premium map", "Premium by tenor"]) {
    await within(await panel(name)).findByRole("alert");
  }
  fake.failing = {};
  for (const name of ["Tape", "Premium map", "Premium by tenor"]) {
    const failed = await panel(name);
    await fireEvent.click(within(failed).getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(within(failed).queryByRole("alert")).toBeNull());
  }
});

test("the numbers at the top tell what they are and how they are computed", async () => {
  await open();
  const glance = await panel("Session at a glance");
  const tipOf = async (name: string): Promise<string> =>
    (await within(glance).findByText(name)).closest("[data-tip]")?.getAttribute("data-tip") ?? "";
  expect(await tipOf("Coverage")).toContain("Share of the premium that has a side");
  expect(await tipOf("Legs left out")).toContain("legs of orders in several options");
  expect(await tipOf("Opening")).toContain("larger than open interest");
  expect(await tipOf("Delta")).toContain("came without a delta");
  expect(await tipOf("Floor")).toContain("not collected");
  expect(await tipOf("Feed")).toContain("The plan does not include the websocket");
  expect(await tipOf("puts plain")).toContain("bought puts are bearish");
});

test("the largest cells of the map are told in words too", async () => {
  await open();
  const list = await screen.findByRole("list", { name: "Largest cells" });
  const cells = within(list).getAllByRole("listitem");
  expect(cells.length).toBeGreaterThan(3);
  expect(cells[0].textContent).toMatch(/Strike .*, expiry .*: [+\u2212][\d.]+[KM]? dollars/);
});

test("other pictures are chosen and stay chosen", async () => {
  const fake = await open();
  await fireEvent.click(await screen.findByRole("radio", { name: "By strike" }));
  await panel("Premium and gamma");
  expect(last(fake, "get_flow_strikes")).toEqual({ symbol: "SPY", session_date: null });
  await fireEvent.click(screen.getByRole("radio", { name: "With price" }));
  await panel("Premium and price");
  await fireEvent.click(screen.getByRole("radio", { name: "Delta" }));
  await panel("Delta and price");
  expect(localStorage.getItem("undertow.flow.pictures")).toBe('["delta","vendor","strikes"]');
});

test("only what was stored is read again", async () => {
  const fake = await open();
  await fireEvent.click(await screen.findByRole("radio", { name: "By strike" }));
  await waitFor(() => expect(asked(fake, "get_flow_strikes").length).toBe(1));
  fake.emit({ kind: "options", symbol: "QQQ", series: "gamma" });
  fake.emit({ kind: "options", symbol: "SPY", series: "term_structure" });
  fake.emit({ kind: "options", symbol: "SPY", series: "gamma" });
  await waitFor(() => expect(asked(fake, "get_flow_strikes").length).toBe(2));
});

test("volatility is a press away: rank, percentile, estimators", async () => {
  const fake = await open();
  await fireEvent.click(screen.getByRole("radio", { name: "Volatility" }));
  expect(location.hash).toBe("#/flow?view=volatility");
  const rank = await panel("Implied volatility");
  await within(rank).findByText("Percentile");
  expect(rank.textContent).toMatch(/IV now\s*\d+\.\d %/);
  const table = within(await panel("HV against IV")).getByRole("table");
  expect(within(table).getAllByRole("row").length).toBe(6);
  expect(within(table).getByText("Yang-Zhang")).toBeTruthy();
  const correlation = await panel("Prints and options");
  await within(correlation).findByText("20 sessions, 1,560 bins of 5 min");
  await fireEvent.change(within(correlation).getByLabelText("Sessions"), {
    target: { value: "60" },
  });
  await waitFor(() => expect(last(fake, "get_correlation")).toMatchObject({ sessions: 60 }));
});

test("too short a history is said and never computed with", async () => {
  prefs.symbol = "AMD";
  await open("?view=volatility");
  const rank = await panel("Implied volatility");
  await within(rank).findByText("Insufficient history: 12 of 252 sessions");
  const table = within(await panel("HV against IV")).getByRole("table");
  expect(within(table).getAllByText("—").length).toBe(20);
  const correlation = await panel("Prints and options");
  await within(correlation).findByText(
    "2 of 5 sessions hold both off-exchange prints and options.",
  );
});

test("a contract is opened from its line, shows what is ours, and asks for its own trades", async () => {
  const fake = await open("?rows=trades");
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
  const first = within(rows()[0]).getByRole("button", { name: /Show the contract/ });
  await fireEvent.click(first);
  const name = first.getAttribute("aria-label")?.split(" ").at(-1);
  const drawer = await screen.findByRole("complementary", { name: "The contract" });
  await waitFor(() =>
    expect(last(fake, "get_contract_trades")).toEqual({
      symbol: "SPY",
      contract: name,
      session_date: null,
    }),
  );
  await within(drawer).findByText("Open interest");
  await waitFor(() => expect(within(drawer).getAllByRole("row").length).toBeGreaterThan(1));
  await key("Escape");
  await waitFor(() => expect(screen.queryByRole("complementary")).toBeNull());
});

test("a contract can be opened by key, and a failing vendor is said there and nowhere else", async () => {
  const fake = await open("?rows=trades");
  await waitFor(() => expect(rows().length).toBeGreaterThan(4));
  fake.failing = { get_contract_trades: "rate_limited" };
  await key("ArrowDown");
  await key("c");
  const drawer = await screen.findByRole("complementary", { name: "The contract" });
  await within(drawer).findByText(/fails get_contract_trades/);
  expect(within(drawer).getByText("Open interest")).toBeTruthy();
  expect(rows().length).toBeGreaterThan(4);
});
