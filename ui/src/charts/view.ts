/**
 * The chart's scales of one frame as two straight lines, so that thousands of coordinates cost a
 * multiplication each instead of a call into the library.
 */
import type { IChartApi, ISeriesApi, Logical, SeriesType } from "lightweight-charts";

/** Index and price to pixels: `x = x0 + dx * logical`, `y = y0 + dy * price`. CSS pixels. */
export interface View {
  x0: number;
  dx: number;
  y0: number;
  dy: number;
  width: number;
  height: number;
}

export function newView(): View {
  return { x0: 0, dx: 1, y0: 0, dy: -1, width: 0, height: 0 };
}

/** Reads the scales into `view`; false while the chart has nothing to scale by. */
export function readView(
  chart: IChartApi,
  series: ISeriesApi<SeriesType>,
  width: number,
  height: number,
  view: View,
): boolean {
  const time = chart.timeScale();
  const x0 = time.logicalToCoordinate(0 as Logical);
  const x1 = time.logicalToCoordinate(1 as Logical);
  const top = series.coordinateToPrice(0);
  const bottom = series.coordinateToPrice(height);
  if (x0 === null || x1 === null || top === null || bottom === null || top === bottom) return false;
  view.x0 = x0;
  view.dx = x1 - x0;
  view.dy = height / (bottom - top);
  view.y0 = -top * view.dy;
  view.width = width;
  view.height = height;
  return true;
}

/** Logical index under a pixel. */
export function logicalAtX(view: View, x: number): number {
  return (x - view.x0) / view.dx;
}

/** Price under a pixel. */
export function priceAtY(view: View, y: number): number {
  return (y - view.y0) / view.dy;
}
