import { describe, expect, it } from "vitest";

import { columnsOf } from "../api/columns";
import { type Bars, type Interval, NO_BARS } from "./bars";
import { drawnBetween, placeRunning, rangeOf, readingAt, type Running, runningOf } from "./running";
import { minuteBars, runningColumns, sessionsUpTo } from "./testing";

const SESSIONS = sessionsUpTo("2026-03-06", 2);
const BARS = minuteBars(SESSIONS, false);
const MINUTE = 60_000;
/** Minutes of a regular session. */
const DAY = 390;

function placed(interval: Interval = "1m", bars: Bars = BARS): Running {
  const running = runningOf(runningColumns(SESSIONS), "net_delta");
  placeRunning(running, bars, interval);
  return running;
}

/** Day bars as the engine gives them: they begin at New York's midnight. */
function dayBars(): Bars {
  const start = Float64Array.from(SESSIONS, ({ open_ms }) => open_ms - 570 * MINUTE);
  return { ...NO_BARS, rows: start.length, start };
}

describe("places", () => {
  it("each minute lies inside its bar", () => {
    const running = placed();
    expect(running.drawn.length).toBe(2 * DAY);
    running.drawn.forEach((row) => expect(running.logical[row]).toBe(row));
  });

  it("rows before the window have none", () => {
    const later = minuteBars(SESSIONS.slice(1), false);
    const running = placed("1m", later);
    expect([...running.drawn]).toEqual(Array.from({ length: DAY }, (_, i) => DAY + i));
  });

  it("on day bars only each day's last row has one: its total", () => {
    const running = placed("1d", dayBars());
    expect([...running.drawn]).toEqual([DAY - 1, 2 * DAY - 1]);
    expect([...running.drawn].map((row) => running.logical[row])).toEqual([0, 1]);
  });

  it("those between two places come with one neighbour on each side", () => {
    expect([...drawnBetween(placed(), 10, 12)]).toEqual([9, 10, 11, 12, 13]);
    expect([...drawnBetween(placed(), -20, -10)]).toEqual([0]);
  });
});

describe("the range", () => {
  const columns = columnsOf(
    { of: "SPY", newest_ms: null },
    {
      at_ms: [0, 1, 2].map((minute) => SESSIONS[0].open_ms + minute * MINUTE),
      net_call: [5, NaN, 9],
      net_put: [3, 4, 7],
      net_delta: [1, 2, 3],
    },
  );
  const running = runningOf(columns, "net_delta");
  placeRunning(running, BARS, "1m");

  it("holds zero, so that the sign of every line is seen", () => {
    expect(rangeOf(running, 0, 2)).toEqual([0, 9]);
  });

  it("passes over what is missing", () => {
    expect(rangeOf(running, 1, 1)).toEqual([0, 9]);
    expect(rangeOf(running, 700, 710)[0]).toBe(0);
  });
});

describe("the reading of a bar", () => {
  const at = (bar: number, interval: Interval = "1m", bars = BARS) =>
    readingAt(placed(interval, bars), bars, bar, interval);

  it("is the day's sum at the bar's end", () => {
    const { call, put, extra } = placed();
    expect(at(20)).toEqual({ at: BARS.start[20], call: call[20], put: put[20], extra: extra[20] });
  });

  it("begins anew with each session", () => {
    const early = minuteBars(SESSIONS, true);
    const firstMinute = early.start.indexOf(SESSIONS[1].pre_ms);
    // Before the open the new day has none, and yesterday's is not carried over.
    expect(readingAt(placed("1m", early), early, firstMinute, "1m")).toBeNull();
    expect(at(DAY)?.call).toBe(placed().call[DAY]);
  });

  it("is a day's total on day bars", () => {
    expect(at(1, "1d", dayBars())?.call).toBe(placed().call[2 * DAY - 1]);
  });

  it("is nothing where no bar is", () => {
    expect(at(-1)).toBeNull();
    expect(at(BARS.rows)).toBeNull();
  });
});
