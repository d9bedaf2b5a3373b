/** How strength and notional become ink. */

/** Thickest and thinnest level line, px. */
const LEVEL_PX = [1, 6] as const;
/** Least and most opaque level line. */
const LEVEL_ALPHA = [0.03, 0.8] as const;
/** Smallest and largest bubble radius, px. */
export const BUBBLE_PX = [2, 22] as const;

/**
 * Strength against the strongest level shown, 0 to 1. Missing strength counts as none: such a
 * level is still drawn, at its faintest.
 */
export function strengthShare(strength: number, strongest: number): number {
  if (!(strongest > 0) || !(strength > 0)) return 0;
  return Math.min(1, strength / strongest);
}

/** Line thickness in px: in proportion, so that only the strong ones are thick. */
export function levelThickness(share: number): number {
  return LEVEL_PX[0] + (LEVEL_PX[1] - LEVEL_PX[0]) * share;
}

/** Line opacity: in proportion, so that two hundred weak ones do not wash over the candles. */
export function levelAlpha(share: number): number {
  return LEVEL_ALPHA[0] + (LEVEL_ALPHA[1] - LEVEL_ALPHA[0]) * share;
}

/** Bubble radius in px: the area, not the radius, goes with notional. */
export function bubbleRadius(notional: number, largest: number): number {
  if (!(largest > 0) || !(notional > 0)) return BUBBLE_PX[0];
  return Math.max(BUBBLE_PX[0], BUBBLE_PX[1] * Math.sqrt(Math.min(1, notional / largest)));
}
