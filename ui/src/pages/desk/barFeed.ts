/**
 * The window of bars behind the chart: opens around an instant, pages in both directions, lets go
 * of the far side and takes the newest bars as they come. Knows the command, not the chart.
 */
import type { BarsMeta, GetBars } from "../../api/bindings";
import type { Columns } from "../../api/columns";
import {
  type Bars,
  barsOf,
  countBefore,
  type Edges,
  type Interval,
  join,
  keepAround,
  MAX_BARS,
  newerBefore,
  NO_BARS,
  PAGE_BARS,
  pageNeeded,
  regularOnly,
  slice,
  STEP_MS,
  type Visible,
} from "../../charts/bars";

/** Bars of the first answer: fast to come, and enough for two weeks of minutes. */
const FIRST_BARS = 10_000;
/** Newest bars asked for after an event: an hour and more of minutes, should events be late. */
const LIVE_BARS = 120;
/** Pages asked for in a row to close a hole before the newest bar. */
const MAX_CATCH_UP = 12;

/** What bars are wanted. */
export interface Question {
  symbol: string;
  interval: Interval;
  /** Whether pre- and post-market bars are shown. */
  extended: boolean;
}

/** What changed in the window. */
export type Change =
  | { kind: "opened"; around: number | null }
  /** The same stretch was read again: the view must stay where it is. */
  | { kind: "reread" }
  /** Bars were put before (`by` > 0) or taken from before (`by` < 0) those that were there. */
  | { kind: "moved"; by: number }
  /** Only bars from index `from` on differ. */
  | { kind: "grown"; from: number };

export interface Source {
  getBars(request: GetBars): Promise<Columns<BarsMeta>>;
  /** Market time, epoch ms. */
  now(): number;
}

export class BarFeed {
  bars: Bars = NO_BARS;
  edges: Edges = { older: false, newer: false };
  private question: Question | null = null;
  /** Oldest and newest bar read, hidden sessions included. */
  private oldest = NaN;
  private newest = NaN;
  /** Answers to an older question are dropped by this. */
  private turn = 0;
  private paging = false;

  constructor(
    private readonly source: Source,
    private readonly changed: (change: Change) => void,
  ) {}

  /** Reads a window around an instant, or up to now. Rejects when it can't be read. */
  open(question: Question, around: number | null): Promise<void> {
    return this.load(question, around, { kind: "opened", around });
  }

  /** Reads the window anew, because what it held may be old. */
  async reread(around: number | null): Promise<void> {
    if (this.question) await this.load(this.question, around, { kind: "reread" });
  }

  /** What to do after bars of this stretch were stored: nothing, or read one side or all anew. */
  touched(from: number, to: number): "nothing" | "newest" | "all" {
    if (!this.question || Number.isNaN(this.newest)) return "newest";
    if (to < this.oldest) {
      this.edges.older = true;
      return "nothing";
    }
    const recent = this.newest - (LIVE_BARS / 2) * STEP_MS[this.question.interval];
    if (from >= recent) return this.edges.newer ? "nothing" : "newest";
    return "all";
  }

  private async load(question: Question, around: number | null, change: Change): Promise<void> {
    const turn = ++this.turn;
    // No page and no live bar may join the old window while the new one is on its way.
    this.paging = true;
    this.question = question;
    const before =
      around === null
        ? null
        : newerBefore(around, STEP_MS[question.interval], FIRST_BARS / 2, this.source.now());
    try {
      const page = await this.read(before, FIRST_BARS);
      if (turn !== this.turn) return;
      this.bars = page.shown;
      this.oldest = page.oldest;
      this.newest = page.newest;
      this.edges = { older: page.older, newer: before !== null };
    } catch (cause) {
      if (turn === this.turn && change.kind === "opened") this.empty();
      throw cause;
    } finally {
      if (turn === this.turn) this.paging = false;
    }
    this.changed(change);
  }

  /** Bars of another question must not stand for those that could not be read. */
  private empty(): void {
    this.bars = NO_BARS;
    this.oldest = this.newest = NaN;
    this.edges = { older: false, newer: false };
    this.changed({ kind: "opened", around: null });
  }

  /** Reads another page where the visible bars come near an edge; answers whether it did. */
  async follow(visible: Visible, mayShift: boolean): Promise<boolean> {
    if (this.paging || !this.question) return false;
    const side = pageNeeded(visible, this.bars.rows, this.edges);
    // Bars put behind or taken away would tear the chart out of the user's hand while dragging.
    if (side === null || (side === "newer" && !mayShift)) return false;
    if (!mayShift && this.bars.rows >= 2 * MAX_BARS) return false;
    this.paging = true;
    const turn = this.turn;
    try {
      const by = side === "older" ? await this.readOlder(turn) : await this.readNewer(turn);
      if (by === null) return true;
      // Both at once: the chart takes its bars anew only one time.
      const moved = { from: visible.from + by, to: visible.to + by };
      this.changed({ kind: "moved", by: by - (mayShift ? this.trim(moved) : 0) });
      return true;
    } finally {
      if (turn === this.turn) this.paging = false;
    }
  }

  /** Lets go of the bars that are farthest from the visible ones. */
  release(visible: Visible): void {
    if (this.bars.rows > MAX_BARS) this.changed({ kind: "moved", by: -this.trim(visible) });
  }

  /** Cuts the window to its size; answers how many bars were taken from its beginning. */
  private trim(visible: Visible): number {
    const { rows } = this.bars;
    const [from, to] = keepAround(visible, rows, MAX_BARS);
    if (to - from === rows) return 0;
    if (to < rows) this.edges.newer = true;
    if (from > 0) this.edges.older = true;
    this.bars = copy(slice(this.bars, from, to));
    this.oldest = this.bars.start[0];
    this.newest = this.bars.start[this.bars.rows - 1];
    return from;
  }

  /** Takes the newest bars. Nothing to do while the newest bars aren't held. */
  async refresh(): Promise<void> {
    if (!this.question || this.edges.newer || this.paging) return;
    const turn = this.turn;
    const page = await this.read(null, LIVE_BARS);
    if (turn !== this.turn || this.edges.newer || page.rows === 0) return;
    if (this.bars.rows > 0 && page.oldest > this.newest) return this.catchUp(turn);
    const from = countBefore(this.bars, page.shown.rows > 0 ? page.shown.start[0] : Infinity);
    this.newest = Math.max(page.newest, Number.isNaN(this.newest) ? -Infinity : this.newest);
    const before = this.bars;
    this.bars = join(this.bars, page.shown);
    const first = firstDifference(before, this.bars, from);
    if (before.rows === 0) this.changed({ kind: "opened", around: null });
    else if (first < this.bars.rows) this.changed({ kind: "grown", from: first });
  }

  /** So many bars came that the newest don't join: reads on from the last one held. */
  private async catchUp(turn: number): Promise<void> {
    this.edges.newer = true;
    for (let i = 0; i < MAX_CATCH_UP && this.edges.newer && turn === this.turn; i++) {
      const by = await this.readNewer(turn);
      if (by !== null) this.changed({ kind: "moved", by });
    }
  }

  /** Reads a page; answers how many bars were put before those held, or null = none came. */
  private async readOlder(turn: number): Promise<number | null> {
    const page = await this.read(this.oldest, PAGE_BARS);
    if (turn !== this.turn) return null;
    this.edges.older = page.older && page.rows > 0;
    if (page.rows === 0) return null;
    this.oldest = page.oldest;
    const { rows } = this.bars;
    this.bars = join(page.shown, this.bars);
    return this.bars.rows === rows ? null : this.bars.rows - rows;
  }

  private async readNewer(turn: number): Promise<0 | null> {
    const step = STEP_MS[(this.question as Question).interval];
    const before = newerBefore(this.newest, step, PAGE_BARS, this.source.now());
    const page = await this.read(before, PAGE_BARS);
    if (turn !== this.turn) return null;
    this.edges.newer = before !== null;
    // A stretch without any bar: go on behind it, or it would be asked for again for ever.
    const read = [this.newest, page.newest, (before ?? NaN) - step];
    this.newest = Math.max(...read.filter((ms) => !Number.isNaN(ms)));
    const { rows } = this.bars;
    this.bars = join(this.bars, page.shown);
    return this.bars.rows === rows ? null : 0;
  }

  private async read(before: number | null, limit: number) {
    const { symbol, interval, extended } = this.question as Question;
    const columns = await this.source.getBars({ symbol, interval, before_ms: before, limit });
    const all = barsOf(columns);
    return {
      rows: all.rows,
      oldest: all.rows > 0 ? all.start[0] : NaN,
      newest: all.rows > 0 ? all.start[all.rows - 1] : NaN,
      older: columns.meta.more_before,
      shown: extended || interval === "1d" ? all : regularOnly(all),
    };
  }
}

/** First index from `from` on at which the two differ; the end of `after` where they don't. */
function firstDifference(before: Bars, after: Bars, from: number): number {
  for (let i = from; i < after.rows; i++) {
    const same =
      i < before.rows &&
      before.start[i] === after.start[i] &&
      before.close[i] === after.close[i] &&
      before.volume[i] === after.volume[i] &&
      before.high[i] === after.high[i] &&
      before.low[i] === after.low[i] &&
      before.open[i] === after.open[i];
    if (!same) return i;
  }
  return after.rows;
}

/** A copy of its own, so that the bars around it can be freed. */
function copy(bars: Bars): Bars {
  return {
    rows: bars.rows,
    start: bars.start.slice(),
    open: bars.open.slice(),
    high: bars.high.slice(),
    low: bars.low.slice(),
    close: bars.close.slice(),
    volume: bars.volume.slice(),
    session: bars.session.slice(),
  };
}
