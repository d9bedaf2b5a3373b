/** The window as a user meets it, on the fake market. */
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

import App from "./App.svelte";
import { client } from "./api/client";
import { app } from "./state/app.svelte";
import { overlays } from "./state/overlays.svelte";
import { prefs } from "./state/prefs.svelte";
import { route } from "./state/route.svelte";
import { Fake, type FakeOptions } from "./test/fake";

// The canvas of the Desk is looked at in a browser, not here.
vi.mock("./pages/desk/Desk.svelte", () => import("./test/Blank.svelte"));
vi.mock("./charts/ActivityChart.svelte", () => import("./test/Blank.svelte"));

// Pages are loaded when first shown, and on a busy computer that takes its time.
configure({ asyncUtilTimeout: 10_000 });

let end = (): void => {};

afterEach(() => {
  cleanup();
  end();
  app.view = app.status = app.failure = null;
  overlays.palette = overlays.keys = overlays.symbols = false;
  prefs.theme = "dark";
  prefs.pair = "blue-orange";
  prefs.symbol = "";
  location.hash = "";
  route.read();
});

function open(options: FakeOptions = {}): Fake {
  const fake = new Fake(options);
  end = client.connect(fake);
  render(App);
  return fake;
}

const button = (name: string | RegExp): HTMLElement => screen.getByRole("button", { name });
const key = (name: string, more = {}): Promise<boolean> =>
  fireEvent.keyDown(document.body, { key: name, ...more });
const asked = (fake: Fake, name: string): unknown[] =>
  fake.calls.filter((call) => call.name === name).map((call) => call.request);

test("the first run asks one question and opens the simulated market", async () => {
  const fake = open({ mode: "unset" });
  await screen.findByRole("heading", { name: "Which market do you want to see?" });
  expect(screen.queryByText("SIMULATED")).toBeNull();
  await fireEvent.click(button("Explore a simulated market"));
  await screen.findByText("SIMULATED");
  expect(screen.getByRole("navigation", { name: "Pages" })).toBeTruthy();
  expect(asked(fake, "start_demo")).toEqual([{ seed: null, speed: null }]);
});

test("a key is sent once, never shown, and forgotten when the market opens", async () => {
  const fake = open({ mode: "unset" });
  const field = await screen.findByLabelText<HTMLInputElement>("Unusual Whales");
  expect(field.type).toBe("password");
  expect(button("Connect")).toHaveProperty("disabled", true);
  await fireEvent.input(field, { target: { value: "  a-long-enough-key " } });
  await fireEvent.click(button("Connect"));
  await screen.findByRole("navigation", { name: "Pages" });
  expect(asked(fake, "connect_vendors")).toEqual([
    { keys: [{ vendor: "unusual_whales", key: "a-long-enough-key" }] },
  ]);
  expect(screen.queryByText("SIMULATED")).toBeNull();
  expect(JSON.stringify({ ...localStorage })).not.toContain("enough");
});

test("a refused key says so beside the field and keeps the page", async () => {
  const fake = open({ mode: "unset" });
  const whales = await screen.findByLabelText("Unusual Whales");
  const massive = screen.getByLabelText("Massive (Polygon)");
  await fireEvent.input(whales, { target: { value: "a-long-enough-key" } });
  for (const [value, words] of [
    ["short", /Massive \(Polygon\) does not know this key.*paste the whole of it/],
    ["a-key-of-a-small-plan", /The key works, but its plan has no trades of stocks/],
    ["a-key-without-network", /did not answer.*Check the network/],
  ] as const) {
    await fireEvent.input(massive, { target: { value } });
    await fireEvent.click(button("Connect"));
    await waitFor(() => expect(screen.getByRole("alert").textContent).toMatch(words));
    expect(massive.getAttribute("aria-invalid")).toBe("true");
    expect(whales.getAttribute("aria-invalid")).toBe("false");
    screen.getByText("This key works.");
  }
  expect(fake.keys.size).toBe(0);
  await fireEvent.input(massive, { target: { value: "another-good-key" } });
  await fireEvent.click(button("Connect"));
  await screen.findByRole("navigation", { name: "Pages" });
  expect([...fake.keys]).toEqual(["unusual_whales", "polygon"]);
});

test("with one vendor its pages work; the others say whose they are and take the key", async () => {
  const fake = open({ mode: "live", keys: ["polygon"] });
  await screen.findByText("Desk needs a key of Unusual Whales");
  await key("4");
  await screen.findByRole("region", { name: "Candidates" });
  for (const page of ["2", "3"]) {
    await key(page);
    await screen.findByText(/needs a key of Unusual Whales/);
  }
  await fireEvent.click(button("Go to Straddles"));
  await screen.findByRole("region", { name: "Candidates" });
  await key("2");
  await fireEvent.click(await screen.findByRole("button", { name: "Show what is stored" }));
  await screen.findByRole("region", { name: "Tape" });
  await key("k", { ctrlKey: true });
  await fireEvent.click(await screen.findByText("Add the key of Unusual Whales"));
  const field = await screen.findByLabelText<HTMLInputElement>("Unusual Whales");
  expect(field.type).toBe("password");
  await fireEvent.input(field, { target: { value: "short" } });
  await fireEvent.submit(field.closest("form")!);
  expect((await screen.findByRole("alert")).textContent).toMatch(/does not know this key/);
  await fireEvent.input(field, { target: { value: "a-long-enough-key" } });
  await fireEvent.submit(field.closest("form")!);
  await waitFor(() => expect(screen.queryByLabelText("Unusual Whales")).toBeNull());
  expect([...fake.keys]).toEqual(["polygon", "unusual_whales"]);
  await key("3");
  await waitFor(() => expect(route.page).toBe("flow"));
  expect(screen.queryByText(/needs a key/)).toBeNull();
});

test("the colours of up and down are chosen at the first run and kept", async () => {
  open({ mode: "unset" });
  await fireEvent.click(await screen.findByRole("radio", { name: /Green and red/ }));
  expect(document.documentElement.dataset.pair).toBe("green-red");
  expect(localStorage.getItem("undertow.pair")).toBe('"green-red"');
});

test("a start tells what is being done", async () => {
  open({ mode: "starting" });
  expect(await screen.findByText("Starting the database: replaying its journal")).toBeTruthy();
});

test("a failure tells why and leads back to the question", async () => {
  open({ mode: "failed" });
  expect((await screen.findByRole("alert")).textContent).toContain("in use by another Undertow");
  await fireEvent.click(button("Choose the market again"));
  expect(screen.getByRole("heading", { name: "Which market do you want to see?" })).toBeTruthy();
});

test("an engine that does not answer is said, and tried again", async () => {
  const fake = open({ failing: { get_app: "internal" } });
  await screen.findByRole("alert");
  fake.failing = {};
  await fireEvent.click(button("Try now"));
  await screen.findByRole("navigation", { name: "Pages" });
});

test("the word SIMULATED stands on every page", async () => {
  open();
  await screen.findByText("SIMULATED");
  for (const page of ["2", "7", "1"]) {
    await key(page);
    expect(screen.getByText("SIMULATED")).toBeTruthy();
  }
});

test("a shifted clock is framed even when the prices are real", async () => {
  const fake = open({ mode: "live" });
  await screen.findByRole("navigation", { name: "Pages" });
  const view = await fake.call("get_app", {});
  fake.emit({ kind: "app", app: { ...view, clock: { ...view.clock, shifted: true } } });
  expect(await screen.findByText("CLOCK SHIFTED")).toBeTruthy();
});

test("number keys change the page and the rail says which is shown", async () => {
  open();
  const rail = await screen.findByRole("navigation", { name: "Pages" });
  await key("7");
  const here = within(rail).getByRole("link", { current: "page" });
  expect(here.getAttribute("aria-label")).toBe("Data");
  expect(await screen.findByRole("region", { name: "Feeds" })).toBeTruthy();
});

test("a ticker typed anywhere is chosen with Enter", async () => {
  open();
  await screen.findByRole("navigation", { name: "Pages" });
  for (const letter of "nv") await key(letter);
  const field = await screen.findByPlaceholderText<HTMLInputElement>("Ticker");
  expect(field.value.toUpperCase()).toBe("NV");
  await fireEvent.input(field, { target: { value: "nvda" } });
  await waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(1));
  await fireEvent.keyDown(field, { key: "Enter" });
  await waitFor(() => expect(app.symbol).toBe("NVDA"));
});

test("a ticker that is not watched yet is added", async () => {
  const fake = open();
  await screen.findByRole("navigation", { name: "Pages" });
  overlays.type("pltr");
  await fireEvent.click(await screen.findByRole("option", { name: /Watch PLTR/ }));
  await waitFor(() => expect(app.symbol).toBe("PLTR"));
  expect(asked(fake, "add_symbol")).toEqual([{ symbol: "PLTR" }]);
});

test("the palette finds an action, runs it, and remembers it", async () => {
  open();
  await screen.findByRole("navigation", { name: "Pages" });
  await key("k", { ctrlKey: true });
  const field = await screen.findByPlaceholderText("Find any action");
  await fireEvent.input(field, { target: { value: "dark light" } });
  await fireEvent.click(
    await screen.findByRole("option", { name: /Switch between dark and light/ }),
  );
  await waitFor(() => expect(document.documentElement.dataset.theme).toBe("light"));
  expect(prefs.recent[0]).toBe("theme");
  expect(overlays.palette).toBe(false);
});

test("keys typed into a field stay in the field", async () => {
  open();
  await screen.findByRole("navigation", { name: "Pages" });
  await key("2");
  const field = await screen.findByLabelText("Smallest notional, dollars");
  await fireEvent.keyDown(field, { key: "7" });
  expect(route.page).toBe("off-exchange");
});

test("a backfill is started and stopped from the Data page", async () => {
  const fake = open();
  await screen.findByRole("navigation", { name: "Pages" });
  await key("7");
  const panel = await screen.findByRole("region", { name: "Backfills" });
  await within(panel).findByText("SPY, QQQ");
  await fireEvent.click(within(panel).getByRole("button", { name: "Stop" }));
  await within(panel).findByText("Stopped");
  await fireEvent.click(within(panel).getByRole("button", { name: "Backfill" }));
  const range = { symbols: ["SPY"], from: "2025-12-09", to: "2026-03-06", reread: false };
  await waitFor(() =>
    expect(asked(fake, "start_backfill")).toEqual([{ vendor: "unusual_whales", ...range }]),
  );
  await fireEvent.change(within(panel).getByLabelText("Vendor"), { target: { value: "polygon" } });
  await fireEvent.click(within(panel).getByRole("button", { name: "Backfill" }));
  await waitFor(() =>
    expect(asked(fake, "start_backfill").at(-1)).toEqual({ vendor: "polygon", ...range }),
  );
});

test("a gap is filled by asking for its session again", async () => {
  const fake = open();
  await screen.findByRole("navigation", { name: "Pages" });
  await key("7");
  await fireEvent.click(
    await screen.findByRole("button", { name: "Fill the gap of SPY on 2026-03-03" }),
  );
  expect(asked(fake, "start_backfill")).toEqual([
    { symbols: ["SPY"], from: "2026-03-03", to: "2026-03-03", reread: true },
  ]);
});

test("a panel that cannot be read says why and can be tried again", async () => {
  const fake = open({ failing: { get_levels: "database_unavailable" } });
  await screen.findByRole("navigation", { name: "Pages" });
  await key("2");
  const panel = await screen.findByRole("region", { name: "Levels" });
  await within(panel).findByRole("alert");
  fake.failing = {};
  await fireEvent.click(within(panel).getByRole("button", { name: "Try again" }));
  await within(panel).findByText("POC", { selector: ".mark" });
});
