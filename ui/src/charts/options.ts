/** Options of the chart library, from the tokens: the one place that names its colours. */
import {
  type CandlestickSeriesPartialOptions,
  type ChartOptions,
  ColorType,
  CrosshairMode,
  type DeepPartial,
  LineStyle,
  type LineSeriesPartialOptions,
  TickMarkType,
  type Time,
} from "lightweight-charts";

import { notional, number, safeLocale } from "../lib/format";
import { type Tokens, withAlpha } from "../lib/tokens";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** Bars visible at most: fewer than the window holds, with room to page on both sides. */
const MAX_VISIBLE = 12_000;

/** Least bar spacing for a chart of this width, px. */
export const leastSpacing = (widthPx: number): number => Math.max(0.05, widthPx / MAX_VISIBLE);

const two = (value: number) => String(value).padStart(2, "0");

/** A chart time is New York wall time written as UTC: its UTC fields are what clocks show. */
const wall = (time: Time) => new Date((time as number) * 1000);

/** Words under the pointer on the time axis: `Fri 6 Mar  09:31`. */
export function axisTime(time: Time, withClock: boolean): string {
  const at = wall(time);
  const day = `${DAYS[at.getUTCDay()]} ${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  if (!withClock) return `${day} ${at.getUTCFullYear()}`;
  return `${day}  ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} ET`;
}

/** Words of a tick: written here, because the library would ask a locale that may not exist. */
export function tickWords(time: Time, type: TickMarkType): string {
  const at = wall(time);
  switch (type) {
    case TickMarkType.Year:
      return String(at.getUTCFullYear());
    case TickMarkType.Month:
      return MONTHS[at.getUTCMonth()];
    case TickMarkType.DayOfMonth:
      return `${DAYS[at.getUTCDay()]} ${at.getUTCDate()}`;
    default:
      return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  }
}

export function chartOptions(tokens: Tokens, daily: boolean): DeepPartial<ChartOptions> {
  const line = { color: withAlpha(tokens.quiet, 0.6), labelBackgroundColor: tokens.raised };
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: tokens.panel },
      textColor: tokens.quiet,
      fontFamily: tokens.figures,
      fontSize: 11,
      attributionLogo: true,
      // The desk draws lines that the keyboard can move too.
      panes: { enableResize: false, separatorColor: tokens.hairline },
    },
    grid: {
      vertLines: { visible: false },
      horzLines: { color: withAlpha(tokens.hairline, 0.55) },
    },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { ...line, style: LineStyle.Dotted },
      horzLine: { ...line, style: LineStyle.Dotted },
    },
    localization: {
      locale: safeLocale(),
      timeFormatter: (time: Time) => axisTime(time, !daily),
    },
    rightPriceScale: {
      borderColor: tokens.hairline,
      scaleMargins: { top: 0.08, bottom: 0.2 },
      entireTextOnly: true,
    },
    timeScale: {
      borderColor: tokens.hairline,
      timeVisible: true,
      secondsVisible: false,
      tickMarkFormatter: tickWords,
      shiftVisibleRangeOnNewBar: true,
      // Candles narrower than half a pixel are drawn as one.
      enableConflation: true,
    },
    kineticScroll: { mouse: false, touch: true },
  };
}

export function candleOptions(tokens: Tokens): CandlestickSeriesPartialOptions {
  return {
    upColor: tokens.up,
    downColor: tokens.down,
    wickUpColor: tokens.up,
    wickDownColor: tokens.down,
    borderVisible: false,
    priceLineColor: tokens.quiet,
    priceLineStyle: LineStyle.Dotted,
    priceFormat: { type: "custom", minMove: 0.01, formatter: (value: number) => number(value, 2) },
  };
}

/** A series that is never seen: a pane needs one to have a scale. */
export const anchorOptions: LineSeriesPartialOptions = {
  lineVisible: false,
  pointMarkersVisible: false,
  crosshairMarkerVisible: false,
  lastValueVisible: false,
  priceLineVisible: false,
  priceFormat: { type: "custom", minMove: 1, formatter: (value: number) => notional(value) },
};
