/** What the tape of options shows, and how that is written into an address and kept. */
import type { FlowCursor, GetFlowGroups, GetFlowTrades } from "../../api/bindings";

export interface Filters {
  /** What a row is. */
  rows: "groups" | "trades" | "alerts";
  kind: "" | "call" | "put";
  side: "" | "buy" | "sell" | "unknown";
  tenor: "" | "zero" | "week" | "month" | "longer";
  /** `YYYY-MM-DD`; empty = any. */
  expiry: string;
  /** Dollars a share. */
  low: number | null;
  high: number | null;
  /** Smallest premium, dollars. */
  min: number | null;
  /** Smallest size, contracts. */
  size: number | null;
  /** Bits of flags of which a row must carry one, and of those that it must not carry. */
  with: number;
  without: number;
  opening: "" | "probable" | "provable";
  order: "newest" | "largest";
  /** Longest pause inside a group, seconds. */
  window: number;
}

export const SHOW_ALL: Filters = {
  rows: "groups",
  kind: "",
  side: "",
  tenor: "",
  expiry: "",
  low: null,
  high: null,
  min: null,
  size: null,
  with: 0,
  without: 0,
  opening: "",
  order: "newest",
  window: 60,
};

const CHOICES = {
  rows: ["groups", "trades", "alerts"],
  kind: ["call", "put"],
  side: ["buy", "sell", "unknown"],
  tenor: ["zero", "week", "month", "longer"],
  opening: ["probable", "provable"],
  order: ["newest", "largest"],
} as const;
const AMOUNTS = ["low", "high", "min", "size"] as const;
const BITS = ["with", "without"] as const;
/** Longest pause that the engine takes, seconds. */
const WINDOW_MAX = 600;
/** What says how rows are shown, and not which. */
const NO_FILTER = ["rows", "order", "window"];

/** Writes filters as a query; what is at its default is left out. */
export function toQuery(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of Object.keys(SHOW_ALL) as (keyof Filters)[]) {
    const value = filters[name];
    if (value !== SHOW_ALL[name]) query.set(name, String(value));
  }
  return query;
}

/** Reads filters from a query. What it can't read is as if it were not there. */
export function fromQuery(query: URLSearchParams): Filters {
  const filters: Filters = { ...SHOW_ALL };
  const fill = <K extends keyof Filters>(name: K, value: Filters[K] | undefined): void => {
    if (value !== undefined) filters[name] = value;
  };
  for (const name of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    const allowed: readonly string[] = CHOICES[name];
    const asked = query.get(name);
    if (asked !== null && allowed.includes(asked)) fill(name, asked as Filters[typeof name]);
  }
  for (const name of AMOUNTS) {
    const value = Number(query.get(name) ?? NaN);
    if (Number.isFinite(value) && value > 0) fill(name, value);
  }
  for (const name of BITS) {
    const value = Number(query.get(name) ?? NaN);
    if (Number.isInteger(value) && value > 0) fill(name, value);
  }
  const window = Number(query.get("window") ?? NaN);
  if (Number.isInteger(window) && window >= 1 && window <= WINDOW_MAX) fill("window", window);
  const expiry = query.get("expiry") ?? "";
  if (/^\d{4}-\d\d-\d\d$/.test(expiry)) fill("expiry", expiry);
  return filters;
}

/** How many filters are on. */
export function countOn(filters: Filters): number {
  return [...toQuery(filters).keys()].filter((name) => !NO_FILTER.includes(name)).length;
}

/** The same way of showing rows, and all of them. */
export function unfiltered({ rows, order, window }: Filters): Filters {
  return { ...SHOW_ALL, rows, order, window };
}

/** Which part of a session to read. */
export interface Part {
  limit: number;
  after?: FlowCursor | null;
  from_ms?: number | null;
}

/** The request for a page of trades or alerts. */
export function tradesRequest(
  symbol: string,
  session_date: string | null,
  filters: Filters,
  part: Part,
): GetFlowTrades {
  return {
    symbol,
    rows: filters.rows === "alerts" ? "alerts" : "trades",
    session_date,
    from_ms: part.from_ms ?? null,
    to_ms: null,
    contract: null,
    kind: filters.kind || null,
    side: filters.side || null,
    tenor: filters.tenor || null,
    expiry: filters.expiry || null,
    min_strike: filters.low,
    max_strike: filters.high,
    min_premium: filters.min,
    min_size: filters.size,
    with_flags: filters.with || null,
    without_flags: filters.without || null,
    opening: filters.opening || null,
    order: filters.order,
    after: part.after ?? null,
    limit: part.limit,
  };
}

/** The request for groups. */
export function groupsRequest(
  symbol: string,
  session_date: string | null,
  filters: Filters,
  limit: number,
): GetFlowGroups {
  return {
    symbol,
    session_date,
    window_s: filters.window,
    min_premium: filters.min,
    kind: filters.kind || null,
    side: filters.side || null,
    tenor: filters.tenor || null,
    expiry: filters.expiry || null,
    min_strike: filters.low,
    max_strike: filters.high,
    min_size: filters.size,
    with_flags: filters.with || null,
    without_flags: filters.without || null,
    opening: filters.opening || null,
    order: filters.order,
    limit,
  };
}
