/** The actions that every page has. */
import { opening } from "../pages/first-run/opening.svelte";
import { app } from "./app.svelte";
import { registerActions, type Action } from "./actions";
import { overlays } from "./overlays.svelte";
import { INTERVALS, prefs } from "./prefs.svelte";
import { route, type Page } from "./route.svelte";

/** The pages that exist, under the numbers that they keep when the others come. */
export const PLACES: { page: Page; title: string; keys: string }[] = [
  { page: "desk", title: "Desk", keys: "1" },
  { page: "off-exchange", title: "Off-exchange", keys: "2" },
  { page: "flow", title: "Flow", keys: "3" },
  { page: "straddles", title: "Straddles", keys: "4" },
  { page: "data", title: "Data", keys: "7" },
];

function globalActions(): Action[] {
  const pages = PLACES.map(({ page, title, keys }) => ({
    id: `go.${page}`,
    title: `Go to ${title}`,
    group: "Go to",
    keys,
    run: () => route.go(page),
  }));
  const intervals = INTERVALS.map((interval) => ({
    id: `interval.${interval}`,
    title: `Candles of ${interval}`,
    group: "Timeframe",
    also: "timeframe interval",
    run: () => {
      app.interval = interval;
      route.go("desk");
    },
  }));
  // A key opens the real market: in a simulated one it would end what is looked at.
  const vendors = app.view?.mode === "live" ? app.view.vendors : [];
  const keys = vendors.map(({ id, title, key_set }) => ({
    id: `key.${id}`,
    title: `${key_set ? "Change" : "Add"} the key of ${title}`,
    group: "Vendors",
    also: "api key connect vendor unusual whales massive polygon",
    run: () => (overlays.keyOf = id),
  }));
  return [
    ...pages,
    {
      id: "palette",
      title: "Find any action",
      group: "Everywhere",
      keys: "Mod+k",
      run: () => (overlays.palette = !overlays.palette),
    },
    {
      id: "keys",
      title: "List the keys",
      group: "Everywhere",
      keys: "?",
      also: "help shortcuts keyboard",
      run: () => (overlays.keys = true),
    },
    {
      id: "symbols",
      title: "Choose a symbol",
      group: "Everywhere",
      keys: "/",
      also: "ticker search watch list",
      run: () => overlays.type(""),
    },
    ...intervals,
    ...keys,
    {
      id: "leave",
      title: "Leave this market and choose another",
      group: "Everywhere",
      also: "close vendor key demo simulated live first run",
      run: () => void opening.leave(),
    },
    {
      id: "theme",
      title: "Switch between dark and light",
      group: "Appearance",
      also: "theme night day",
      run: () => (prefs.theme = prefs.theme === "dark" ? "light" : "dark"),
    },
    {
      id: "pair",
      title: "Switch the colours of up and down",
      group: "Appearance",
      also: "blue orange green red colour-blind",
      run: () => (prefs.pair = prefs.pair === "blue-orange" ? "green-red" : "blue-orange"),
    },
  ];
}

/** Adds them; the answer takes them away. */
export function registerGlobalActions(): () => void {
  return registerActions(globalActions());
}
