/**
 * What every page knows: the program, its health, the clock, the symbol and the timeframe. Filled
 * by `start`, kept fresh by events.
 */
import { client, onEvent } from "../api/client";
import { onReconnect } from "../api/resource.svelte";
import type { AppView, ClockView, Status } from "../api/bindings";
import { ApiFailure, type ConnectionState, type MarketEvent } from "../api/transport";
import { prefs, type Interval } from "./prefs.svelte";

/** The clocks on the screen move once a second. */
const TICK_MS = 1_000;
/** How often a window that cannot reach the engine tries again. */
const RETRY_MS = 2_000;

class App {
  view = $state.raw<AppView | null>(null);
  status = $state.raw<Status | null>(null);
  connection = $state<ConnectionState>("connecting");
  /** Why the engine could not be reached at all. */
  failure = $state.raw<ApiFailure | null>(null);
  /** Market time, epoch ms; moves once a second. */
  now = $state(Date.now());

  /** The symbol that all pages show: the one chosen, or the first of the watch list. */
  get symbol(): string {
    const symbols = this.view?.symbols ?? [];
    return symbols.includes(prefs.symbol) ? prefs.symbol : (symbols[0] ?? "");
  }
  set symbol(value: string) {
    prefs.symbol = value;
  }

  get interval(): Interval {
    return prefs.interval;
  }
  set interval(value: Interval) {
    prefs.interval = value;
  }

  /** Whether the market on the screen is not the real one, or not now. */
  get simulated(): boolean {
    return this.view?.mode === "simulated";
  }

  /** Whether there is a market to look at. */
  get open(): boolean {
    return this.view?.mode === "simulated" || this.view?.mode === "live";
  }

  /** Whether the market is a real one and a vendor of it is not connected. */
  lacks(vendor: string): boolean {
    const { mode, vendors } = this.view ?? {};
    return mode === "live" && vendors?.find(({ id }) => id === vendor)?.key_set === false;
  }

  hear(event: MarketEvent): void {
    if (event.kind === "app") {
      const before = this.open;
      this.view = event.app;
      // A market that has just opened has a health to read; its own event may be long in coming.
      if (this.open && !before) void this.read();
    }
    if (event.kind === "status") this.status = event.status;
  }

  /** Reads the program and its health. */
  async read(): Promise<void> {
    try {
      this.view = await client.call("get_app", {});
      this.failure = null;
      if (this.open) this.status = await client.call("get_status", {});
    } catch (cause) {
      const failure = ApiFailure.from(cause);
      // A health reading may fail while the database starts: the page says so by itself.
      if (!this.view || failure.code === "unreachable") this.failure = failure;
    }
  }

  /** Starts hearing events and moving the clock; the answer ends both. */
  start(): () => void {
    this.connection = client.state;
    const ends = [
      onEvent((event) => this.hear(event)),
      client.onState((state) => (this.connection = state)),
      onReconnect(() => void this.read()),
    ];
    const tick = setInterval(() => (this.now = marketNow()), TICK_MS);
    const retry = setInterval(() => {
      if (!this.view) void this.read();
    }, RETRY_MS);
    void this.read().then(() => (this.now = marketNow()));
    return () => {
      clearInterval(tick);
      clearInterval(retry);
      ends.forEach((end) => end());
    };
  }
}

export const app = new App();

/** Market time at the wall time `wallMs`, epoch ms. */
export function marketTime(clock: ClockView, wallMs: number): number {
  return clock.market_ms + (wallMs - clock.wall_ms) * clock.speed;
}

/** Market time now, epoch ms: what "today" and every age are measured by. */
export function marketNow(): number {
  const clock = app.view?.clock;
  return clock ? marketTime(clock, Date.now()) : Date.now();
}
