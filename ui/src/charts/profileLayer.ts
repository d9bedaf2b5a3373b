/** Draws price by volume at the right edge: off-exchange from the edge inwards, then lit. */
import { Layer, snap } from "./layer";
import { mergeRows, type Profile, type ProfileRows } from "./profile";
import type { Scene } from "./scene";
import type { View } from "./view";

export class ProfileLayer {
  readonly layer: Layer;
  private profile: Profile | null = null;
  private rows: ProfileRows | null = null;
  private rowsAt = 0;

  constructor(private readonly scene: Scene) {
    this.layer = new Layer([
      { zOrder: "bottom", draw: (context, view) => this.draw(context, view) },
    ]);
  }

  show(profile: Profile | null): void {
    this.profile = profile;
    this.rows = null;
    this.layer.redraw();
  }

  get shown(): Profile | null {
    return this.profile;
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    if (!this.profile || this.scene.profilePx === 0) return;
    const rows = this.merged(this.profile, view);
    if (rows.most === 0) return;
    const { accent, lit } = this.scene.tokens;
    const perShare = this.scene.profilePx / rows.most;
    const height = Math.abs(view.dy) * rows.step;
    const thick = Math.max(1, snap(height) - (height > 4 ? 1 : 0));
    context.fillStyle = lit;
    context.globalAlpha = 0.34;
    for (let i = 0; i < rows.count; i++) {
      const right = view.width - rows.offExchange[i] * perShare;
      const width = rows.lit[i] * perShare;
      context.fillRect(right - width, this.top(view, rows, i), width, thick);
    }
    context.fillStyle = accent;
    context.globalAlpha = 0.62;
    for (let i = 0; i < rows.count; i++) {
      const width = rows.offExchange[i] * perShare;
      context.fillRect(view.width - width, this.top(view, rows, i), width, thick);
    }
    this.drawPoc(context, view);
    context.globalAlpha = 1;
  }

  private top(view: View, rows: ProfileRows, index: number): number {
    return snap(view.y0 + view.dy * (rows.price[index] + rows.step / 2));
  }

  /** A tick where most was traded off the exchange in the visible stretch. */
  private drawPoc(context: CanvasRenderingContext2D, view: View): void {
    const poc = this.profile?.poc ?? NaN;
    if (Number.isNaN(poc)) return;
    const y = snap(view.y0 + view.dy * poc);
    const left = view.width - this.scene.profilePx;
    context.globalAlpha = 1;
    context.fillStyle = this.scene.tokens.accent;
    context.fillRect(left, y, this.scene.profilePx, snap(1));
    context.beginPath();
    context.moveTo(left - 6, y - 4);
    context.lineTo(left, y);
    context.lineTo(left - 6, y + 4);
    context.fill();
  }

  /** Merged rows; worked out anew only when the price scale changed noticeably. */
  private merged(profile: Profile, view: View): ProfileRows {
    const scale = Math.abs(view.dy);
    if (!this.rows || Math.abs(scale - this.rowsAt) > this.rowsAt * 0.02) {
      this.rows = mergeRows(profile, scale);
      this.rowsAt = scale;
    }
    return this.rows;
  }
}
