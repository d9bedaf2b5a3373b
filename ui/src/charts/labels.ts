/** Places labels on a vertical edge so that none overlaps another. */

/** Reused between frames: no allocation while the chart is panned. */
export interface LabelLayout {
  /** Middle of each candidate's label in px; NaN = no room, not shown. */
  readonly y: Float64Array;
  /** Labels placed. */
  count: number;
}

export interface LabelRoom {
  top: number;
  bottom: number;
  /** Height of a label with its gap, px. */
  height: number;
  /** How far a label may move away from its level, px. */
  shift: number;
  /** Most labels shown. */
  max: number;
}

export function newLayout(capacity: number): LabelLayout {
  return { y: new Float64Array(capacity), count: 0 };
}

/**
 * Places the candidates at `wanted`, the most important first. Each takes the free place nearest to
 * its level, or none: a label far from its level would tell a lie.
 */
export function layoutLabels(
  wanted: ArrayLike<number>,
  candidates: number,
  room: LabelRoom,
  out: LabelLayout,
): void {
  out.count = 0;
  out.y.fill(NaN, 0, candidates);
  for (let i = 0; i < candidates && out.count < room.max; i++) {
    const y = freePlace(wanted[i], i, room, out);
    if (Number.isNaN(y)) continue;
    out.y[i] = y;
    out.count++;
  }
}

function freePlace(wanted: number, placed: number, room: LabelRoom, out: LabelLayout): number {
  if (!(wanted >= room.top && wanted <= room.bottom)) return NaN;
  const inside = Math.min(
    Math.max(wanted, room.top + room.height / 2),
    room.bottom - room.height / 2,
  );
  let best = fits(inside, placed, room, out) ? inside : NaN;
  if (!Number.isNaN(best)) return best;
  for (let k = 0; k < placed; k++) {
    const taken = out.y[k];
    if (Number.isNaN(taken)) continue;
    for (let side = -1; side <= 1; side += 2) {
      const y = taken + side * room.height;
      const nearer = Number.isNaN(best) || Math.abs(y - wanted) < Math.abs(best - wanted);
      if (nearer && Math.abs(y - wanted) <= room.shift && fits(y, placed, room, out)) best = y;
    }
  }
  return best;
}

function fits(y: number, placed: number, room: LabelRoom, out: LabelLayout): boolean {
  if (y - room.height / 2 < room.top || y + room.height / 2 > room.bottom) return false;
  for (let k = 0; k < placed; k++) {
    // A hair of tolerance: two labels exactly one height apart touch, they don't overlap.
    if (Math.abs(out.y[k] - y) < room.height - 1e-6) return false;
  }
  return true;
}
