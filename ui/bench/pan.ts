/**
 * How smooth is panning? Sixty sessions of one-minute bars, 200 levels, 5,000 bubbles, profile,
 * sessions and two panes of running sums, panned by script at several zooms. For developers:
 * `vite`, then `/bench/pan.html`; in the window's own engine: `script/pan-bench`.
 *
 * Frame = time from one animation frame to the next; work = time the chart's own code took in it.
 */
import "../src/styles/tokens.css";

import { columnsOf } from "../src/api/columns";
import { bubblesOf, MAX_BUBBLES } from "../src/charts/bubbles";
import { levelsOf, MAX_LEVELS } from "../src/charts/levels";
import { PriceChart } from "../src/charts/priceChart";
import { profileOf } from "../src/charts/profile";
import { runningOf } from "../src/charts/running";
import {
  barPage,
  levelColumns,
  minuteBars,
  printColumns,
  runningColumns,
  sessionsUpTo,
} from "../src/charts/testing";
import { BarFeed, type Change } from "../src/pages/desk/barFeed";

const SESSIONS = 60;
const FRAMES = 240;
/** Part of the visible width panned in one frame: a brisk drag. */
const PART = 0.01;

interface Result {
  run: string;
  bars: number;
  visible: number;
  frame_median_ms: number;
  frame_p95_ms: number;
  frame_most_ms: number;
  work_median_ms: number;
  work_p95_ms: number;
}

const at = (sorted: number[], part: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] * 100) / 100;

const nextFrame = (): Promise<number> => new Promise((done) => requestAnimationFrame(done));

/** `?off=bubbles,levels,panes` leaves layers out, to see what each costs. */
const asked = new URLSearchParams(location.search);
const off = (asked.get("off") ?? "").split(",");

/** The chart's own frame callback, timed: the library draws in `requestAnimationFrame`. */
let work = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (run) =>
  ask((time) => {
    const began = performance.now();
    run(time);
    work += performance.now() - began;
  });

async function measure(run: string, chart: PriceChart, rows: () => number): Promise<Result> {
  const frames: number[] = [];
  const works: number[] = [];
  let last = await nextFrame();
  for (let i = 0; i < FRAMES; i++) {
    work = 0;
    chart.pan(-PART);
    const now = await nextFrame();
    frames.push(now - last);
    works.push(work);
    last = now;
  }
  frames.sort((a, b) => a - b);
  works.sort((a, b) => a - b);
  const visible = chart.visible();
  return {
    run,
    bars: rows(),
    visible: visible ? Math.round(visible.to - visible.from) : 0,
    frame_median_ms: at(frames, 0.5),
    frame_p95_ms: at(frames, 0.95),
    frame_most_ms: at(frames, 1),
    work_median_ms: at(works, 0.5),
    work_p95_ms: at(works, 0.95),
  };
}

async function empty(): Promise<Result> {
  const frames: number[] = [];
  let last = await nextFrame();
  for (let i = 0; i < FRAMES; i++) {
    const now = await nextFrame();
    frames.push(now - last);
    last = now;
  }
  frames.sort((a, b) => a - b);
  const result = { run: "empty page", bars: 0, visible: 0, work_median_ms: 0, work_p95_ms: 0 };
  return {
    ...result,
    frame_median_ms: at(frames, 0.5),
    frame_p95_ms: at(frames, 0.95),
    frame_most_ms: at(frames, 1),
  };
}

async function main(): Promise<void> {
  const results: Result[] = [await empty()];
  for (const extended of [false, true]) {
    const sessions = sessionsUpTo("2026-03-06", SESSIONS);
    const all = minuteBars(sessions, extended);
    const box = document.getElementById("chart") as HTMLElement;
    let follow = () => {};
    const chart = new PriceChart(box, { onVisible: () => follow(), onHover() {}, onRest() {} });
    const feed = new BarFeed(
      {
        getBars: async (request) => barPage(all, all.rows, request),
        now: () => Date.UTC(2026, 2, 7),
      },
      (change: Change) => {
        const by = change.kind === "moved" ? change.by : 0;
        const aim =
          change.kind === "opened" ? { kind: "end" as const } : { kind: "shift" as const, by };
        chart.setBars(feed.bars, "1m", aim);
      },
    );
    await feed.open({ symbol: "SPY", interval: "1m", extended: true }, null);
    chart.setShown({
      levels: !off.includes("levels"),
      zones: !off.includes("levels"),
      profile: !off.includes("profile"),
      bubbles: !off.includes("bubbles"),
    });
    chart.setSessions(sessions, []);
    if (!off.includes("panes")) {
      chart.setPanes([
        { name: "premium", px: 96 },
        { name: "tide", px: 84 },
      ]);
      chart.setRunning("premium", runningOf(runningColumns(sessions, 4), "net_delta"));
      chart.setRunning("tide", runningOf(runningColumns(sessions, 5), "net_volume"));
    }
    chart.setLevels(levelsOf(levelColumns(MAX_LEVELS, all.start[0])));
    chart.setBubbles(bubblesOf(printColumns(MAX_BUBBLES, all)));
    chart.setProfile(profileOf(profileColumns()));
    follow = () => {
      const visible = chart.visible();
      if (visible) void feed.follow(visible, true);
    };
    for (const [run, zoom] of [
      ["close", 1],
      ["a week", 10],
      ["a month", 4.5],
    ] as const) {
      chart.zoom(zoom);
      await nextFrame();
      chart.setBubbles(bubblesOf(printColumns(MAX_BUBBLES, feed.bars)));
      const name = `${extended ? "extended" : "regular"} hours, ${run}`;
      results.push(await measure(name, chart, () => feed.bars.rows));
    }
    chart.destroy();
    box.replaceChildren();
  }
  const text = results.map((result) => JSON.stringify(result)).join("\n");
  (document.getElementById("result") as HTMLElement).textContent = text;
  console.log(text);
  document.title = "done";
  // Who started the browser listens: see `webkit.mjs`.
  if (asked.has("tell")) await fetch("/bench/result", { method: "POST", body: text });
}

function profileColumns() {
  const price = Array.from({ length: 200 }, (_, i) => 525 + i * 0.25);
  const bell = price.map((middle) => Math.exp(-(((middle - 550) / 8) ** 2)) * 1e6);
  return columnsOf(
    { symbol: "SPY", width: 0.25, floor_notional: 0 },
    { price, off_exchange: bell.map((v) => v * 0.4), total_estimate: bell },
  );
}

void main();
