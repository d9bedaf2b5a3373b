/** The share's price beside a running series. */
import type { BarsMeta } from "../../api/bindings";
import { command } from "../../api/client";
import type { Columns } from "../../api/columns";
import type { ChosenDay } from "./day.svelte";

/** Minutes of a session, with room for one that is longer than usual. */
const BARS = 600;

/** A bar older than this says nothing of now, ms. */
const OLDEST_MS = 300_000;

/** The close of the last bar begun at or before each instant; NaN where there is none near. */
export function pricesAt(at: ArrayLike<number>, bars: Columns<BarsMeta> | undefined): Float64Array {
  const prices = new Float64Array(at.length).fill(NaN);
  if (!bars) return prices;
  const start = bars.column("start_ms");
  const close = bars.column("close");
  let bar = -1;
  for (let i = 0; i < at.length; i++) {
    while (bar + 1 < bars.rows && start[bar + 1] <= at[i]) bar++;
    if (bar >= 0 && at[i] - start[bar] <= OLDEST_MS) prices[i] = close[bar];
  }
  return prices;
}

/** The share's minutes of the chosen session. Lives with the panel. */
export function sessionBars(chosen: () => ChosenDay) {
  const asked = () => {
    const { day, hours } = chosen();
    if (!day.symbol) return null;
    return { symbol: day.symbol, interval: "1m", before_ms: hours[1], limit: BARS };
  };
  return command("get_bars", asked, {
    throttleMs: 5_000,
    refreshOn: (event) => event.kind === "bars" && event.symbol === chosen().day.symbol,
  });
}
