/** How high the panes below the price are. Knows nothing of the chart. */

/** Lowest pane that still tells something: its head and a line, px. */
export const LEAST_PX = 64;
/** Highest that a pane may be asked to be, px. */
export const MOST_PX = 320;
/** Lowest price pane: panes give way to it, px. */
export const PRICE_PX = 240;

/** A pane's place in the chart, px. */
export interface Place {
  top: number;
  height: number;
}

/** The line between two panes is this high, px: the library draws it. */
const LINE_PX = 1;

export interface Fitted {
  price: number;
  panes: Place[];
}

export const within = (px: number): number => Math.min(MOST_PX, Math.max(LEAST_PX, px));

/**
 * Heights in a room of `roomPx` for the price and the panes below it, which want `wanted` px each.
 * The price keeps its least; what is missing is taken from the panes in proportion, down to
 * their own least.
 */
export function fitPanes(roomPx: number, wanted: readonly number[]): Fitted {
  const room = Math.max(0, roomPx - LINE_PX * wanted.length);
  const heights = wanted.map(within);
  const spare = heights.map((px) => px - LEAST_PX);
  const over = PRICE_PX + sum(heights) - room;
  const share = over > 0 ? Math.min(1, over / Math.max(1, sum(spare))) : 0;
  const fitted = heights.map((px, i) => Math.floor(px - spare[i] * share));
  const price = Math.max(0, room - sum(fitted));
  let top = price + LINE_PX;
  const panes = fitted.map((height) => {
    const place = { top, height };
    top += height + LINE_PX;
    return place;
  });
  return { price, panes };
}

/**
 * Heights after the line above pane `index` was moved up by `by` px: the pane above gives what
 * this one takes; above the first lies the price, which takes what is left.
 */
export function moveLine(heights: readonly number[], index: number, by: number): number[] {
  const next = [...heights];
  const above = next[index - 1];
  const least = above === undefined ? -Infinity : above - MOST_PX;
  const most = above === undefined ? Infinity : above - LEAST_PX;
  const wanted = within(next[index] + by) - next[index];
  // Whole pixels: parts of them would be lost with each step of a drag.
  const moved = Math.round(Math.min(most, Math.max(least, wanted)));
  next[index] += moved;
  if (above !== undefined) next[index - 1] -= moved;
  return next;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
