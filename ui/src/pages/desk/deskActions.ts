/** The desk's keys, and its lines in the palette. */
import type { PriceChart } from "../../charts/priceChart";
import { type Action, registerActions } from "../../state/actions";
import { COUNTS, desk, SESSIONS, type Toggle } from "./deskPrefs.svelte";

const GROUP = "Desk";
/** Part of the visible width that a press of an arrow key moves. */
const STEP = 0.1;
/** Bars shown after a press of + or -, against before. */
const CLOSER = 0.8;

const TOGGLES: [Toggle, string, string?][] = [
  ["levels", "Show or hide levels", "l"],
  ["profile", "Show or hide price by volume", "p"],
  ["bubbles", "Show or hide prints", "b"],
  ["extended", "Show or hide extended hours", "e"],
  ["zones", "Show or hide zones"],
  ["holdRates", "Measure hold rates, or not"],
  ["premium", "Show or hide net premium", "n"],
  ["tide", "Show or hide market tide", "t"],
  ["activity", "Show or hide off-exchange activity"],
];

/** Adds the desk's actions; the answer takes them away. */
export function registerDeskActions(chart: PriceChart, toEnd: () => void): () => void {
  const moves: [string, string, string, () => void, boolean?][] = [
    ["left", "Earlier", "ArrowLeft", () => chart.pan(-STEP), true],
    ["right", "Later", "ArrowRight", () => chart.pan(STEP), true],
    ["closer", "Closer", "+", () => chart.zoom(CLOSER), true],
    ["farther", "Farther", "-", () => chart.zoom(1 / CLOSER), true],
    ["oldest", "To the oldest bar", "Home", () => chart.toStart()],
    ["newest", "To the newest bar", "End", toEnd],
    ["before", "Previous session", "[", () => chart.toSession(-1)],
    ["next", "Next session", "]", () => chart.toSession(1)],
  ];
  const actions: Action[] = [
    ...moves.map(([id, title, keys, run, held]) => ({
      id: `desk.${id}`,
      title,
      group: GROUP,
      keys,
      held,
      also: "chart pan zoom scroll",
      run,
    })),
    ...TOGGLES.map(([name, title, keys]) => ({
      id: `desk.${name}`,
      title,
      group: GROUP,
      keys,
      also: "chart toggle layer pane",
      run: () => desk.toggle(name),
    })),
    ...SESSIONS.map((sessions) => ({
      id: `desk.sessions.${sessions}`,
      title: `Levels of ${sessions} sessions`,
      group: GROUP,
      run: () => (desk.sessions = sessions),
    })),
    ...COUNTS.map((count) => ({
      id: `desk.count.${count}`,
      title: `The ${count} strongest levels`,
      group: GROUP,
      run: () => (desk.count = count),
    })),
    {
      id: "desk.holdings",
      title: "Tide of the market, or of the fund's holdings",
      group: GROUP,
      run: () => (desk.holdings = !desk.holdings),
    },
  ];
  return registerActions(actions);
}
