/** Few bars are spread over the free width, until more come or the user zooms. */

/** Bar spacing of a chart that was never zoomed, px. */
export const SPACING_PX = 7;
/** Widest that few bars are spread, px. */
const WIDEST_PX = 16;
/** Spacings nearer than this are the same, px. */
const SAME_PX = 0.01;

export class Spread {
  /** Bar widths before and after the spreading, px. */
  private widened: { from: number; to: number } | null = null;

  /** Width that `rows` bars should have in `freePx`, from the one they have now. */
  widen(spacingPx: number, freePx: number, rows: number): number {
    const wanted = Math.min(WIDEST_PX, freePx / rows);
    if (wanted <= spacingPx) return spacingPx;
    this.widened = { from: spacingPx, to: wanted };
    return wanted;
  }

  /** Whether bars were spread and nobody zoomed since. */
  untouched(spacingPx: number): boolean {
    return this.widened !== null && Math.abs(spacingPx - this.widened.to) <= SAME_PX;
  }

  /** Forgets the spreading; answers the width to go back to, or null where the user zoomed. */
  narrow(spacingPx: number): number | null {
    const back = this.untouched(spacingPx) ? (this.widened?.from ?? null) : null;
    this.widened = null;
    return back;
  }
}
