/** The tape's rows, kept fresh: pages are read as one scrolls, new prints come in on top. */
import { untrack } from "svelte";

import { ApiFailure, client, type MarketEvent } from "../../api/client";
import { onReconnect, throttled, type ResourceState } from "../../api/resource.svelte";
import type { CodeLabel, PrintsCursor, ReasonView } from "../../api/bindings";
import { type Filters, toRequest } from "./filters";
import { pickRows, TapeRows, type PrintsTable } from "./rows";

/** Rows of a page while scrolling: four screens. */
const PAGE_ROWS = 500;
/** The most that one answer holds; blocks are one print in a hundred, so they need wide pages. */
const WIDE_ROWS = 5_000;
/** Rows kept. Further back, narrower filters find more than scrolling does. */
export const ROWS_MAX = 100_000;
/** Pages searched for blocks before the reader is asked. */
const SEARCH_PAGES = 6;
/** Blocks that fill a screen, so that the search can stop. */
const SEARCH_ROWS = 60;
/** New prints are drawn at most this often. */
const FRESH_MS = 250;

export interface Question {
  symbol: string;
  filters: Filters;
  reasons: ReasonView[];
}

export class Tape {
  rows = $state.raw(TapeRows.empty);
  sides = $state.raw<CodeLabel[]>([]);
  error = $state.raw<ApiFailure | null>(null);
  loading = $state(false);
  loadedAt = $state<number | null>(null);
  /** Whether older rows can be read. */
  more = $state(false);
  /** Stops new rows from coming in. */
  paused = $state(false);
  /** Rows told of since the tape was paused. */
  waiting = $state(0);
  /** How many rows came in on top at the last change, and a number for that change. */
  arrived = $state.raw({ rows: 0, turn: 0 });

  #question: Question;
  #next: PrintsCursor | null = null;
  #touchedFrom = Infinity;
  #turn = 0;
  #soon = throttled(() => void this.#freshen(), FRESH_MS);

  constructor(question: Question) {
    this.#question = question;
  }

  get state(): ResourceState {
    if (this.rows.length > 0) return this.error ? "stale" : "ready";
    if (this.error) return "error";
    return this.loading || this.loadedAt === null ? "loading" : "ready";
  }

  /** Reads from the top. */
  async reload(): Promise<void> {
    this.#next = null;
    this.#touchedFrom = Infinity;
    this.waiting = 0;
    await this.#read(null, () => TapeRows.empty);
  }

  /** Reads the next page of older rows. */
  async readMore(): Promise<void> {
    if (this.loading || !this.more) return;
    await this.#read(this.#next, () => this.rows);
  }

  /** Starts to hear of new prints; the answer ends it. */
  hear(): () => void {
    const ends = [
      client.onEvent((event) => this.#told(event)),
      onReconnect(() => void this.reload()),
    ];
    return () => {
      this.#turn += 1;
      this.#soon.cancel();
      ends.forEach((end) => end());
    };
  }

  resume(): void {
    this.paused = false;
    this.waiting = 0;
    if (Number.isFinite(this.#touchedFrom)) this.#soon.run();
  }

  #told(event: MarketEvent): void {
    if (event.kind !== "prints" || event.symbol !== this.#question.symbol) return;
    this.#touchedFrom = Math.min(this.#touchedFrom, event.from_ms);
    if (this.paused) this.waiting += event.rows;
    else this.#soon.run();
  }

  /** Reads pages after `cursor` until there is something to show. */
  async #read(cursor: PrintsCursor | null, base: () => TapeRows): Promise<void> {
    const turn = ++this.#turn;
    const { filters } = this.#question;
    const wide = filters.blocks || filters.order === "largest";
    this.loading = true;
    try {
      let after = cursor;
      let rows = base();
      for (let page = 0; page < SEARCH_PAGES; page += 1) {
        const table = await this.#ask(wide ? WIDE_ROWS : PAGE_ROWS, { after });
        if (turn !== this.#turn) return;
        rows = rows.older(this.#filtered(table));
        after = table.meta.next;
        this.sides = table.meta.sides;
        if (!filters.blocks || !after || rows.length >= SEARCH_ROWS) break;
      }
      this.rows = rows;
      this.#next = after;
      this.more = after !== null && rows.length < ROWS_MAX;
      this.#done(null);
    } catch (cause) {
      if (turn === this.#turn) this.#done(ApiFailure.from(cause));
    }
  }

  /** Replaces everything from the oldest touched row on. */
  async #freshen(): Promise<void> {
    if (this.loading) return this.#soon.run();
    if (this.#question.filters.order === "largest") return this.reload();
    const from = this.#reach(this.#touchedFrom);
    this.#touchedFrom = Infinity;
    const turn = ++this.#turn;
    try {
      const table = await this.#ask(WIDE_ROWS, { from_ms: from });
      if (turn !== this.#turn) return;
      // More than an answer holds was touched (a backfill): begin anew.
      if (table.meta.next !== null) return await this.reload();
      const before = this.rows.length;
      this.rows = this.rows.newer(this.#filtered(table), from);
      this.arrived = { rows: this.rows.length - before, turn };
      this.#done(null);
    } catch (cause) {
      this.#touchedFrom = Math.min(this.#touchedFrom, from);
      if (turn === this.#turn) this.#done(ApiFailure.from(cause));
    }
  }

  #ask(
    limit: number,
    page: { after?: PrintsCursor | null; from_ms?: number },
  ): Promise<PrintsTable> {
    const { symbol, filters, reasons } = this.#question;
    return client.call("get_prints", toRequest(symbol, filters, reasons, limit, page));
  }

  #filtered(table: PrintsTable): PrintsTable {
    if (!this.#question.filters.blocks) return table;
    return pickRows(table, (of, row) => of.column("block")[row] === 1);
  }

  /**
   * From which instant to read anew: whole milliseconds, and nothing before the last row read,
   * because older pages will hold that.
   */
  #reach(touchedFrom: number): number {
    const from = Math.floor(touchedFrom);
    if (!this.more || this.rows.length === 0) return from;
    return Math.max(from, Math.floor(this.rows.reportedAt(this.rows.length - 1)) + 1);
  }

  #done(failure: ApiFailure | null): void {
    this.loading = false;
    this.error = failure;
    if (!failure) this.loadedAt = Date.now();
  }
}

/** A tape for the question that `ask` answers, made anew when that changes. Ends with the page. */
export function tapeFor(ask: () => Question): { readonly current: Tape } {
  const key = $derived(JSON.stringify(ask()));
  const tape = $derived(new Tape(JSON.parse(key) as Question));
  $effect(() => {
    const mine = tape;
    const end = mine.hear();
    untrack(() => void mine.reload());
    return end;
  });
  return {
    get current() {
      return tape;
    },
  };
}
