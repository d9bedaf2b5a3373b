/**
 * Draws one pane below the price: calls as a whole line, puts as a dashed one, so that colour is
 * not the only difference, and with words where they end; bars side by side where a bar is a day.
 */
import { notional } from "../lib/format";

import { Layer, snap } from "./layer";
import { drawnBetween, rangeOf, type Running } from "./running";
import { figureFont, type Scene } from "./scene";
import { logicalAtX, type View } from "./view";

type Line = "call" | "put";

/** Points closer than this share one, px. */
const CELL_PX = 1;
/** Bars closer than this make a line of so many corners that it is drawn fine and plain, px. */
const DENSE_PX = 1;
/** Room that the word and the figure at a line's end need, px. */
const LABEL_PX = 96;
const LABEL_HEIGHT_PX = 14;
/** Part of a day bar's width that a column takes. */
const COLUMN = 0.32;
const DASH = [5, 3];

export class RunningLayer {
  readonly layer: Layer;
  shown: Running | null = null;

  constructor(private readonly scene: Scene) {
    this.layer = new Layer([
      { zOrder: "bottom", draw: (context, view) => this.drawZero(context, view) },
      { zOrder: "normal", draw: (context, view) => this.draw(context, view) },
    ]);
    this.layer.range = (from, to) => (this.shown ? rangeOf(this.shown, from, to) : [-1, 1]);
  }

  private drawZero(context: CanvasRenderingContext2D, view: View): void {
    context.fillStyle = this.scene.tokens.edge;
    context.globalAlpha = 0.6;
    context.fillRect(0, snap(view.y0), view.width, snap(1));
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    const { shown } = this;
    if (!shown) return;
    const columns = this.scene.interval === "1d";
    for (const line of ["put", "call"] as const) {
      context.fillStyle = context.strokeStyle = this.scene.tokens[line];
      if (columns) this.drawColumns(context, view, shown, line);
      else this.drawLine(context, view, shown, line);
    }
    context.setLineDash([]);
    this.drawEnds(context, view, shown);
  }

  private drawLine(context: CanvasRenderingContext2D, view: View, of: Running, line: Line): void {
    const values = of[line];
    let day = NaN;
    let cell = NaN;
    // Round corners, width and dashes are dear by the corner; between crowded ones nobody sees them.
    const dense = view.dx < DENSE_PX;
    context.lineWidth = dense ? 1 : 1.5;
    context.lineJoin = dense ? "bevel" : "round";
    context.setLineDash(line === "put" && !dense ? DASH : []);
    context.beginPath();
    for (const i of inView(of, view)) {
      // Nothing is drawn where nothing is known.
      if (Number.isNaN(values[i])) continue;
      const dataX = view.dx * of.logical[i];
      const x = view.x0 + dataX;
      const here = Math.floor(dataX / CELL_PX);
      // Cells go with the data, so that the line does not crawl while one pans.
      if (here === cell && of.day[i] === day) continue;
      const y = view.y0 + view.dy * values[i];
      if (of.day[i] === day) context.lineTo(x, y);
      else context.moveTo(x, y);
      day = of.day[i];
      cell = here;
    }
    context.stroke();
  }

  private drawColumns(
    context: CanvasRenderingContext2D,
    view: View,
    of: Running,
    line: Line,
  ): void {
    const width = Math.max(1, view.dx * COLUMN);
    context.globalAlpha = 0.9;
    for (const i of inView(of, view)) {
      const middle = view.x0 + view.dx * of.logical[i];
      const left = line === "call" ? middle - width : middle;
      const height = view.dy * of[line][i];
      context.fillRect(snap(left), view.y0, Math.max(1, width - 0.5), height || 0);
    }
    context.globalAlpha = 1;
  }

  /** Names and newest values where the newest lines end. */
  private drawEnds(context: CanvasRenderingContext2D, view: View, of: Running): void {
    const row = of.drawn.at(-1);
    if (row === undefined) return;
    const beside = this.scene.interval === "1d" ? view.dx * COLUMN : 0;
    const x = view.x0 + view.dx * of.logical[row] + beside + 7;
    if (!(x >= 0 && x + LABEL_PX <= view.width)) return;
    const [call, put] = spread(view, of.call[row], of.put[row]);
    context.font = figureFont(this.scene.tokens);
    context.textBaseline = "middle";
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeStyle = this.scene.tokens.panel;
    for (const [line, y, word] of [
      ["call", call, "calls"],
      ["put", put, "puts"],
    ] as const) {
      if (Number.isNaN(y)) continue;
      const text = `${word} ${notional(of[line][row])}`;
      context.fillStyle = this.scene.tokens[line];
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  }
}

const inView = (of: Running, view: View): Int32Array =>
  drawnBetween(of, logicalAtX(view, 0) - 1, logicalAtX(view, view.width) + 1);

/** Heights of the two labels: at their lines, pushed apart where they would overlap. */
function spread(view: View, call: number, put: number): [call: number, put: number] {
  const at = [view.y0 + view.dy * call, view.y0 + view.dy * put];
  if (Number.isNaN(at[0] - at[1])) return [at[0], at[1]];
  const middle = clamp((at[0] + at[1]) / 2, LABEL_HEIGHT_PX, view.height - LABEL_HEIGHT_PX);
  const half = Math.max(LABEL_HEIGHT_PX, Math.abs(at[0] - at[1])) / 2;
  const way = at[0] <= at[1] ? -1 : 1;
  const edge = LABEL_HEIGHT_PX / 2;
  const inside = (y: number) => clamp(y, edge, view.height - edge);
  return [inside(middle + way * half), inside(middle - way * half)];
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, value));
