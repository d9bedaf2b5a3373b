/** One thing drawn over the candles: a chart primitive that draws in passes on a shared view. */
import type {
  AutoscaleInfo,
  IChartApi,
  IPrimitivePaneView,
  ISeriesPrimitive,
  Logical,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";

import { newView, readView, type View } from "./view";

/** Draws in CSS pixels. */
export type Draw = (context: CanvasRenderingContext2D, view: View) => void;

export class Layer implements ISeriesPrimitive<Time> {
  /** The scales of the frame drawn last: what hit tests must go by. */
  readonly view: View = newView();
  /** Values that the price scale must reach between two places on the time axis. */
  range: ((from: number, to: number) => [least: number, most: number]) | null = null;
  private readonly views: IPrimitivePaneView[];
  private kept: number | null = null;
  private at: SeriesAttachedParameter | null = null;

  constructor(passes: readonly { zOrder: PrimitivePaneViewZOrder; draw: Draw }[]) {
    this.views = passes.map(({ zOrder, draw }) => ({
      zOrder: () => zOrder,
      renderer: () => ({
        draw: (target) =>
          target.useMediaCoordinateSpace(({ context, mediaSize }) => {
            if (!this.at) return;
            const chart = this.at.chart as IChartApi;
            const { series } = this.at;
            if (!readView(chart, series, mediaSize.width, mediaSize.height, this.view)) return;
            context.save();
            draw(context, this.view);
            context.restore();
          }),
      }),
    }));
  }

  attached(parameter: SeriesAttachedParameter): void {
    this.at = parameter;
  }

  detached(): void {
    this.at = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  /** Price that the price scale must reach; null = none. */
  keep(price: number | null): void {
    this.kept = price;
    this.redraw();
  }

  autoscaleInfo(from: Logical, to: Logical): AutoscaleInfo | null {
    if (this.range) {
      const [minValue, maxValue] = this.range(from, to);
      return { priceRange: { minValue, maxValue } };
    }
    if (this.kept === null) return null;
    return { priceRange: { minValue: this.kept, maxValue: this.kept } };
  }

  redraw(): void {
    this.at?.requestUpdate();
  }
}

/** A coordinate moved to the nearest device pixel, so that thin things stay sharp. */
export function snap(at: number): number {
  const ratio = globalThis.devicePixelRatio || 1;
  return Math.round(at * ratio) / ratio;
}
