/** How old the data on the screen is, in the words and tones of the top bar. */
import type { FeedView, Health, Status } from "../api/bindings";
import { age, MISSING } from "../lib/format";

export type Tone = "fine" | "late" | "down";

const TONES: Record<Health, Tone> = { healthy: "fine", degraded: "late", down: "down" };

export interface FeedMark {
  series: string;
  text: string;
  tone: Tone;
  tip: string;
}

/** Seconds since the vendor last answered, as of `now` (market ms): ages go on between readings. */
export function ageAt(feed: FeedView, status: Status, now: number): number | null {
  if (feed.age_s === null) return null;
  return feed.age_s + Math.max(0, now - status.market_ms) / 1000;
}

/** What the chart itself is made of has marks of its own; the options series share one. */
const OF_THE_CHART = ["prints", "bars", "tape"];
/** Whose age stands for the options while all of them are well. */
const MOST_TELLING = "option_trades";

/** A mark for prints, for bars and for the tape, and one for all options series of a symbol. */
export function feedMarks(
  status: Status,
  symbol: string,
  now: number,
  connected: boolean,
): FeedMark[] {
  const feeds = status.feeds.filter((feed) => feed.symbol === symbol);
  const own = feeds.filter((feed) => OF_THE_CHART.includes(feed.series));
  const options = feeds.filter((feed) => !OF_THE_CHART.includes(feed.series));
  const marks = own.map((feed) => markOf(feed, status, now, connected));
  const shared = optionsMark(options, status, now, connected);
  return shared ? [...marks, shared] : marks;
}

function markOf(feed: FeedView, status: Status, now: number, connected: boolean): FeedMark {
  const seconds = ageAt(feed, status, now);
  const told = TONES[feed.health];
  return {
    series: feed.series,
    text: seconds === null ? MISSING : age(seconds),
    // Without events we cannot know better: what was fine is no longer sure.
    tone: told === "fine" && !connected ? "late" : told,
    tip: tipOf(feed, seconds, connected),
  };
}

/** The worst of the options series, or the trades while all are well. */
function optionsMark(
  feeds: FeedView[],
  status: Status,
  now: number,
  connected: boolean,
): FeedMark | null {
  const worst = ["down", "degraded"].flatMap((health) =>
    feeds.filter((feed) => feed.health === health),
  );
  const shown = worst[0] ?? feeds.find((feed) => feed.series === MOST_TELLING) ?? feeds[0];
  if (!shown) return null;
  const mark = markOf(shown, status, now, connected);
  const well = feeds.length - worst.length;
  const tip = `${mark.tip} ${well} of ${feeds.length} options series are as promised: see the Data page.`;
  return { ...mark, series: "options", tip };
}

function tipOf(feed: FeedView, seconds: number | null, connected: boolean): string {
  const when =
    seconds === null
      ? `${feed.symbol} ${feed.series}: the vendor has not answered yet.`
      : `${feed.symbol} ${feed.series}: the vendor last answered ${age(seconds)} ago (market time).`;
  const lost = connected ? "" : " No events arrive, so this may be out of date.";
  return [when, feed.problem].filter(Boolean).join(" ") + lost;
}

/** How many other series are not well. */
export function othersInTrouble(status: Status, symbol: string): number {
  return status.feeds.filter((feed) => feed.symbol !== symbol && feed.health !== "healthy").length;
}
