/**
 * Off-exchange levels as the chart draws them: ink worked out once, when they come. Knows nothing
 * of canvas or chart.
 */
import type { LevelsMeta } from "../api/bindings";
import type { Columns } from "../api/columns";

import { type Bars, boundaryAt } from "./bars";
import { levelAlpha, levelThickness, strengthShare } from "./scale";
import type { View } from "./view";

/** Levels drawn at most. */
export const MAX_LEVELS = 200;

/** Whether the level was measured to hold better than chance. */
export const Tone = { unmeasured: 0, fails: 1, beats: 2 } as const;
export type Tone = (typeof Tone)[keyof typeof Tone];

export interface Level {
  price: number;
  low: number;
  high: number;
  notional: number;
  shares: number;
  prints: number;
  vwap: number;
  buy: number;
  sell: number;
  unknown: number;
  firstMs: number;
  lastMs: number;
  rank: number;
  strength: number;
  zone: number;
  inValueArea: boolean;
  touches: number;
  holdRate: number;
  holdLow: number;
  holdHigh: number;
  nullRate: number;
  tone: Tone;
  thickness: number;
  alpha: number;
  /** Boundary before the first bar that could know this level; see `placeLevels`. */
  from: number;
}

/** Adjacent levels that belong together. */
export interface Zone {
  low: number;
  high: number;
  /** Of its strongest level. */
  alpha: number;
  tone: Tone;
  from: number;
}

export interface LevelSet {
  /** The strongest first. */
  levels: readonly Level[];
  zones: readonly Zone[];
  meta: LevelsMeta | null;
  /** Where the earliest level begins; see `placeLevels`. */
  from: number;
}

export const NO_LEVELS: LevelSet = { levels: [], zones: [], meta: null, from: -Infinity };

export function levelsOf(columns: Columns<LevelsMeta>): LevelSet {
  const strength = columns.column("strength");
  const strongest = strength.reduce((most, value) => (value > most ? value : most), 0);
  const levels = Array.from({ length: columns.rows }, (_, row) => levelAt(columns, row, strongest))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_LEVELS);
  return { levels, zones: zonesOf(levels), meta: columns.meta, from: -Infinity };
}

function levelAt(columns: Columns<LevelsMeta>, row: number, strongest: number): Level {
  const at = (name: string): number => columns.column(name)[row];
  const share = strengthShare(at("strength"), strongest);
  return {
    price: at("price"),
    low: at("low"),
    high: at("high"),
    notional: at("notional"),
    shares: at("shares"),
    prints: at("prints"),
    vwap: at("vwap"),
    buy: at("buy_notional"),
    sell: at("sell_notional"),
    unknown: at("unknown_notional"),
    firstMs: at("first_ms"),
    lastMs: at("last_ms"),
    rank: at("rank"),
    strength: at("strength"),
    zone: at("zone"),
    inValueArea: at("value_area") === 1,
    touches: at("touches"),
    holdRate: at("hold_rate"),
    holdLow: at("hold_low"),
    holdHigh: at("hold_high"),
    nullRate: at("null_rate"),
    tone: toneOf(at("beats")),
    thickness: levelThickness(share),
    alpha: levelAlpha(share),
    from: -Infinity,
  };
}

function toneOf(beats: number): Tone {
  if (Number.isNaN(beats)) return Tone.unmeasured;
  return beats === 1 ? Tone.beats : Tone.fails;
}

/** Zones of two levels and more: a zone of one is the level itself. */
function zonesOf(levels: readonly Level[]): Zone[] {
  const members = new Map<number, Level[]>();
  for (const level of levels) {
    if (Number.isNaN(level.zone)) continue;
    const zone = members.get(level.zone);
    if (zone) zone.push(level);
    else members.set(level.zone, [level]);
  }
  return [...members.values()]
    .filter((zone) => zone.length > 1)
    .map((zone) => ({
      low: Math.min(...zone.map((level) => level.low)),
      high: Math.max(...zone.map((level) => level.high)),
      // The strongest comes first.
      alpha: zone[0].alpha,
      tone: zone[0].tone,
      from: -Infinity,
    }));
}

/** A level begins with its first print: to the left of that, nobody could have known it. */
export function placeLevels(set: LevelSet, bars: Bars): void {
  const starts = new Map<number, number>();
  for (const level of set.levels) {
    level.from = Number.isNaN(level.firstMs) ? -Infinity : boundaryAt(bars, level.firstMs);
    if (level.from <= -0.5) level.from = -Infinity;
    starts.set(level.zone, Math.min(starts.get(level.zone) ?? Infinity, level.from));
  }
  set.from = Math.min(...starts.values());
  for (const zone of set.zones) {
    const level = set.levels.find(({ low, high }) => low >= zone.low && high <= zone.high);
    zone.from = level ? (starts.get(level.zone) ?? -Infinity) : -Infinity;
  }
}

/** Pointer this near to a line counts as on it, px. */
const REACH_PX = 5;

/** The level under a point: the nearest line within reach, the stronger of two as near. */
export function hitLevel(set: LevelSet, view: View, x: number, y: number): Level | null {
  let best: Level | null = null;
  let nearest = Infinity;
  for (const level of set.levels) {
    if (x < view.x0 + view.dx * level.from) continue;
    const away = Math.abs(view.y0 + view.dy * level.price - y);
    if (away <= Math.max(REACH_PX, level.thickness / 2) && away < nearest - 0.5) {
      best = level;
      nearest = away;
    }
  }
  return best;
}

/** Labels that may be placed: beyond these the ranks say little. */
export const LABEL_CANDIDATES = 40;
