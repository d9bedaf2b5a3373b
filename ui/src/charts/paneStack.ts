/** The panes below the price in one chart: each an unseen series for its scale and two layers. */
import { type IChartApi, type ISeriesApi, LineSeries, type UTCTimestamp } from "lightweight-charts";

import type { GapView } from "../api/bindings";

import { anchorOptions } from "./options";
import type { Fitted } from "./panes";
import { type PaneName, placeRunning, type Running } from "./running";
import { RunningLayer } from "./runningLayer";
import type { Scene } from "./scene";
import { SessionLayer } from "./sessionLayer";
import { placeGaps, type SessionMark } from "./sessions";

/** The names of a pane's series in the engine's list of gaps. */
const SERIES: Record<PaneName, string> = { premium: "net_premium", tide: "tide" };
/** Room above the lines for the pane's head, px. */
const HEAD_PX = 24;

interface Pane {
  name: PaneName;
  anchor: ISeriesApi<"Line">;
  running: RunningLayer;
  sessions: SessionLayer;
  /** The bar that the scale hangs on; null = there is no scale. */
  hung: UTCTimestamp | null;
}

export class PaneStack {
  private panes: Pane[] = [];
  private readonly data: Partial<Record<PaneName, Running | null>> = {};
  private anchored: UTCTimestamp | null = null;

  constructor(
    private readonly chart: IChartApi,
    private readonly scene: Scene,
  ) {}

  get names(): PaneName[] {
    return this.panes.map(({ name }) => name);
  }

  /** Shows these panes, in this order. */
  setPanes(names: readonly PaneName[]): void {
    for (const { anchor } of this.panes) this.chart.removeSeries(anchor);
    this.panes = names.map((name, i) => this.make(name, i + 1));
  }

  private make(name: PaneName, index: number): Pane {
    const anchor = this.chart.addSeries(LineSeries, anchorOptions, index);
    const running = new RunningLayer(this.scene);
    const sessions = new SessionLayer(this.scene, false);
    anchor.attachPrimitive(sessions.layer);
    anchor.attachPrimitive(running.layer);
    const pane = { name, anchor, running, sessions, hung: null };
    this.fill(pane, this.data[name] ?? null);
    return pane;
  }

  /** A pane without rows gets no scale: figures beside nothing would be made up. */
  private fill(pane: Pane, running: Running | null): void {
    const bare = pane.running.shown === null;
    pane.running.shown = running && running.rows > 0 ? running : null;
    if (bare !== (pane.running.shown === null)) this.hangOne(pane);
    this.inkScale(pane);
    pane.running.layer.redraw();
  }

  /** The library keeps the last scale of a series without data: its figures are not to be seen. */
  private inkScale(pane: Pane): void {
    const textColor = pane.running.shown ? this.scene.tokens.quiet : "transparent";
    pane.anchor.priceScale().applyOptions({ textColor });
  }

  private hangOne(pane: Pane): void {
    const last = pane.running.shown ? this.anchored : null;
    if (last === pane.hung) return;
    // One point more is cheap; all points anew would rebuild the axis with each new bar.
    if (last !== null && pane.hung !== null && last > pane.hung) {
      pane.anchor.update({ time: last, value: 0 });
    } else pane.anchor.setData(last === null ? [] : [{ time: last, value: 0 }]);
    pane.hung = last;
  }

  setRunning(name: PaneName, running: Running | null): void {
    this.data[name] = running;
    if (running) placeRunning(running, this.scene.bars, this.scene.interval);
    const pane = this.panes.find((one) => one.name === name);
    if (pane) this.fill(pane, running);
  }

  /**
   * Call before other bars are set: the scales hang on the last bar's time, and a time that no bar
   * has would add a place to the axis.
   */
  release(last: UTCTimestamp | null): void {
    if (last !== this.anchored) this.hang(null);
  }

  /** Hangs the scales on the last bar. */
  hang(last: UTCTimestamp | null): void {
    this.anchored = last;
    this.panes.forEach((pane) => this.hangOne(pane));
  }

  /** Puts everything anew on the bars. */
  place(sessions: readonly SessionMark[], gaps: readonly GapView[]): void {
    const { bars, interval } = this.scene;
    for (const pane of this.panes) {
      const mine = gaps.filter((gap) => gap.series === SERIES[pane.name]);
      pane.sessions.sessions = sessions;
      pane.sessions.gaps = placeGaps(mine, bars, interval);
      if (pane.running.shown) placeRunning(pane.running.shown, bars, interval);
      pane.running.layer.redraw();
    }
  }

  fit({ price, panes }: Fitted): void {
    const [first, ...others] = this.chart.panes();
    // Factors are shares of the whole: heights that add up to it are what they say.
    first.setStretchFactor(Math.max(1, price));
    others.forEach((pane, i) => pane.setStretchFactor(panes[i]?.height ?? 1));
    this.panes.forEach((pane, i) => {
      const top = Math.min(0.5, HEAD_PX / (panes[i]?.height ?? HEAD_PX));
      pane.anchor.priceScale().applyOptions({ scaleMargins: { top, bottom: 0.08 } });
      this.inkScale(pane);
    });
  }
}
