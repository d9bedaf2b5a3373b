/** What all layers of one chart share. Changed in place; `redraw` of a layer shows the change. */
import type { Tokens } from "../lib/tokens";

import { type Bars, type Interval, NO_BARS } from "./bars";

export interface Scene {
  tokens: Tokens;
  bars: Bars;
  interval: Interval;
  /** Width kept for the profile at the right edge, px; 0 = hidden. */
  profilePx: number;
  /** Too narrow for whole labels. */
  compact: boolean;
}

/** Chart narrower than this shows short labels, px. */
const COMPACT_BELOW_PX = 900;
/** Part of the chart's width that the profile takes, within its limits. */
const PROFILE_SHARE = 0.085;
const PROFILE_PX = [72, 150] as const;

export function newScene(tokens: Tokens): Scene {
  return { tokens, bars: NO_BARS, interval: "1m", profilePx: 0, compact: false };
}

/** Fits the scene to the chart's width. */
export function fitScene(scene: Scene, widthPx: number, profile: boolean): void {
  const wanted = Math.round(widthPx * PROFILE_SHARE);
  scene.profilePx = profile ? Math.min(PROFILE_PX[1], Math.max(PROFILE_PX[0], wanted)) : 0;
  scene.compact = widthPx < COMPACT_BELOW_PX;
}

/** Room kept free to the right of the last bar for profile and labels, px. */
export function rightRoom(scene: Scene, labels: boolean): number {
  return scene.profilePx + (labels ? (scene.compact ? 118 : 268) : 40);
}

/** The 11 px label face of words, and of figures. */
export const labelFont = (tokens: Tokens): string => `500 11px ${tokens.words}`;
export const figureFont = (tokens: Tokens): string => `500 11px ${tokens.figures}`;

/** Mixes two `#rrggbb` colours evenly. */
export function mix(a: string, b: string): string {
  const part = (at: number) => {
    const sum = parseInt(a.slice(at, at + 2), 16) + parseInt(b.slice(at, at + 2), 16);
    return Math.round(sum / 2)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}
