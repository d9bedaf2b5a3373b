/**
 * The tape of options: groups, single trades or alerts, kept fresh. A group opens into its trades.
 */
import { untrack } from "svelte";

import { ApiFailure, client, type MarketEvent } from "../../api/client";
import { onReconnect, throttled, type ResourceState } from "../../api/resource.svelte";
import type { FlagLabel, FlowCursor } from "../../api/bindings";
import { count } from "../../lib/format";
import { touches, type Day } from "./day.svelte";
import { groupsRequest, SHOW_ALL, tradesRequest, type Filters, type Part } from "./filters";
import { groupLines, noteLine, tradeLines, type Line } from "./lines";

/** Trades of a page while scrolling. */
const PAGE_ROWS = 500;
/** The most that one answer holds. */
const WIDE_ROWS = 5_000;
/** Groups are asked for whole: more of them as one scrolls. */
const GROUP_STEPS = [500, 2_000, WIDE_ROWS];
/** Trades kept. Further back, narrower filters find more than scrolling does. */
const ROWS_MAX = 20_000;
/** Code of the flag of cancelled trades. */
export const CANCELLED = "CXL";
/** New trades are drawn at most this often; groups are computed anew each time. */
const FRESH_MS = { trades: 250, alerts: 1_000, groups: 1_000 };

/* Maps and sets are replaced whole when they change: they need not be reactive by themselves. */
/* eslint-disable svelte/prefer-svelte-reactivity */

export interface Question {
  day: Day;
  filters: Filters;
}

interface Children {
  /** How many trades the group had when they were read. */
  trades: number;
  lines: Line[];
}

export class FlowTape {
  lines = $state.raw<Line[]>([]);
  /** Trades of the groups that are open, by the group's key. */
  children = $state.raw<ReadonlyMap<string, Children>>(new Map());
  flags = $state.raw<FlagLabel[]>([]);
  /** How trades were grouped, in words. */
  rule = $state("");
  /** Groups of the session that pass the filters. */
  groups = $state(0);
  sessionDate = $state("");
  /** Trades below this premium are not collected, dollars. */
  floor = $state<number | null>(null);
  error = $state.raw<ApiFailure | null>(null);
  loading = $state(false);
  loadedAt = $state<number | null>(null);
  more = $state(false);
  paused = $state(false);
  /** Rows told of since the tape was held. */
  waiting = $state(0);
  /** Keys of the lines that came in on top at the last change. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());

  /** The lines as they are drawn: each open group with its trades below it. */
  readonly shown = $derived(this.#unfolded());

  #question: Question;
  #next: FlowCursor | null = null;
  #step = 0;
  #touchedFrom = Infinity;
  #turn = 0;
  #soon: { run: () => void; cancel: () => void };

  constructor(question: Question) {
    this.#question = question;
    this.#soon = throttled(() => void this.#freshen(), FRESH_MS[question.filters.rows]);
  }

  get state(): ResourceState {
    if (this.lines.length > 0) return this.error ? "stale" : "ready";
    if (this.error) return "error";
    return this.loading || this.loadedAt === null ? "loading" : "ready";
  }

  get grouped(): boolean {
    return this.#question.filters.rows === "groups";
  }

  /** Reads from the top. */
  async reload(): Promise<void> {
    this.#touchedFrom = Infinity;
    this.waiting = 0;
    if (this.grouped) return this.#readGroups();
    await this.#readTrades(null, []);
  }

  /** Reads older rows. */
  async readMore(): Promise<void> {
    if (this.loading || !this.more) return;
    if (!this.grouped) return this.#readTrades(this.#next, this.lines);
    this.#step = Math.min(this.#step + 1, GROUP_STEPS.length - 1);
    await this.#readGroups();
  }

  /** Opens a group into its trades, or closes it. */
  async toggle(group: Line): Promise<void> {
    if (group.kind !== "group") return;
    const children = new Map(this.children);
    const shut = children.delete(group.key);
    if (!shut) children.set(group.key, { trades: NaN, lines: [] });
    this.children = children;
    if (!shut) await this.#readChildren(group);
  }

  /** Starts to hear of new trades; the answer ends it. */
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

  #unfolded(): Line[] {
    if (this.children.size === 0) return this.lines;
    return this.lines.flatMap((line) => [line, ...(this.children.get(line.key)?.lines ?? [])]);
  }

  /** Holds the rows as they are: an answer that is still on its way does not move them. */
  hold(): void {
    this.paused = true;
    if (this.lines.length === 0) return;
    this.#turn += 1;
    this.loading = false;
  }

  #told(event: MarketEvent): void {
    if (!touches(event, this.#question.day)) return;
    this.#touchedFrom = Math.min(this.#touchedFrom, event.from_ms);
    if (this.paused) this.waiting += event.rows;
    else this.#soon.run();
  }

  async #readGroups(): Promise<void> {
    const turn = ++this.#turn;
    const { day, filters } = this.#question;
    const limit = GROUP_STEPS[this.#step];
    this.loading = true;
    try {
      const ask = groupsRequest(day.symbol, day.date, filters, limit);
      const table = await client.call("get_flow_groups", ask);
      if (turn !== this.#turn) return;
      this.rule = table.meta.rule;
      this.flags = table.meta.flags;
      this.groups = table.meta.groups;
      this.sessionDate = table.meta.session_date;
      this.more = table.meta.groups > table.rows && limit < WIDE_ROWS;
      this.#replace(groupLines(table));
      this.#done(null);
      await this.#followChildren();
    } catch (cause) {
      if (turn === this.#turn) this.#done(ApiFailure.from(cause));
    }
  }

  async #readTrades(after: FlowCursor | null, before: Line[]): Promise<void> {
    const turn = ++this.#turn;
    this.loading = true;
    try {
      const wide = this.#question.filters.order === "largest";
      const lines = await this.#ask({ limit: wide ? WIDE_ROWS : PAGE_ROWS, after });
      if (turn !== this.#turn) return;
      this.lines = [...before, ...lines.lines];
      this.#next = lines.next;
      this.more = lines.next !== null && this.lines.length < ROWS_MAX;
      this.#done(null);
    } catch (cause) {
      if (turn === this.#turn) this.#done(ApiFailure.from(cause));
    }
  }

  async #freshen(): Promise<void> {
    if (this.paused) return;
    if (this.loading) return this.#soon.run();
    if (this.grouped || this.#question.filters.order === "largest") {
      this.#touchedFrom = Infinity;
      return this.grouped ? this.#readGroups() : this.#readTrades(null, []);
    }
    const from = this.#reach(this.#touchedFrom);
    this.#touchedFrom = Infinity;
    const turn = ++this.#turn;
    try {
      const { lines, next } = await this.#ask({ limit: WIDE_ROWS, from_ms: from });
      if (turn !== this.#turn) return;
      // More than an answer holds was touched: begin anew.
      if (next !== null) return await this.reload();
      this.#replace([...lines, ...this.lines.filter((line) => line.at < from)]);
      this.#done(null);
    } catch (cause) {
      this.#touchedFrom = Math.min(this.#touchedFrom, from);
      if (turn === this.#turn) this.#done(ApiFailure.from(cause));
    }
  }

  async #ask(part: Part): Promise<{ lines: Line[]; next: FlowCursor | null }> {
    const { day, filters } = this.#question;
    const ask = tradesRequest(day.symbol, day.date, filters, part);
    const table = await client.call("get_flow_trades", ask);
    this.flags = table.meta.flags;
    this.sessionDate = table.meta.session_date;
    this.floor = table.meta.floor;
    const lines = tradeLines(table, filters.rows === "alerts" ? "alert" : "trade");
    return { lines, next: table.meta.next };
  }

  /** The trades of open groups that have grown are read again; groups that went are forgotten. */
  async #followChildren(): Promise<void> {
    if (this.children.size === 0) return;
    const groups = this.lines.filter((line) => this.children.has(line.key));
    const kept = groups.map((group) => [group.key, this.children.get(group.key)!] as const);
    this.children = new Map(kept);
    const grown = groups.filter((group) => this.children.get(group.key)?.trades !== group.trades);
    await Promise.all(grown.map((group) => this.#readChildren(group)));
  }

  async #readChildren(group: Line): Promise<void> {
    const { day } = this.#question;
    const mine = {
      ...tradesRequest(day.symbol, day.date, SHOW_ALL, { limit: PAGE_ROWS }),
      contract: group.contract.name,
      // Groups are made without them.
      without_flags: this.flags.find((flag) => flag.code === CANCELLED)?.bit ?? null,
      side: group.side.side,
      from_ms: group.first,
      // The end is not part of the stretch; times are finer than milliseconds.
      to_ms: group.at + 1,
    };
    try {
      const table = await client.call("get_flow_trades", mine);
      const lines = tradeLines(table, "child");
      if (table.meta.next) {
        lines.push(noteLine(`${group.key} rest`, `The newest ${count(lines.length, "trade")}`));
      }
      this.#keepChildren(group, { trades: group.trades, lines });
    } catch (cause) {
      const words = `Its trades could not be read. ${ApiFailure.from(cause).message}`;
      this.#keepChildren(group, { trades: NaN, lines: [noteLine(`${group.key} failed`, words)] });
    }
  }

  #keepChildren(group: Line, children: Children): void {
    // It may have been closed while they were read.
    if (!this.children.has(group.key)) return;
    this.children = new Map(this.children).set(group.key, children);
  }

  /** Shows other lines and marks those that are new on top. */
  #replace(lines: Line[]): void {
    const known = new Set(this.lines.map((line) => line.key));
    const old = lines.findIndex((line) => known.has(line.key));
    const fresh = this.loadedAt === null || old < 0 ? [] : lines.slice(0, old);
    this.fresh = new Set(fresh.map((line) => line.key));
    this.lines = lines;
  }

  /** From which instant to read anew: nothing before the last line, which older pages hold. */
  #reach(touchedFrom: number): number {
    const last = this.lines[this.lines.length - 1];
    const from = Math.floor(touchedFrom);
    return this.more && last ? Math.max(from, Math.floor(last.at) + 1) : from;
  }

  #done(failure: ApiFailure | null): void {
    this.loading = false;
    this.error = failure;
    if (!failure) this.loadedAt = Date.now();
  }
}

/** A tape for the question that `ask` answers, made anew when that changes. Ends with the page. */
export function flowTape(ask: () => Question): { readonly current: FlowTape } {
  const key = $derived(JSON.stringify(ask()));
  const tape = $derived(new FlowTape(JSON.parse(key) as Question));
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
