/**
 * Draws volume under the candles, from the same arrays: a series of its own would double the cost
 * of every page of bars. Where several bars share a pixel, the largest is drawn.
 */
import { Layer, snap } from "./layer";
import type { Scene } from "./scene";
import { logicalAtX, type View } from "./view";

/** Part of the height that volume takes. */
const SHARE = 0.12;
const ALPHA = 0.3;
/** Part of a bar's width that is drawn. */
const BODY = 0.8;

export class VolumeLayer {
  readonly layer: Layer;

  constructor(private readonly scene: Scene) {
    this.layer = new Layer([
      { zOrder: "bottom", draw: (context, view) => this.draw(context, view) },
    ]);
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    const { bars, tokens } = this.scene;
    const first = Math.max(0, Math.floor(logicalAtX(view, 0)));
    const last = Math.min(bars.rows - 1, Math.ceil(logicalAtX(view, view.width)));
    const most = largest(bars.volume, first, last);
    if (most === 0) return;
    const perShare = (view.height * SHARE) / most;
    context.globalAlpha = ALPHA;
    context.fillStyle = tokens.up;
    this.drawKind(context, view, first, last, perShare, true);
    context.fillStyle = tokens.down;
    this.drawKind(context, view, first, last, perShare, false);
  }

  private drawKind(
    context: CanvasRenderingContext2D,
    view: View,
    first: number,
    last: number,
    perShare: number,
    rising: boolean,
  ): void {
    const { close, open, volume } = this.scene.bars;
    const width = Math.max(1, view.dx * BODY);
    let column = NaN;
    let tallest = 0;
    for (let i = first; i <= last; i++) {
      // A bar without volume draws nothing, and so does a missing one.
      if (close[i] >= open[i] !== rising || !(volume[i] > 0)) continue;
      const x = view.x0 + view.dx * i;
      const at = view.dx >= 1 ? x : Math.floor(x);
      if (at !== column) {
        if (tallest > 0) bar(context, view, column, width, tallest);
        column = at;
        tallest = 0;
      }
      tallest = Math.max(tallest, volume[i] * perShare);
    }
    if (tallest > 0) bar(context, view, column, width, tallest);
  }
}

function bar(
  context: CanvasRenderingContext2D,
  view: View,
  x: number,
  width: number,
  height: number,
): void {
  context.fillRect(snap(x - width / 2), view.height - height, Math.max(1, snap(width)), height);
}

function largest(values: Float64Array, first: number, last: number): number {
  let most = 0;
  for (let i = first; i <= last; i++) if (values[i] > most) most = values[i];
  return most;
}
