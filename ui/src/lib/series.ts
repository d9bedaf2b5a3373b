/** The engine's names of series, as people say them. */
const NAMES: Record<string, string> = {
  prints: "Prints",
  bars: "Bars",
  option_trades: "Option trades",
  flow_alerts: "Flow alerts",
  flow_strikes: "Premium by strike",
  flow_expiries: "Premium by expiry",
  net_premium: "Net premium",
  tide: "Tide",
  volatility: "Volatility by day",
  term_structure: "Term structure",
  gamma: "Gamma by strike",
  contracts: "Contracts",
  price_volumes: "Volume by price",
  tape: "Whole tape",
  day_bars: "Days",
  chain: "Option chain",
  corporate_actions: "Splits and dividends",
};

/** What a series is called; one that is new to this page by its own name. */
export const seriesWords = (series: string): string => NAMES[series] ?? series.replaceAll("_", " ");
