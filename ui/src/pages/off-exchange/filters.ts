/** What the tape shows, and how that is written into an address and into the window's memory. */
import type { GetPrints, PrintsCursor, ReasonView } from "../../api/bindings";

export interface Filters {
  /** Smallest notional, dollars. */
  min: number | null;
  side: "" | "buy" | "sell" | "unknown";
  session: "" | "pre" | "regular" | "post";
  /** Codes of reasons of which a print must carry one. */
  with: string[];
  /** Codes of reasons that a print must not carry. */
  without: string[];
  /** Only prints of unusual size for the symbol and the hour. */
  blocks: boolean;
  order: "newest" | "largest";
}

export const SHOW_ALL: Filters = {
  min: null,
  side: "",
  session: "",
  with: [],
  without: [],
  blocks: false,
  order: "newest",
};

const SIDES = ["buy", "sell", "unknown"] as const;
const SESSIONS = ["pre", "regular", "post"] as const;

/** Writes filters as a query; what is at its default is left out. */
export function toQuery(filters: Filters): URLSearchParams {
  const query = new URLSearchParams();
  if (filters.min !== null) query.set("min", String(filters.min));
  if (filters.side) query.set("side", filters.side);
  if (filters.session) query.set("session", filters.session);
  if (filters.with.length > 0) query.set("with", filters.with.join(","));
  if (filters.without.length > 0) query.set("without", filters.without.join(","));
  if (filters.blocks) query.set("blocks", "1");
  if (filters.order !== "newest") query.set("order", filters.order);
  return query;
}

/** Reads filters from a query. What it can't read is as if it were not there. */
export function fromQuery(query: URLSearchParams): Filters {
  const min = Number(query.get("min") ?? NaN);
  return {
    min: Number.isFinite(min) && min > 0 ? min : null,
    side: SIDES.find((side) => side === query.get("side")) ?? "",
    session: SESSIONS.find((session) => session === query.get("session")) ?? "",
    with: codes(query.get("with")),
    without: codes(query.get("without")),
    blocks: query.get("blocks") === "1",
    order: query.get("order") === "largest" ? "largest" : "newest",
  };
}

function codes(text: string | null): string[] {
  return (text ?? "").split(",").filter((code) => code !== "");
}

/** The request for one page. */
export function toRequest(
  symbol: string,
  filters: Filters,
  reasons: ReasonView[],
  limit: number,
  page: { after?: PrintsCursor | null; from_ms?: number | null } = {},
): GetPrints {
  return {
    symbol,
    from_ms: page.from_ms ?? null,
    to_ms: null,
    min_notional: filters.min,
    with_reasons: bits(filters.with, reasons),
    without_reasons: bits(filters.without, reasons),
    side: filters.side || null,
    session: filters.session || null,
    order: filters.order,
    after: page.after ?? null,
    limit,
  };
}

function bits(wanted: string[], reasons: ReasonView[]): number | null {
  const found = reasons.filter((reason) => wanted.includes(reason.code));
  return found.length > 0 ? found.reduce((set, reason) => set | reason.bit, 0) : null;
}

/** How many filters are on. */
export function countOn(filters: Filters): number {
  return [...toQuery(filters).keys()].filter((name) => name !== "order").length;
}
