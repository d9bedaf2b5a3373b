/** The fake market's answers about one contract, and shares by price. */
import { columnsOf, type Columns } from "../api/columns";
import type {
  ContractDetail,
  FlowTradesMeta,
  GetContract,
  GetVolumeByPrice,
  VolumeByPriceMeta,
} from "../api/bindings";
import { flowTrades } from "./flow";
import { history, sessions, START_MS, tick } from "./market";
import { optionTrades, priceAt } from "./options";
import { seeded, seedOf } from "./random";

const latest = (): string => sessions[sessions.length - 1].date;

/** A contract; the ones whose strike is an odd number have a volatility of ours. */
export function contractDetail(ask: GetContract): ContractDetail {
  const session_date = ask.session_date ?? latest();
  const traded = optionTrades(ask.symbol, session_date).filter(
    (trade) => trade.contract.name === ask.contract,
  );
  const trade = traded[traded.length - 1];
  const spot = priceAt(ask.symbol, START_MS);
  const strikes = Array.from({ length: 21 }, (_, i) => Math.round(spot * 0.95) + i * 2);
  const from = (strike: number): string => (strike % 2 === 1 && strike > spot ? "mid" : "vendor");
  const smile = strikes.map((strike) => ({
    strike,
    implied: 0.16 - 0.3 * Math.log(strike / spot) + 2 * Math.log(strike / spot) ** 2,
    from: from(strike),
  }));
  const contract = trade?.contract ?? {
    name: ask.contract,
    expiry: "2026-03-20",
    kind: "call",
    strike: 1,
    days: 14,
  };
  return {
    symbol: ask.symbol,
    session_date,
    contract,
    listed: trade
      ? {
          received_ms: START_MS - 120_000,
          session_date,
          bid: trade.bid,
          ask: trade.ask,
          last_price: trade.price,
          volume: trade.dayVolume || 0,
          open_interest: trade.openInterest || 0,
          previous_open_interest: Math.round((trade.openInterest || 0) * 0.9),
          implied_volatility: Number.isNaN(trade.volatility) ? 0.21 : trade.volatility,
          implied_from: Number.isNaN(trade.volatility) ? "mid" : from(contract.strike),
          delta: Number.isNaN(trade.delta) ? null : trade.delta,
          gamma: 0.0123,
        }
      : null,
    smile,
    forward: spot * 1.002,
  };
}

export function contractTrades(ask: GetContract): Columns<FlowTradesMeta> {
  const filters = {
    from_ms: null,
    to_ms: null,
    kind: null,
    side: null,
    tenor: null,
    expiry: null,
    min_strike: null,
    max_strike: null,
    min_premium: null,
    min_size: null,
    with_flags: null,
    without_flags: null,
    opening: null,
    order: "newest",
    after: null,
  };
  return flowTrades({ ...ask, ...filters, rows: "trades", limit: 5_000 });
}

/** TSLA has none, as when the day's requests did not allow it. */
export function volumeByPrice(ask: GetVolumeByPrice): Columns<VolumeByPriceMeta> {
  const { bars } = history(ask.symbol);
  const width = ask.width ?? 0.1;
  const random = seeded(seedOf(ask.symbol));
  const open = sessions[sessions.length - 1].open_ms;
  const bins = new Map<number, number>();
  for (const bar of bars.filter(({ start }) => start >= open)) {
    const bin = Math.round(bar.close / width);
    bins.set(bin, (bins.get(bin) ?? 0) + bar.volume);
  }
  const known = ask.symbol === "TSLA" ? [] : [...bins.entries()].sort(([one], [two]) => one - two);
  const shares = known.map(([bin, volume]) => {
    const off = Math.round(volume * (0.35 + random() * 0.2));
    return { price: tick(bin * width), off, lit: volume - off };
  });
  return columnsOf(
    {
      symbol: ask.symbol,
      session_date: latest(),
      width,
      received_ms: known.length > 0 ? START_MS - 300_000 : null,
      last: bars[bars.length - 1].close,
    },
    {
      price: shares.map(({ price }) => price),
      lit: shares.map(({ lit }) => lit),
      off: shares.map(({ off }) => off),
    },
  );
}
