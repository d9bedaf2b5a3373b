/** The fake market's answers about options flow, all made of the same trades. */
import { columnsOf, type Columns } from "../api/columns";
import type {
  ContractView,
  FlagLabel,
  FlowGroupsMeta,
  FlowHeatMeta,
  FlowLinesMeta,
  FlowStrikesMeta,
  FlowSummary,
  FlowTradesMeta,
  GetFlowDay,
  GetFlowGroups,
  GetFlowLines,
  GetFlowTrades,
  PremiumView,
} from "../api/bindings";
import { COMPLEX, FLAG, FLOOR, optionTrades, priceAt, type OptionTrade } from "./options";
import { sessions, START_MS } from "./market";
import { bell, seeded, seedOf } from "./random";
import { SIDES } from "./tables";

const TENORS = ["zero", "week", "month", "longer"];
const MINUTE_MS = 60_000;

export const FLAGS: FlagLabel[] = [
  { bit: FLAG.cancelled, code: "CXL", label: "Cancelled after it was reported" },
  { bit: FLAG.sweep, code: "SWP", label: "Swept several exchanges at once" },
  { bit: FLAG.multi, code: "ML", label: "A leg of an order in several options" },
  { bit: FLAG.stock, code: "STK", label: "A leg of an order in options and stock" },
  { bit: FLAG.floor, code: "FLR", label: "Traded on a floor" },
  { bit: FLAG.cross, code: "CRS", label: "Crossed" },
  { bit: FLAG.late, code: "LATE", label: "Reported late or out of sequence" },
];

const dateOf = (asked: string | null): string => asked ?? sessions[sessions.length - 1].date;
const sideOf = (trade: OptionTrade): string =>
  SIDES.find((side) => side.code === trade.side)?.side ?? "unknown";
const tenorOf = ({ days }: ContractView): string =>
  TENORS[days <= 0 ? 0 : days <= 7 ? 1 : days <= 30 ? 2 : 3];
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** What the rows of a request have in common. */
type Wanted = Pick<GetFlowTrades, "kind" | "side" | "tenor">;
const fits = (trade: OptionTrade, ask: Wanted): boolean =>
  (!ask.kind || trade.contract.kind === ask.kind) &&
  (!ask.side || sideOf(trade) === ask.side) &&
  (!ask.tenor || tenorOf(trade.contract) === ask.tenor);

export function flowTrades(ask: GetFlowTrades): Columns<FlowTradesMeta> {
  const found = matching(ask);
  const rows = found.slice(0, ask.limit);
  const last = rows[rows.length - 1];
  const more = ask.order !== "largest" && found.length > rows.length;
  const contracts = named(rows.map((trade) => trade.contract));
  const alerts = ask.rows === "alerts";
  const pick = (read: (trade: OptionTrade) => number): number[] => rows.map(read);
  const meta: FlowTradesMeta = {
    symbol: ask.symbol,
    session_date: dateOf(ask.session_date),
    contracts,
    ids: rows.map((trade) => trade.id),
    rules: alerts ? rows.map(() => "RepeatedHitsAscendingFill") : [],
    flags: FLAGS,
    sides: SIDES,
    floor: FLOOR,
    next: more && last ? { at_us: String(last.at * 1000), id: last.id } : null,
  };
  return columnsOf(meta, {
    at_ms: pick((trade) => trade.at),
    contract: pick((trade) => indexOf(contracts, trade.contract)),
    price: pick((trade) => trade.price),
    size: pick((trade) => trade.size),
    premium: pick((trade) => trade.premium),
    bid: pick((trade) => trade.bid),
    ask: pick((trade) => trade.ask),
    underlying: pick((trade) => trade.underlying),
    side: pick((trade) => trade.side),
    flags: pick((trade) => trade.flags),
    implied_volatility: pick((trade) => trade.volatility),
    delta: pick((trade) => trade.delta),
    open_interest: pick((trade) => trade.openInterest),
    day_volume: pick((trade) => trade.dayVolume),
    opening: pick((trade) => trade.opening),
    trades: pick((trade) => (alerts ? 2 + (trade.size % 9) : 1)),
  });
}

function matching(ask: GetFlowTrades): OptionTrade[] {
  const before = ask.after ? Number(ask.after.at_us) / 1000 : Infinity;
  const opening = { provable: 2, probable: 1 }[ask.opening ?? ""] ?? 0;
  const found = optionTrades(ask.symbol, dateOf(ask.session_date)).filter(
    (trade) =>
      fits(trade, ask) &&
      (ask.rows !== "alerts" || trade.premium > 60_000) &&
      trade.at >= (ask.from_ms ?? -Infinity) &&
      trade.at < (ask.to_ms ?? Infinity) &&
      (trade.at < before || (trade.at === before && trade.id < (ask.after?.id ?? ""))) &&
      (!ask.contract || trade.contract.name === ask.contract) &&
      (!ask.expiry || trade.contract.expiry === ask.expiry) &&
      trade.contract.strike >= (ask.min_strike ?? -Infinity) &&
      trade.contract.strike <= (ask.max_strike ?? Infinity) &&
      trade.premium >= (ask.min_premium ?? 0) &&
      trade.size >= (ask.min_size ?? 0) &&
      (!ask.with_flags || (trade.flags & ask.with_flags) !== 0) &&
      (!ask.without_flags || (trade.flags & ask.without_flags) === 0) &&
      trade.opening >= opening,
  );
  return ask.order === "largest"
    ? found.sort((one, two) => two.premium - one.premium)
    : found.sort((one, two) => two.at - one.at || (one.id < two.id ? 1 : -1));
}

export function flowGroups(ask: GetFlowGroups): Columns<FlowGroupsMeta> {
  const window = ask.window_s ?? 60;
  const trades = optionTrades(ask.symbol, dateOf(ask.session_date))
    .filter((trade) => fits(trade, ask) && !(trade.flags & FLAG.cancelled))
    .sort((one, two) => one.at - two.at);
  const open = new Map<string, OptionTrade[]>();
  const groups: OptionTrade[][] = [];
  for (const trade of trades) {
    const key = `${trade.contract.name} ${sideOf(trade)}`;
    const mine = open.get(key);
    if (mine && trade.at - mine[mine.length - 1].at <= window * 1000) mine.push(trade);
    else {
      const group = [trade];
      groups.push(group);
      open.set(key, group);
    }
  }
  const worth = (group: OptionTrade[]): number => sum(group.map((trade) => trade.premium));
  const last = (group: OptionTrade[]): number => group[group.length - 1].at;
  const opened = { provable: 2, probable: 1 }[ask.opening ?? ""] ?? 0;
  const found = groups
    .filter(
      (group) =>
        worth(group) >= (ask.min_premium ?? 0) &&
        sum(group.map((trade) => trade.size)) >= (ask.min_size ?? 0) &&
        (!ask.expiry || group[0].contract.expiry === ask.expiry) &&
        group[0].contract.strike >= (ask.min_strike ?? -Infinity) &&
        group[0].contract.strike <= (ask.max_strike ?? Infinity) &&
        (!ask.with_flags || group.some((trade) => trade.flags & (ask.with_flags ?? 0))) &&
        group.every((trade) => !(trade.flags & (ask.without_flags ?? 0))) &&
        Math.min(...group.map((trade) => trade.opening)) >= opened,
    )
    .sort((one, two) =>
      ask.order === "largest" ? worth(two) - worth(one) : last(two) - last(one),
    );
  const rows = found.slice(0, ask.limit);
  const contracts = named(rows.map((group) => group[0].contract));
  const pick = (read: (group: OptionTrade[]) => number): number[] => rows.map(read);
  const size = (group: OptionTrade[]): number => sum(group.map((trade) => trade.size));
  const sweeps = (group: OptionTrade[]): number =>
    group.filter((trade) => trade.flags & FLAG.sweep).length;
  const meta: FlowGroupsMeta = {
    symbol: ask.symbol,
    session_date: dateOf(ask.session_date),
    contracts,
    flags: FLAGS,
    sides: SIDES,
    rule: `Trades of the same contract on the same side, each within ${window} seconds of the one before. A sweep is a group within 1 second on more than one exchange. Cancelled trades are left out.`,
    groups: found.length,
  };
  return columnsOf(meta, {
    first_ms: pick((group) => group[0].at),
    last_ms: pick(last),
    contract: pick((group) => indexOf(contracts, group[0].contract)),
    side: pick((group) => ({ buy: 2, sell: 6 })[sideOf(group[0])] ?? 4),
    trades: pick((group) => group.length),
    size: pick(size),
    premium: pick(worth),
    average_price: pick((group) => worth(group) / size(group) / 100),
    sweeps: pick(sweeps),
    flags: pick((group) => group.reduce((bits, trade) => bits | trade.flags, 0)),
    opening: pick((group) => Math.min(...group.map((trade) => trade.opening))),
    kind: pick((group) => (group.length < 2 ? 0 : last(group) - group[0].at <= 1_000 ? 1 : 2)),
  });
}

function named(contracts: ContractView[]): ContractView[] {
  return [...new Map(contracts.map((contract) => [contract.name, contract])).values()];
}

function indexOf(contracts: ContractView[], wanted: ContractView): number {
  return contracts.findIndex((contract) => contract.name === wanted.name);
}

function directional(ask: GetFlowDay): OptionTrade[] {
  return optionTrades(ask.symbol, dateOf(ask.session_date)).filter(
    (trade) => !(trade.flags & (COMPLEX | FLAG.cancelled)),
  );
}

function premium(trades: OptionTrade[]): PremiumView {
  const of = (side: string): number =>
    sum(trades.filter((trade) => sideOf(trade) === side).map((trade) => trade.premium));
  return { ask: of("buy"), bid: of("sell"), unknown: of("unknown") };
}

const kindOf = (trades: OptionTrade[], kind: string): OptionTrade[] =>
  trades.filter((trade) => trade.contract.kind === kind);
const total = (trades: OptionTrade[]): number => sum(trades.map((trade) => trade.premium));
const signOf = (trade: OptionTrade): number =>
  ({ buy: 1, sell: -1 })[sideOf(trade) as "buy" | "sell"] ?? 0;
const deltaOf = (trade: OptionTrade): number =>
  signOf(trade) * (trade.delta || 0) * trade.size * 100 * trade.underlying;

export function flowSummary(ask: GetFlowDay): FlowSummary {
  const all = optionTrades(ask.symbol, dateOf(ask.session_date));
  const counted = directional(ask);
  const calls = premium(kindOf(counted, "call"));
  const puts = premium(kindOf(counted, "put"));
  const bullish = calls.ask + puts.bid;
  const bearish = calls.bid + puts.ask;
  const sided = bullish + bearish;
  const share = (part: OptionTrade[], of: OptionTrade[]): number | null =>
    of.length > 0 ? total(part) / total(of) : null;
  return {
    symbol: ask.symbol,
    session_date: dateOf(ask.session_date),
    trades: counted.length,
    calls,
    puts,
    bullish,
    bearish,
    sentiment: sided > 0 ? (bullish - bearish) / sided : null,
    coverage: counted.length > 0 ? sided / total(counted) : null,
    excluded_share: share(
      all.filter((trade) => trade.flags & COMPLEX),
      all,
    ),
    delta_notional: sum(counted.map(deltaOf)),
    delta_missing_share: share(
      counted.filter((trade) => Number.isNaN(trade.delta)),
      counted,
    ),
    opening_provable: share(
      counted.filter((trade) => trade.opening === 2),
      counted,
    ),
    opening_probable: share(
      counted.filter((trade) => trade.opening >= 1),
      counted,
    ),
    tenors: TENORS.map((tenor) => {
      const mine = counted.filter((trade) => tenorOf(trade.contract) === tenor);
      return { tenor, calls: premium(kindOf(mine, "call")), puts: premium(kindOf(mine, "put")) };
    }),
    floor: FLOOR,
    put_sign: "plain",
  };
}

export function flowLines(ask: GetFlowLines, now: number): Columns<FlowLinesMeta> {
  const date = dateOf(ask.session_date);
  const session = sessions.find((one) => one.date === date);
  const trades = directional(ask);
  const names = TENORS.flatMap((tenor) => [`call_${tenor}`, `put_${tenor}`]);
  const columns: Record<string, number[]> = { at_ms: [], delta_notional: [] };
  names.forEach((name) => (columns[name] = []));
  const sums: Record<string, number> = {};
  const end = Math.min(session?.close_ms ?? 0, Math.max(now, START_MS));
  let next = 0;
  for (let at = session?.open_ms ?? end; trades.length > 0 && at < end; at += MINUTE_MS) {
    for (; next < trades.length && trades[next].at < at + MINUTE_MS; next += 1) {
      const trade = trades[next];
      const name = `${trade.contract.kind}_${tenorOf(trade.contract)}`;
      sums[name] = (sums[name] ?? 0) + signOf(trade) * trade.premium;
      sums.delta_notional = (sums.delta_notional ?? 0) + deltaOf(trade);
    }
    columns.at_ms.push(at);
    [...names, "delta_notional"].forEach((name) => columns[name].push(sums[name] ?? 0));
  }
  return columnsOf({ symbol: ask.symbol, session_date: date }, columns);
}

export function flowHeat(ask: GetFlowDay): Columns<FlowHeatMeta> {
  const trades = directional(ask);
  const expiries = [...new Set(trades.map((trade) => trade.contract.expiry))].sort();
  const cells = new Map<string, OptionTrade[]>();
  for (const trade of trades) {
    const key = `${expiries.indexOf(trade.contract.expiry)} ${trade.contract.strike}`;
    cells.set(key, [...(cells.get(key) ?? []), trade]);
  }
  const rows = [...cells.values()];
  const net = (cell: OptionTrade[], kind: string): number =>
    sum(kindOf(cell, kind).map((trade) => signOf(trade) * trade.premium));
  return columnsOf(
    {
      symbol: ask.symbol,
      session_date: dateOf(ask.session_date),
      expiries,
      spot: trades.length > 0 ? priceAt(ask.symbol, trades[trades.length - 1].at) : null,
    },
    {
      expiry: rows.map((cell) => expiries.indexOf(cell[0].contract.expiry)),
      strike: rows.map((cell) => cell[0].contract.strike),
      call_net: rows.map((cell) => net(cell, "call")),
      put_net: rows.map((cell) => net(cell, "put")),
      premium: rows.map(total),
    },
  );
}

export function flowStrikes(ask: GetFlowDay): Columns<FlowStrikesMeta> {
  const trades = directional(ask);
  const spot = trades.length > 0 ? priceAt(ask.symbol, trades[trades.length - 1].at) : null;
  const strikes = [...new Set(trades.map((trade) => trade.contract.strike))].sort((a, b) => a - b);
  const random = seeded(seedOf(ask.symbol));
  const near = (strike: number): number =>
    Math.exp(-((((strike - (spot ?? strike)) / (spot ?? 1)) * 32) ** 2));
  const at = (strike: number, kind: string): PremiumView =>
    premium(kindOf(trades, kind).filter((trade) => trade.contract.strike === strike));
  return columnsOf(
    {
      symbol: ask.symbol,
      session_date: dateOf(ask.session_date),
      spot,
      premium_ms: trades.length > 0 ? START_MS - 40_000 : null,
      gamma_ms: trades.length > 0 ? START_MS - 720_000 : null,
    },
    {
      strike: strikes,
      call_ask: strikes.map((strike) => at(strike, "call").ask * 3.1),
      call_bid: strikes.map((strike) => at(strike, "call").bid * 3.1),
      put_ask: strikes.map((strike) => at(strike, "put").ask * 3.1),
      put_bid: strikes.map((strike) => at(strike, "put").bid * 3.1),
      call_gamma: strikes.map((strike) => near(strike) * (4 + bell(random) * 0.5) * 6e7),
      put_gamma: strikes.map((strike) => -near(strike - 2) * (4 + bell(random) * 0.5) * 6e7),
    },
  );
}
