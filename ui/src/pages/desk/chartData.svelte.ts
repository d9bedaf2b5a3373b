/** What the chart is drawn from, besides bars: read when the question changes and after events. */
import type { MarketEvent } from "../../api/client";
import { command } from "../../api/client";
import { type Bubbles, bubblesOf, MAX_BUBBLES } from "../../charts/bubbles";
import { levelsOf, NO_LEVELS } from "../../charts/levels";
import { profileOf } from "../../charts/profile";
import { app } from "../../state/app.svelte";
import { desk } from "./deskPrefs.svelte";
import { profileSpan, type Span, spanToAsk } from "./range";

/** Levels move slowly and are dear to compute. */
const LEVELS_GAP_MS = 5_000;
/** Prints are drawn anew at most this often. */
const PRINTS_GAP_MS = 1_000;
/** The hours and the gaps of a stretch seldom change. */
const GAPS_GAP_MS = 5_000;

export interface Looking {
  /** The stretch that the window of bars covers; null = no bars. */
  readonly held: Span | null;
  /** The visible stretch, once the chart rests; null = no bars. */
  readonly visible: Span | null;
}

/** Reads what belongs to `looking`. Call while a component is set up. */
export function chartData(looking: Looking) {
  const symbol = $derived(app.symbol);
  const intraday = $derived(app.interval !== "1d");
  const mine = (kind: MarketEvent["kind"]) => (event: MarketEvent) =>
    event.kind === kind && "symbol" in event && event.symbol === symbol;

  const levels = command(
    "get_levels",
    () =>
      symbol && (desk.on("levels") || desk.on("zones"))
        ? {
            symbol,
            sessions: desk.sessions,
            width: desk.width,
            extended_hours: desk.on("extended"),
            limit: desk.count,
            hold_rates: desk.on("holdRates"),
          }
        : null,
    { keep: true, refreshOn: mine("prints"), throttleMs: LEVELS_GAP_MS },
  );

  let asked: Span | null = null;
  let askedOf = "";
  const printsSpan = $derived.by(() => {
    if (!looking.visible) return null;
    const of = `${symbol} ${desk.on("extended")}`;
    const cut = (prints.data?.rows ?? 0) >= MAX_BUBBLES;
    asked = spanToAsk(askedOf === of ? asked : null, looking.visible, cut);
    askedOf = of;
    return asked;
  });
  const prints = command(
    "get_prints",
    () =>
      symbol && printsSpan && desk.on("bubbles")
        ? {
            symbol,
            from_ms: printsSpan.from,
            to_ms: printsSpan.to,
            min_notional: null,
            with_reasons: null,
            without_reasons: null,
            side: null,
            session: desk.on("extended") && intraday ? null : "regular",
            order: "largest",
            after: null,
            limit: MAX_BUBBLES,
          }
        : null,
    {
      keep: true,
      throttleMs: PRINTS_GAP_MS,
      refreshOn: (event) =>
        event.kind === "prints" &&
        event.symbol === symbol &&
        printsSpan !== null &&
        event.to_ms >= printsSpan.from &&
        event.from_ms < printsSpan.to,
    },
  );

  const profile = command(
    "get_profile",
    () =>
      symbol && looking.visible && desk.on("profile")
        ? {
            symbol,
            ...inMs(profileSpan(looking.visible)),
            width: desk.width,
          }
        : null,
    { keep: true, refreshOn: mine("prints"), throttleMs: LEVELS_GAP_MS },
  );

  const sessions = command(
    "list_sessions",
    () => (looking.held && intraday ? inMs(looking.held) : null),
    { keep: true },
  );
  const gaps = command(
    "list_gaps",
    () => (symbol && looking.held ? { symbol, ...inMs(looking.held) } : null),
    { keep: true, refreshOn: mine("bars"), throttleMs: GAPS_GAP_MS },
  );

  // An answer about another symbol is never drawn, even while the right one is on its way.
  const levelSet = $derived(
    levels.data?.meta.symbol === symbol ? levelsOf(levels.data) : NO_LEVELS,
  );
  const printColumns = $derived(
    prints.data?.meta.symbol === symbol && desk.on("bubbles") ? prints.data : null,
  );
  const bubbles = $derived<Bubbles | null>(printColumns && bubblesOf(printColumns));
  const profileShape = $derived(
    profile.data?.meta.symbol === symbol ? profileOf(profile.data) : null,
  );

  return {
    get levels() {
      return levelSet;
    },
    get prints() {
      return printColumns;
    },
    get bubbles() {
      return bubbles;
    },
    get profile() {
      return profileShape;
    },
    get sessions() {
      return sessions.data ?? [];
    },
    get gaps() {
      return (gaps.data ?? []).filter((gap) => gap.symbol === symbol);
    },
    /** Whether the user waits for an answer; reading again what is shown is not said. */
    get busy() {
      return levels.asking || prints.state === "loading" || profile.state === "loading";
    },
    /** What could not be read, and how to try again. */
    get failures() {
      return [
        { name: "Levels", resource: levels },
        { name: "Prints", resource: prints },
        { name: "Profile", resource: profile },
        { name: "Sessions", resource: sessions },
        { name: "Gaps", resource: gaps },
      ].filter(({ resource }) => resource.error !== null);
    },
  };
}

const inMs = (span: Span) => ({ from_ms: span.from, to_ms: span.to });
