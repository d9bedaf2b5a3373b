/**
 * A transport with an invented market behind it: for tests, and for looking at pages with
 * `vite` and `?fake`. A build never holds it.
 */
import { ApiFailure, type MarketEvent, type Transport } from "../api/transport";
import type {
  AppView,
  BackfillView,
  Commands,
  ConnectedView,
  ErrorCode,
  GapView,
  KeyVerdict,
  Mode,
  PrintDetail,
  RetentionView,
  Status,
  VendorKey,
} from "../api/bindings";
import { contractDetail, contractTrades, volumeByPrice } from "./contract";
import { flowGroups, flowHeat, flowLines, flowStrikes, flowSummary, flowTrades } from "./flow";
import { history, nextPrint, sessions, START_MS, SYMBOLS } from "./market";
import { nextTrade } from "./options";
import { seeded } from "./random";
import {
  newWorld,
  opportunities,
  straddle,
  tapeActivity,
  tapeWatch,
  unwatchTape,
  volatilityHistory,
  watchTape,
} from "./straddles";
import { LOG, QUARANTINE, REASONS, RETENTION, statusAt, VENDORS } from "./records";
import { activityTable, barsTable, levelsTable, printsTable, profileTable, SIDES } from "./tables";
import { correlation, netPremium, plan, tide, volatility } from "./volatility";

type Handlers = {
  [C in keyof Commands]: (ask: Commands[C]["request"]) => Commands[C]["response"];
};

/** What a test can bend. */
export interface FakeOptions {
  mode?: Mode;
  /** Commands that fail, with the code they fail with. */
  failing?: Partial<Record<keyof Commands, ErrorCode>>;
  /** Whether new prints come in by themselves. */
  live?: boolean;
  /** Vendors whose key is set; none given = all of them in the real market. */
  keys?: string[];
  /** Wait before each answer, ms. */
  delayMs?: number;
}

/** Shared by all fakes, because they share one market: no print comes twice. */
const random = seeded(99);

export class Fake implements Transport {
  readonly calls: { name: string; request: unknown }[] = [];
  failing: Partial<Record<keyof Commands, ErrorCode>>;
  /** Straddles and the watch list of the tape. */
  readonly world = newWorld();
  /** Vendors whose key is set. */
  readonly keys: Set<string>;
  #listeners = new Set<(event: MarketEvent) => void>();
  #app: AppView;
  #backfills: BackfillView[] = [];
  #retention: RetentionView[] = RETENTION;
  #options: FakeOptions;

  constructor(options: FakeOptions = {}) {
    this.#options = options;
    this.failing = options.failing ?? {};
    const mode = options.mode ?? "simulated";
    const all = mode === "live" ? VENDORS.map(({ id }) => id) : [];
    this.keys = new Set(options.keys ?? all);
    this.#app = appView(mode, this.keys);
    this.#backfills = inventBackfills();
  }

  async call<C extends keyof Commands>(
    name: C,
    request: Commands[C]["request"],
  ): Promise<Commands[C]["response"]> {
    this.calls.push({ name, request });
    const wait = this.#options.delayMs ?? 0;
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const code = this.failing[name];
    if (code) throw new ApiFailure(code, `The fake market fails ${name} on purpose.`);
    return this.#handlers[name](request);
  }

  subscribe(
    onEvent: (event: MarketEvent) => void,
    onState: (state: "connecting" | "open" | "lost") => void,
  ): () => void {
    this.#listeners.add(onEvent);
    queueMicrotask(() => onState("open"));
    const timer = this.#options.live ? setInterval(() => this.#beat(), 1_000) : undefined;
    return () => {
      clearInterval(timer);
      this.#listeners.delete(onEvent);
    };
  }

  /** Lets every later answer wait so long. */
  slow(ms: number): void {
    this.#options = { ...this.#options, delayMs: ms };
  }

  /** Tells every listener. */
  emit(event: MarketEvent): void {
    this.#listeners.forEach((listener) => listener(event));
  }

  /** One new print of a symbol, stored and told. */
  print(symbol: string): void {
    const print = nextPrint(symbol, this.#now(), random);
    history(symbol).prints.push(print);
    const at = print.reported;
    this.emit({ kind: "prints", symbol, from_ms: at, to_ms: at, rows: 1 });
  }

  /** One new option trade of a symbol, stored and told. */
  trade(symbol: string): void {
    const { at } = nextTrade(symbol, this.#now(), random);
    this.emit({ kind: "flow", symbol, from_ms: at, to_ms: at, rows: 1 });
  }

  #now(): number {
    return START_MS + (Date.now() - this.#app.clock.wall_ms) * this.#app.clock.speed;
  }

  #status(): Status {
    const running = this.#backfills.filter((job) => ["running", "waiting"].includes(job.state));
    return statusAt(this.#now(), this.#app.symbols, running);
  }

  #beat(): void {
    for (const symbol of this.#app.symbols) {
      if (random() < 0.7) this.print(symbol);
      if (random() < 0.5) this.trade(symbol);
      const { bars } = history(symbol);
      const last = bars[bars.length - 1];
      last.close += (random() - 0.5) * 0.1;
      last.high = Math.max(last.high, last.close);
      last.low = Math.min(last.low, last.close);
      this.emit({ kind: "bars", symbol, from_ms: last.start, to_ms: last.start });
    }
    for (const symbol of this.world.symbols) {
      this.world.read.set(symbol, (this.world.read.get(symbol) ?? 0) + 1);
      if (random() < 0.1) this.emit({ kind: "opportunity", symbol, session_date: "2026-03-06" });
    }
    for (const job of this.#backfills) this.#advance(job);
    this.emit({ kind: "status", status: this.#status() });
  }

  #advance(job: BackfillView): void {
    if (job.state !== "running") return;
    const sessions_done = Math.min(job.sessions_total, job.sessions_done + 1);
    const left = job.sessions_total - sessions_done;
    const next: BackfillView = {
      ...job,
      sessions_done,
      rows: job.rows + 4_310,
      rows_per_s: 4_310,
      seconds_left: left,
      state: left === 0 ? "done" : "running",
    };
    this.#replace(next);
  }

  #replace(job: BackfillView): BackfillView {
    this.#backfills = this.#backfills.map((old) => (old.id === job.id ? job : old));
    this.emit({ kind: "backfill", backfill: job });
    return job;
  }

  #open(mode: Mode): AppView {
    this.#app = { ...appView(mode, this.keys), symbols: this.#app.symbols };
    this.emit({ kind: "app", app: this.#app });
    return this.#app;
  }

  #connect(keys: VendorKey[]): ConnectedView {
    const verdicts = keys.map(verdictOf);
    const works = verdicts.every(({ problem }) => problem === null);
    if (works) keys.forEach(({ vendor }) => this.keys.add(vendor));
    return { app: works ? this.#open("live") : this.#app, keys: verdicts };
  }

  #watch(symbols: string[]): AppView {
    this.#app = { ...this.#app, symbols };
    this.emit({ kind: "app", app: this.#app });
    return this.#app;
  }

  #handlers: Handlers = {
    get_app: () => this.#app,
    start_demo: () => this.#open("simulated"),
    reopen_market: () => this.#open("simulated"),
    close_market: () => this.#open("unset"),
    connect_vendors: ({ keys }) => this.#connect(keys),
    add_symbol: ({ symbol }) => {
      if (!/^[A-Z.]{1,8}$/.test(symbol)) {
        throw new ApiFailure("invalid_input", `"${symbol}" is not a ticker.`);
      }
      return this.#watch([...new Set([...this.#app.symbols, symbol])]);
    },
    remove_symbol: ({ symbol }) => this.#watch(this.#app.symbols.filter((one) => one !== symbol)),
    get_status: () => this.#status(),
    get_bars: barsTable,
    get_prints: printsTable,
    get_print: (ask) => detail(ask.symbol, ask.identity),
    get_levels: levelsTable,
    get_profile: profileTable,
    get_activity: (ask) => activityTable(ask, this.#now()),
    list_sessions: ({ from_ms, to_ms }) =>
      sessions.filter((one) => one.post_end_ms >= from_ms && one.pre_ms <= to_ms),
    list_gaps: ({ symbol, from_ms, to_ms }) =>
      inventGaps().filter(
        (gap) => (!symbol || gap.symbol === symbol) && gap.to_ms >= from_ms && gap.from_ms <= to_ms,
      ),
    start_backfill: (ask) => {
      const days = sessions.filter((one) => one.date >= ask.from && one.date <= ask.to).length;
      if (days === 0) {
        throw new ApiFailure("invalid_input", "There is no session between these dates.");
      }
      const total = days * ask.symbols.length;
      const id = `job-${this.#backfills.length + 1}`;
      const job = {
        ...backfill(id, ask.symbols, ask.from, ask.to),
        vendor: ask.vendor ?? "unusual_whales",
      };
      this.#backfills = [{ ...job, sessions_total: total, state: "running" }, ...this.#backfills];
      this.emit({ kind: "backfill", backfill: this.#backfills[0] });
      return this.#backfills[0];
    },
    list_backfills: ({ limit }) => this.#backfills.slice(0, limit),
    stop_backfill: ({ id }) => {
      const job = this.#backfills.find((one) => one.id === id);
      if (!job) throw new ApiFailure("not_found", "There is no such backfill.");
      return this.#replace({ ...job, state: "stopped", seconds_left: null, rows_per_s: null });
    },
    get_contract: contractDetail,
    get_contract_trades: contractTrades,
    get_volume_by_price: volumeByPrice,
    get_retention: () => this.#retention,
    set_retention: ({ table, keep_days }) => {
      this.#retention = this.#retention.map((row) =>
        row.table === table ? { ...row, keep_days } : row,
      );
      return this.#retention;
    },
    list_quarantine: ({ limit }) => QUARANTINE.slice(0, limit),
    list_log: ({ limit }) => LOG.slice(0, limit),
    get_flow_trades: flowTrades,
    get_flow_groups: flowGroups,
    get_flow_summary: flowSummary,
    get_flow_lines: (ask) => flowLines(ask, this.#now()),
    get_flow_heat: flowHeat,
    get_flow_strikes: flowStrikes,
    get_net_premium: netPremium,
    get_tide: tide,
    get_volatility: volatility,
    get_correlation: correlation,
    get_plan: () => plan(this.#now()),
    get_opportunities: (ask) => opportunities(this.world, ask),
    get_straddle: (ask) => straddle(this.world, ask),
    get_tape_activity: (ask) => tapeActivity(ask, this.#now()),
    get_volatility_history: volatilityHistory,
    get_tape_watch: () => tapeWatch(this.world),
    watch_tape: (ask) => watchTape(this.world, ask),
    unwatch_tape: (ask) => unwatchTape(this.world, ask),
  };
}

/**
 * The transport of `?fake`: `mode=unset`, `key=polygon` (with `mode=live`), `fail=get_levels`,
 * `still`, `delay=500`, and of straddles `noquotes`, `nosymbols`.
 */
export function fakeTransport(query: URLSearchParams): Transport {
  const failing = query.getAll("fail").map((name) => [name, "database_unavailable"]);
  const fake = new Fake({
    mode: (query.get("mode") ?? "simulated") as Mode,
    failing: Object.fromEntries(failing),
    live: !query.has("still"),
    delayMs: Number(query.get("delay") ?? 20),
    keys: query.has("key") ? query.getAll("key") : undefined,
  });
  fake.world.quotes = !query.has("noquotes");
  if (query.has("nosymbols")) fake.world.symbols = [];
  return fake;
}

/** What a vendor says of a key: short ones are wrong, and some say what is wrong with them. */
function verdictOf({ vendor, key }: VendorKey): KeyVerdict {
  const codes: Record<string, ErrorCode> = {
    "a-key-of-a-small-plan": "vendor_entitlement",
    "a-key-without-network": "vendor_unreachable",
  };
  const code = codes[key] ?? (key.length < 8 ? "vendor_auth" : null);
  const problem = code && { code, message: `The fake ${vendor} says ${code}.` };
  return { vendor, problem };
}

function appView(mode: Mode, keys: Set<string>): AppView {
  return {
    version: "0.1.0",
    mode,
    progress: mode === "starting" ? "Starting the database: replaying its journal" : null,
    problem:
      mode === "failed"
        ? "The data folder is in use by another Undertow (process 4121). Close it, then try again."
        : null,
    symbols: SYMBOLS,
    clock: {
      wall_ms: Date.now(),
      market_ms: START_MS,
      speed: 1,
      shifted: mode === "simulated",
    },
    vendors: VENDORS.map((vendor) =>
      keys.has(vendor.id) ? { ...vendor, key_set: true, key_from: "memory" } : vendor,
    ),
    reasons: REASONS,
  };
}

function backfill(id: string, symbols: string[], from: string, to: string): BackfillView {
  return {
    id,
    vendor: "unusual_whales",
    symbols,
    from,
    to,
    state: "waiting",
    sessions_done: 0,
    sessions_total: 0,
    rows: 0,
    rows_per_s: null,
    seconds_left: null,
    note: null,
  };
}

function inventBackfills(): BackfillView[] {
  return [
    {
      ...backfill("job-2", ["SPY", "QQQ"], "2025-12-08", "2026-03-05"),
      state: "running",
      sessions_done: 47,
      sessions_total: 120,
      rows: 1_284_310,
      rows_per_s: 4_310,
      seconds_left: 312,
    },
    {
      ...backfill("job-1", ["AAPL"], "2025-10-01", "2026-03-05"),
      state: "wall",
      sessions_done: 60,
      sessions_total: 107,
      rows: 402_118,
      note: "The plan's history begins on 2025-12-08. What is stored after it is complete.",
    },
  ];
}

function inventGaps(): GapView[] {
  const session = sessions[sessions.length - 4];
  return [
    {
      symbol: "SPY",
      series: "prints",
      session_date: session.date,
      from_ms: session.open_ms + 95 * 60_000,
      to_ms: session.open_ms + 118 * 60_000,
      reason: "The vendor answered with errors (HTTP 502) and the pages were not asked again.",
    },
    {
      symbol: "QQQ",
      series: "bars",
      session_date: session.date,
      from_ms: session.open_ms + 95 * 60_000,
      to_ms: session.open_ms + 110 * 60_000,
      reason: "Undertow was not running.",
    },
  ];
}

function detail(symbol: string, identity: string): PrintDetail {
  const print = history(symbol).prints.findLast((one) => String(one.identity) === identity);
  if (!print) throw new ApiFailure("not_found", "This print is not stored any more.");
  const reasons = REASONS.filter((reason) => print.reasons & reason.bit);
  const field = (name: string, value: string | null) => ({ name, value });
  return {
    reasons: reasons.map((reason) => reason.code),
    fields: [
      field("symbol", symbol),
      field("executed_at", new Date(print.executed).toISOString()),
      field("reported_at", new Date(print.reported).toISOString()),
      field("received_at", new Date(print.reported + 812).toISOString()),
      field("price", String(print.price)),
      field("size", String(print.size)),
      field("bid", String(print.bid)),
      field("ask", String(print.ask)),
      field("side", SIDES.find((side) => side.code === print.side)?.label ?? null),
      field("market_center", "L"),
      field("trade_code", print.reasons & 1 ? "average_price_trade" : null),
      field("sale_cond_codes", null),
      field("tracking_id", String(print.identity)),
      field("day_volume", String(print.dayVolume)),
    ],
  };
}
