/** What the panes below the price are drawn from: the vendor's running sums, read as one looks. */
import { command, type Resource } from "../../api/client";
import type { Columns } from "../../api/columns";
import type { RunningMeta } from "../../api/bindings";
import { type PaneName, type Running, runningOf } from "../../charts/running";
import { app } from "../../state/app.svelte";
import type { Looking } from "./chartData.svelte";
import { desk } from "./deskPrefs.svelte";
import { newestOf, type Span, spanToAsk } from "./range";

/** The vendor's sums move by the minute. */
const GAP_MS = 2_000;
/** Longest stretch drawn; with the room beside it, twice that is asked for: 34,000 minutes. */
const LONGEST_MS = 62 * 86_400_000;

/** Funds whose holdings have a tide of their own: those that traders watch an index through. */
const FUNDS = new Set(
  "SPY QQQ IWM DIA VOO VTI RSP SMH SOXX ARKK XLB XLC XLE XLF XLI XLK XLP XLRE XLU XLV XLY".split(
    " ",
  ),
);

export interface PaneFeed {
  readonly name: PaneName;
  readonly resource: Resource<Columns<RunningMeta>>;
  readonly running: Running | null;
}

/** Reads what the panes show of `looking`. Call while a component is set up. */
export function paneData(looking: Looking) {
  const symbol = $derived(app.symbol);
  const fund = $derived(FUNDS.has(symbol));
  const holdingsOf = $derived(fund && desk.holdings ? symbol : null);

  let asked: Span | null = null;
  const span = $derived.by(() => {
    const { visible } = looking;
    asked = visible && spanToAsk(asked, newestOf(visible, LONGEST_MS), false);
    return asked && { from_ms: asked.from, to_ms: asked.to };
  });

  const premium = command(
    "get_net_premium",
    () => (symbol && span && desk.on("premium") ? { symbol, ...span } : null),
    {
      keep: true,
      throttleMs: GAP_MS,
      refreshOn: (event) =>
        event.kind === "options" && event.series === "net_premium" && event.symbol === symbol,
    },
  );
  const tide = command(
    "get_tide",
    () => (span && desk.on("tide") ? { holdings_of: holdingsOf, ...span } : null),
    {
      keep: true,
      throttleMs: GAP_MS,
      refreshOn: (event) => event.kind === "options" && event.series === "tide",
    },
  );

  // What was read of another symbol, or of the whole market, must not stand under this name.
  $effect.pre(() => {
    void symbol;
    return () => premium.clear();
  });
  $effect.pre(() => {
    void holdingsOf;
    return () => tide.clear();
  });

  const premiumSums = $derived(premium.data ? runningOf(premium.data, "net_delta") : null);
  const tideSums = $derived(tide.data ? runningOf(tide.data, "net_volume") : null);
  const feeds: readonly PaneFeed[] = [
    {
      name: "premium",
      resource: premium,
      get running() {
        return premiumSums;
      },
    },
    {
      name: "tide",
      resource: tide,
      get running() {
        return tideSums;
      },
    },
  ];

  return {
    feeds,
    /** Whether the symbol is a fund, whose holdings have a tide. */
    get fund() {
      return fund;
    },
    /** The fund whose holdings' tide is shown; null = the whole market's. */
    get holdingsOf() {
      return holdingsOf;
    },
  };
}
