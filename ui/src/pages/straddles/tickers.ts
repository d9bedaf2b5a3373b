/** Tickers as they are typed, and how far the history of one has come. */
import type { TapeSymbolView, TapeWatchView } from "../../api/bindings";

/** Longest ticker with its class. */
const TICKER = /^[A-Z][A-Z0-9.]{0,11}$/;

/** Tickers as they are typed or pasted: apart by spaces, commas or lines, none twice. */
export function tickersOf(text: string): { good: string[]; bad: string[] } {
  const words = [...new Set(text.toUpperCase().split(/[\s,;]+/))].filter(Boolean);
  return {
    good: words.filter((word) => TICKER.test(word)),
    bad: words.filter((word) => !TICKER.test(word)),
  };
}

/** Share of the history that a symbol has. */
export function progressOf(symbol: TapeSymbolView, { history_sessions }: TapeWatchView): number {
  return history_sessions > 0 ? Math.min(1, symbol.sessions_done / history_sessions) : 1;
}
