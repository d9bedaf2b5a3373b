/** Shades pre- and post-market, draws the days' boundaries and hatches what is missing. */
import { etMinute } from "../lib/time";

import { Layer, snap } from "./layer";
import { labelFont, type Scene } from "./scene";
import { gapSpan, type GapMark, type SessionMark } from "./sessions";
import type { View } from "./view";

/** Sessions narrower than this get no line: the lines would be a grey wall, px. */
const MIN_SESSION_PX = 18;
/** Room that the words "early close 13:00" need, px. */
const NOTE_PX = 110;

export class SessionLayer {
  readonly layer: Layer;
  sessions: readonly SessionMark[] = [];
  gaps: readonly GapMark[] = [];
  private hatch: CanvasPattern | null = null;
  private hatchColour = "";
  private readonly span: [number, number] = [0, 0];

  /** `noted` = early closes are written; once in a chart is enough. */
  constructor(
    private readonly scene: Scene,
    private readonly noted = true,
  ) {
    this.layer = new Layer([
      { zOrder: "bottom", draw: (context, view) => this.draw(context, view) },
    ]);
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    for (const mark of this.sessions) {
      const left = view.x0 + view.dx * mark.pre;
      const right = view.x0 + view.dx * mark.postEnd;
      if (right < 0 || left > view.width) continue;
      this.shade(context, view, mark.pre, mark.open);
      this.shade(context, view, mark.close, mark.postEnd);
      if (right - left >= MIN_SESSION_PX) this.drawBoundary(context, view, left);
      if (this.noted && mark.session.early_close)
        this.noteEarlyClose(context, view, mark, right - left);
    }
    for (const mark of this.gaps) this.drawGap(context, view, mark);
  }

  private shade(context: CanvasRenderingContext2D, view: View, from: number, to: number): void {
    if (to <= from) return;
    context.fillStyle = this.scene.tokens.ground;
    context.globalAlpha = 0.55;
    context.fillRect(view.x0 + view.dx * from, 0, view.dx * (to - from), view.height);
    context.globalAlpha = 1;
  }

  private drawBoundary(context: CanvasRenderingContext2D, view: View, x: number): void {
    context.fillStyle = this.scene.tokens.hairline;
    context.fillRect(snap(x), 0, snap(1), view.height);
  }

  private noteEarlyClose(
    context: CanvasRenderingContext2D,
    view: View,
    mark: SessionMark,
    width: number,
  ): void {
    if (width < NOTE_PX) return;
    const { tokens } = this.scene;
    context.font = labelFont(tokens);
    context.textBaseline = "bottom";
    context.textAlign = "right";
    context.fillStyle = tokens.quiet;
    const x = view.x0 + view.dx * mark.close - 4;
    context.fillText(`early close ${etMinute(mark.session.close_ms)}`, x, view.height - 6);
    context.textAlign = "left";
  }

  private drawGap(context: CanvasRenderingContext2D, view: View, mark: GapMark): void {
    gapSpan(mark, view, this.span);
    const [left, right] = this.span;
    if (right < 0 || left > view.width) return;
    context.fillStyle = this.pattern(context) ?? this.scene.tokens.amber;
    context.globalAlpha = mark.gap.series === "bars" ? 0.5 : 0.3;
    context.fillRect(left, 0, right - left, view.height);
    context.globalAlpha = 1;
  }

  private pattern(context: CanvasRenderingContext2D): CanvasPattern | null {
    const colour = this.scene.tokens.amber;
    if (this.hatchColour === colour) return this.hatch;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const brush = tile.getContext("2d");
    if (brush) {
      brush.strokeStyle = colour;
      brush.lineWidth = 1;
      brush.beginPath();
      for (const from of [-8, 0, 8]) {
        brush.moveTo(from, 8);
        brush.lineTo(from + 8, 0);
      }
      brush.stroke();
    }
    this.hatchColour = colour;
    this.hatch = context.createPattern(tile, "repeat");
    return this.hatch;
  }
}
