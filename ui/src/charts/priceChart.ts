/**
 * The price chart: candles, volume and the layers over them. It draws what it is given; loading is
 * the page's work. Indexes are those of the bars it was given last.
 */
import {
  type CandlestickData,
  CandlestickSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  type Logical,
  type MouseEventParams,
  type UTCTimestamp,
} from "lightweight-charts";

import { onThemeChange, readTokens } from "../lib/tokens";

import { type Bars, countBefore, type Interval, type Visible } from "./bars";
import { BubbleLayer } from "./bubbleLayer";
import { type Bubbles, placeBubbles } from "./bubbles";
import type { Layer } from "./layer";
import { LevelLayer } from "./levelLayer";
import { hitLevel, type Level, type LevelSet, placeLevels } from "./levels";
import { candleOptions, chartOptions, leastSpacing } from "./options";
import { type Fitted, fitPanes } from "./panes";
import { PaneStack } from "./paneStack";
import type { Profile } from "./profile";
import { ProfileLayer } from "./profileLayer";
import type { PaneName, Running } from "./running";
import { fitScene, newScene, rightRoom, type Scene } from "./scene";
import { SessionLayer } from "./sessionLayer";
import { type GapMark, hitGap, placeGaps, placeSessions, type SessionMark } from "./sessions";
import { SPACING_PX, Spread } from "./spread";
import { wallSeconds } from "./time";
import { priceAtY } from "./view";
import { VolumeLayer } from "./volumeLayer";
import type { GapView, SessionView } from "../api/bindings";

/** What lies under the pointer. */
export interface Hover {
  /** In the chart, px. */
  x: number;
  y: number;
  price: number;
  /** Bar under the pointer; -1 = none. */
  bar: number;
  /** Row of the print in the bubbles; -1 = none. */
  bubble: number;
  level: Level | null;
  gap: GapMark | null;
  /** Over the price-by-volume profile. */
  profile: boolean;
}

export interface Listener {
  onVisible(visible: Visible): void;
  onHover(hover: Hover | null): void;
  /** The user let go of the chart: what would disturb a drag may be done now. */
  onRest(): void;
  /** The panes below the price have other places. */
  onPanes?(fitted: Fitted): void;
}

/** What the user switched on. */
export interface Shown {
  levels: boolean;
  zones: boolean;
  profile: boolean;
  bubbles: boolean;
}

/** Where to look after bars of another question came. */
export type Aim =
  | { kind: "end" }
  | { kind: "centre"; ms: number }
  | { kind: "shift"; by: number }
  /** The bars that are in view stay where they are. */
  | { kind: "stay" };

/** Series whose gaps are drawn over the price. */
const PRICE_SERIES = ["bars", "prints"];

export class PriceChart {
  readonly bubbles: BubbleLayer;
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly scene: Scene;
  private readonly levels: LevelLayer;
  private readonly profile: ProfileLayer;
  private readonly sessions: SessionLayer;
  private readonly layers: readonly Layer[];
  private readonly panes: PaneStack;
  private readonly spread = new Spread();
  private readonly ends: (() => void)[] = [];
  private sessionViews: readonly SessionView[] = [];
  private gapViews: readonly GapView[] = [];
  private shown: Shown = { levels: true, zones: true, profile: true, bubbles: true };
  private held = false;
  private paneHeights: readonly number[] = [];

  constructor(
    private readonly box: HTMLElement,
    private readonly listener: Listener,
  ) {
    const tokens = readTokens();
    this.scene = newScene(tokens);
    this.chart = createChart(box, chartOptions(tokens, false));
    this.candles = this.chart.addSeries(CandlestickSeries, candleOptions(tokens));
    this.sessions = new SessionLayer(this.scene);
    this.levels = new LevelLayer(this.scene);
    this.profile = new ProfileLayer(this.scene);
    this.bubbles = new BubbleLayer(this.scene);
    this.panes = new PaneStack(this.chart, this.scene);
    const volume = new VolumeLayer(this.scene);
    this.layers = [this.sessions, volume, this.profile, this.bubbles, this.levels].map(
      ({ layer }) => layer,
    );
    this.layers.forEach((layer) => this.candles.attachPrimitive(layer));
    this.chart.timeScale().applyOptions({ barSpacing: SPACING_PX });
    this.listen();
    this.fit();
  }

  destroy(): void {
    this.ends.forEach((end) => end());
    // The library detaches nothing by itself: a print that is still lit would ask it for a frame.
    this.layers.forEach((layer) => this.candles.detachPrimitive(layer));
    this.chart.remove();
  }

  /** Shows other bars. With `shift`, the same bars stay where they are on the screen. */
  setBars(bars: Bars, interval: Interval, aim: Aim): void {
    const daily = interval === "1d";
    if (daily !== (this.scene.interval === "1d")) this.applyOptions(daily);
    const before = this.scene.bars;
    if (interval !== this.scene.interval) this.narrow();
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const unmoved = this.spread.untouched(this.spacing()) && this.atEnd();
    this.scene.bars = bars;
    this.scene.interval = interval;
    this.draw();
    this.place();
    if (bars.rows === 0) return;
    // More bars came to a handful that nobody has moved: they are shown as bars usually are.
    if (unmoved) this.narrow();
    if (aim.kind === "end" || unmoved || !range) {
      this.toEnd(this.widen());
    } else if (aim.kind === "centre") this.centre(aim.ms);
    else {
      const by = aim.kind === "shift" ? aim.by : shiftOf(before, bars, range.to);
      this.move({ from: range.from + by, to: range.to + by });
    }
  }

  /** Takes bars that differ from those shown only from index `from` on. */
  extendBars(bars: Bars, from: number): void {
    this.scene.bars = bars;
    const times = chartTimes(bars, from);
    for (let i = from; i < bars.rows; i++) {
      this.candles.update(candleAt(bars, i, times[i - from]));
    }
    this.panes.hang(lastTime(bars));
    this.place();
  }

  setLevels(set: LevelSet): void {
    placeLevels(set, this.scene.bars);
    this.levels.show(set);
  }

  setProfile(profile: Profile | null): void {
    this.profile.show(profile);
  }

  /** Shows prints; those reported after `flashSince` are lit for a moment. */
  setBubbles(bubbles: Bubbles | null, flashSince = Infinity): void {
    if (bubbles) placeBubbles(bubbles, this.scene.bars, this.scene.interval);
    this.bubbles.show(bubbles);
    if (Number.isFinite(flashSince)) this.bubbles.flash(flashSince);
  }

  setSessions(sessions: readonly SessionView[], gaps: readonly GapView[]): void {
    this.sessionViews = sessions;
    this.gapViews = gaps;
    this.place();
  }

  /** Shows these panes below the price, so high where there is room, px. */
  setPanes(panes: readonly { name: PaneName; px: number }[]): void {
    const names = panes.map(({ name }) => name);
    if (names.join() !== this.panes.names.join()) {
      this.panes.setPanes(names);
      this.place();
    }
    this.paneHeights = panes.map(({ px }) => px);
    this.fit();
  }

  setRunning(name: PaneName, running: Running | null): void {
    this.panes.setRunning(name, running);
  }

  setShown(shown: Shown): void {
    this.shown = shown;
    this.levels.lines = shown.levels;
    this.levels.zones = shown.zones;
    this.bubbles.on = shown.bubbles;
    this.fit();
  }

  /** Whether the newest bar is held: only then does the line of the last price tell the truth. */
  setNewest(held: boolean): void {
    this.candles.applyOptions({ priceLineVisible: held });
  }

  /** Keeps a price in view and its level lit, or lets go of it. */
  pin(price: number | null): void {
    this.levels.pin(price);
  }

  /** Indexes of the first and last visible bar; may lie beyond the bars. */
  visible(): Visible | null {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    return range && { from: range.from, to: range.to };
  }

  /** Whether the user holds the chart with the pointer. */
  get dragging(): boolean {
    return this.held;
  }

  /** Whether the newest bar is in view. */
  atEnd(): boolean {
    const visible = this.visible();
    return visible === null || visible.to >= this.scene.bars.rows - 1;
  }

  /** Moves by a part of the visible width; positive = to later bars. */
  pan(part: number): void {
    const range = this.visible();
    if (!range) return;
    const by = (range.to - range.from) * part;
    this.move({ from: range.from + by, to: range.to + by });
  }

  /** Shows `factor` times as many bars; the newest visible bar stays where it is. */
  zoom(factor: number): void {
    const range = this.visible();
    if (!range) return;
    const pivot = Math.min(range.to, this.scene.bars.rows - 1);
    const hinge = pivot > range.from ? pivot : (range.from + range.to) / 2;
    this.move({
      from: hinge - (hinge - range.from) * factor,
      to: hinge + (range.to - hinge) * factor,
    });
  }

  /** To the oldest bar held. */
  toStart(): void {
    const range = this.visible();
    if (range) this.move({ from: -1, to: range.to - range.from - 1 });
  }

  /** To the newest bar, with room for profile and labels. */
  toEnd(spacing = this.spacing()): void {
    const room = rightRoom(this.scene, this.shown.levels) / spacing;
    this.chart.timeScale().scrollToPosition(room, false);
  }

  /** Puts an instant in the middle. */
  centre(ms: number): void {
    const range = this.visible();
    const half = range ? (range.to - range.from) / 2 : 100;
    const at = countBefore(this.scene.bars, ms);
    this.move({ from: at - half, to: at + half });
  }

  /** Instant in the middle of the view, epoch ms; null = no bars there. */
  centreMs(): number | null {
    const range = this.visible();
    const { bars } = this.scene;
    if (!range || bars.rows === 0) return null;
    const middle = Math.round((range.from + range.to) / 2);
    return bars.start[Math.min(bars.rows - 1, Math.max(0, middle))];
  }

  /** Moves so that a session's open is at the left edge: `by` sessions on from the one there. */
  toSession(by: 1 | -1): void {
    const range = this.visible();
    if (!range) return;
    const marks = this.sessions.sessions;
    // A little tolerance, so that the session just jumped to counts as the one at the edge.
    const edge = range.from + (range.to - range.from) * 0.02;
    const later = marks.findIndex((mark) => mark.open > edge + 0.5);
    const here = later < 0 ? marks.length - 1 : later - 1;
    const onEdge = here >= 0 && Math.abs(marks[here].open - edge) <= 1;
    const target = by === 1 ? here + 1 : onEdge ? here - 1 : here;
    const mark = marks[target];
    if (!mark) return by === 1 ? this.toEnd() : this.toStart();
    const from = mark.open - (range.to - range.from) * 0.02;
    this.move({ from, to: from + range.to - range.from });
  }

  /** Width of a bar as it is now, px; the library's options only tell how wide it began. */
  private spacing(): number {
    const time = this.chart.timeScale();
    const one = time.logicalToCoordinate(1 as Logical);
    const none = time.logicalToCoordinate(0 as Logical);
    return one === null || none === null ? SPACING_PX : one - none;
  }

  /** Spreads a handful of bars over the free width; answers the width of a bar then, px. */
  private widen(): number {
    const free = this.box.clientWidth - rightRoom(this.scene, this.shown.levels);
    const now = this.spacing();
    const wanted = this.spread.widen(now, free, this.scene.bars.rows);
    if (wanted !== now) this.chart.timeScale().applyOptions({ barSpacing: wanted });
    return wanted;
  }

  /** Takes the spreading back, unless the user has zoomed since. */
  private narrow(): void {
    const back = this.spread.narrow(this.spacing());
    if (back !== null) this.chart.timeScale().applyOptions({ barSpacing: back });
  }

  private move(range: Visible): void {
    this.chart.timeScale().setVisibleLogicalRange(range);
  }

  private draw(): void {
    const { bars } = this.scene;
    const times = chartTimes(bars, 0);
    const candles = new Array<CandlestickData<UTCTimestamp>>(bars.rows);
    for (let i = 0; i < bars.rows; i++) candles[i] = candleAt(bars, i, times[i]);
    const last = times[bars.rows - 1] ?? null;
    this.panes.release(last);
    this.candles.setData(candles);
    this.panes.hang(last);
  }

  /** Puts everything anew on the bars. */
  private place(): void {
    const { bars, interval } = this.scene;
    this.sessions.sessions = placeSessions(this.sessionViews, bars, interval);
    const mine = this.gapViews.filter((gap) => PRICE_SERIES.includes(gap.series));
    this.sessions.gaps = placeGaps(mine, bars, interval);
    this.panes.place(this.sessions.sessions, this.gapViews);
    placeLevels(this.levels.shown, bars);
    if (this.bubbles.shown) placeBubbles(this.bubbles.shown, bars, interval);
    this.sessions.layer.redraw();
  }

  private listen(): void {
    const time = this.chart.timeScale();
    const onRange = (range: Visible | null) => range && this.listener.onVisible(range);
    const onMove = (at: MouseEventParams) => this.hover(at);
    time.subscribeVisibleLogicalRangeChange(onRange);
    this.chart.subscribeCrosshairMove(onMove);
    const hold = () => (this.held = true);
    const release = () => {
      if (!this.held) return;
      this.held = false;
      this.listener.onRest();
    };
    this.box.addEventListener("pointerdown", hold);
    addEventListener("pointerup", release);
    addEventListener("pointercancel", release);
    const sizes = new ResizeObserver(() => this.fit());
    sizes.observe(this.box);
    this.ends.push(
      onThemeChange(() => this.repaint()),
      () => sizes.disconnect(),
      () => removeEventListener("pointerup", release),
      () => removeEventListener("pointercancel", release),
    );
  }

  private repaint(): void {
    const { scene } = this;
    Object.assign(scene.tokens, readTokens());
    this.applyOptions(scene.interval === "1d");
    this.candles.applyOptions(candleOptions(scene.tokens));
  }

  private applyOptions(daily: boolean): void {
    this.chart.applyOptions(chartOptions(this.scene.tokens, daily));
    // The margins of all scales were among them: the panes have their own.
    this.fit();
  }

  private fit(): void {
    const width = this.box.clientWidth;
    fitScene(this.scene, width, this.shown.profile);
    const time = this.chart.timeScale();
    time.applyOptions({ minBarSpacing: leastSpacing(width) });
    const fitted = fitPanes(this.box.clientHeight - time.height(), this.paneHeights);
    this.panes.fit(fitted);
    this.listener.onPanes?.(fitted);
    this.levels.layer.redraw();
  }

  private hover(at: MouseEventParams): void {
    if (!at.point || at.paneIndex === undefined) return this.leave(null);
    const index = at.logical ?? -1;
    const bar = index >= 0 && index < this.scene.bars.rows ? index : -1;
    const { x, y } = at.point;
    // In the panes below the price, only the bar is told.
    if (at.paneIndex > 0) {
      const nothing = { price: NaN, bubble: -1, level: null, gap: null, profile: false };
      return this.leave({ ...nothing, x, y, bar });
    }
    const { view } = this.levels.layer;
    const bubble = this.bubbles.hit(x, y);
    // A print lies on top: what is said and lit is the print, not the level beneath.
    const level = this.shown.levels && bubble < 0 ? hitLevel(this.levels.shown, view, x, y) : null;
    this.light(bubble, level);
    this.listener.onHover({
      x,
      y,
      price: priceAtY(view, y),
      bar,
      bubble,
      level,
      gap: hitGap(this.sessions.gaps, view, x),
      profile: this.scene.profilePx > 0 && x > view.width - this.scene.profilePx,
    });
  }

  private leave(hover: Hover | null): void {
    this.light(-1, null);
    this.listener.onHover(hover);
  }

  private light(bubble: number, level: Level | null): void {
    if (bubble === this.bubbles.hovered && level === this.levels.hovered) return;
    this.bubbles.hovered = bubble;
    this.levels.hovered = level;
    this.levels.layer.redraw();
  }

  /** Sessions in the window, for the legend. */
  get marks(): readonly SessionMark[] {
    return this.sessions.sessions;
  }
}

/** How far the bar nearest to `index` moved from one window to another. */
function shiftOf(before: Bars, after: Bars, index: number): number {
  if (before.rows === 0) return 0;
  const at = Math.min(before.rows - 1, Math.max(0, Math.round(index)));
  return countBefore(after, before.start[at]) - at;
}

/** Chart time of the last bar. */
function lastTime(bars: Bars): UTCTimestamp | null {
  return chartTimes(bars, Math.max(0, bars.rows - 1)).at(-1) ?? null;
}

/** Chart times of the bars from index `from` on, strictly increasing as the library demands. */
function chartTimes(bars: Bars, from: number): UTCTimestamp[] {
  const times = new Array<UTCTimestamp>(Math.max(0, bars.rows - from));
  let last = from > 0 ? wallSeconds(bars.start[from - 1]) : -Infinity;
  for (let i = from; i < bars.rows; i++) {
    // In the hour that autumn repeats, wall time runs backwards; no market is open then.
    last = Math.max(wallSeconds(bars.start[i]), last + 1);
    times[i - from] = last as UTCTimestamp;
  }
  return times;
}

function candleAt(bars: Bars, i: number, time: UTCTimestamp): CandlestickData<UTCTimestamp> {
  return { time, open: bars.open[i], high: bars.high[i], low: bars.low[i], close: bars.close[i] };
}
