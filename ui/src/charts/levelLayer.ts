/** Draws up to 200 levels, their zones and their labels as one primitive. */
import { notional, percent, price } from "../lib/format";

import { layoutLabels, newLayout, type LabelRoom } from "./labels";
import { Layer, snap } from "./layer";
import { LABEL_CANDIDATES, type Level, type LevelSet, NO_LEVELS, Tone } from "./levels";
import { figureFont, labelFont, mix, type Scene } from "./scene";
import type { View } from "./view";

const ROOM: LabelRoom = { top: 34, bottom: 0, height: 17, shift: 24, max: 16 };
/** Space kept free above the time axis, where the volume is, px. */
const FOOT_PX = 30;
const PAD_PX = 5;
/** Gap between label and profile, px. */
const GAP_PX = 8;

/** Width of most whole labels, px. */
const WHOLE_LABEL_PX = 240;

interface Text {
  head: string;
  tail: string;
  headPx: number;
  tailPx: number;
}

export class LevelLayer {
  readonly layer: Layer;
  /** Lines and labels. */
  lines = true;
  zones = true;
  /** The level under the pointer is drawn stronger. */
  hovered: Level | null = null;
  private pinned: number | null = null;
  private set: LevelSet = NO_LEVELS;
  private texts: Text[] = [];
  /** Labels without rank and hold rate. */
  private brief = false;
  private readonly wanted = new Float64Array(LABEL_CANDIDATES);
  private readonly layout = newLayout(LABEL_CANDIDATES);
  private colours: string[] = [];
  private coloursOf = "";

  constructor(private readonly scene: Scene) {
    this.layer = new Layer([
      { zOrder: "bottom", draw: (context, view) => this.drawBands(context, view) },
      { zOrder: "normal", draw: (context, view) => this.drawLabels(context, view) },
    ]);
  }

  /** Keeps a price inside the price scale and its level lit. */
  pin(price: number | null): void {
    this.pinned = price;
    this.layer.keep(price);
  }

  show(set: LevelSet): void {
    this.set = set;
    this.texts = [];
    this.layer.redraw();
  }

  get shown(): LevelSet {
    return this.set;
  }

  /** Colour of a tone; mixed once a theme. */
  private colour(tone: Tone): string {
    const { accent, excluded } = this.scene.tokens;
    if (this.coloursOf !== accent) {
      this.colours = [];
      this.colours[Tone.beats] = accent;
      this.colours[Tone.unmeasured] = mix(accent, excluded);
      this.colours[Tone.fails] = excluded;
      this.coloursOf = accent;
    }
    return this.colours[tone];
  }

  private drawBands(context: CanvasRenderingContext2D, view: View): void {
    if (this.zones) this.drawZones(context, view);
    if (!this.lines) return;
    this.drawValueArea(context, view);
    const { levels } = this.set;
    // The weakest first, so that the strong ones lie on top.
    for (let i = levels.length - 1; i >= 0; i--) this.drawLine(context, view, levels[i]);
    context.globalAlpha = 1;
  }

  private drawZones(context: CanvasRenderingContext2D, view: View): void {
    for (const zone of this.set.zones) {
      const top = view.y0 + view.dy * zone.high;
      const bottom = view.y0 + view.dy * zone.low;
      if (bottom < 0 || top > view.height) continue;
      const left = Math.max(0, view.x0 + view.dx * zone.from);
      context.globalAlpha = 0.03 + 0.11 * zone.alpha;
      context.fillStyle = this.colour(zone.tone);
      const right = this.right(view);
      if (left >= right) continue;
      context.fillRect(left, snap(top), right - left, Math.max(1, snap(bottom - top)));
    }
    context.globalAlpha = 1;
  }

  private drawLine(context: CanvasRenderingContext2D, view: View, level: Level): void {
    const y = view.y0 + view.dy * level.price;
    if (y < -6 || y > view.height + 6) return;
    const left = Math.max(0, view.x0 + view.dx * level.from);
    const right = this.right(view);
    if (left >= right) return;
    const over = level === this.hovered || this.isPinned(level);
    const thick = Math.max(snap(1), snap(level.thickness + (over ? 1 : 0)));
    context.globalAlpha = over ? 1 : level.alpha;
    context.fillStyle = this.colour(level.tone);
    context.fillRect(left, snap(y - thick / 2), right - left, thick);
  }

  /** Where a label belongs; NaN = its level begins later than what is in view. */
  private labelY(view: View, level: Level): number {
    const begins = view.x0 + view.dx * level.from;
    return begins < this.right(view) ? view.y0 + view.dy * level.price : NaN;
  }

  /** Where the first level begins, px: before that, nothing was known. */
  private begin(view: View): number {
    return Math.max(0, view.x0 + view.dx * this.set.from);
  }

  /** Whether whole labels would lie on candles: in the past there is no free room at the right. */
  private coversBars(view: View, right: number): boolean {
    const newest = view.x0 + view.dx * (this.scene.bars.rows - 1);
    return newest > right - WHOLE_LABEL_PX;
  }

  /** Levels and labels end here; the profile has the rest to itself. */
  private right(view: View): number {
    return view.width - this.scene.profilePx - GAP_PX;
  }

  private isPinned(level: Level): boolean {
    return this.pinned !== null && this.pinned >= level.low && this.pinned < level.high;
  }

  /** Where 70 % of the shares are: a bracket and dashed edges, so that it needs no fill. */
  private drawValueArea(context: CanvasRenderingContext2D, view: View): void {
    const meta = this.set.meta;
    if (!meta || meta.value_area_low === null || meta.value_area_high === null) return;
    const left = this.begin(view);
    const right = this.right(view);
    if (left >= right) return;
    context.strokeStyle = this.scene.tokens.accent;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.setLineDash([2, 5]);
    context.beginPath();
    for (const edge of [meta.value_area_low, meta.value_area_high]) {
      const y = snap(view.y0 + view.dy * edge) + 0.5;
      context.moveTo(left, y);
      context.lineTo(right, y);
    }
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  private drawLabels(context: CanvasRenderingContext2D, view: View): void {
    if (!this.lines) return;
    this.drawMarks(context, view);
    const { levels } = this.set;
    const candidates = Math.min(levels.length, LABEL_CANDIDATES);
    for (let i = 0; i < candidates; i++) this.wanted[i] = this.labelY(view, levels[i]);
    ROOM.bottom = view.height - FOOT_PX;
    layoutLabels(this.wanted, candidates, ROOM, this.layout);
    const right = this.right(view);
    this.brief = this.scene.compact || this.coversBars(view, right);
    context.textBaseline = "middle";
    for (let i = 0; i < candidates; i++) {
      const y = this.layout.y[i];
      if (!Number.isNaN(y))
        this.drawLabel(context, levels[i], this.text(context, i), right, y, this.wanted[i]);
    }
    context.globalAlpha = 1;
  }

  private drawLabel(
    context: CanvasRenderingContext2D,
    level: Level,
    text: Text,
    right: number,
    y: number,
    levelY: number,
  ): void {
    const { tokens } = this.scene;
    const width = PAD_PX * 2 + text.headPx + (this.brief ? 0 : text.tailPx);
    const left = right - width;
    const top = snap(y - 8);
    context.globalAlpha = 0.86;
    context.fillStyle = tokens.panel;
    context.fillRect(left, top, width, 16);
    context.globalAlpha = 1;
    context.fillStyle = this.colour(level.tone);
    context.fillRect(right, top, 2, 16);
    if (Math.abs(levelY - y) > 1) drawLeader(context, right + 2, y, levelY);
    context.font = figureFont(tokens);
    context.fillStyle = tokens.text;
    context.fillText(text.head, left + PAD_PX, top + 8.5);
    if (this.brief) return;
    context.font = labelFont(tokens);
    context.fillStyle = tokens.quiet;
    context.fillText(text.tail, left + PAD_PX + text.headPx, top + 8.5);
  }

  /** POC and value area by name, at the left edge. */
  private drawMarks(context: CanvasRenderingContext2D, view: View): void {
    const meta = this.set.meta;
    if (!meta || this.begin(view) >= this.right(view)) return;
    const { tokens } = this.scene;
    context.font = labelFont(tokens);
    context.textBaseline = "middle";
    let last = -Infinity;
    const marks = [
      ["VAH", meta.value_area_high],
      ["POC", meta.poc],
      ["VAL", meta.value_area_low],
    ] as const;
    for (const [name, at] of marks) {
      if (at === null) continue;
      const y = view.y0 + view.dy * at;
      // From the top down; one that would lie on the one above is left out.
      if (y < ROOM.top || y > view.height - FOOT_PX || y - last < 16) continue;
      last = y;
      const text = `${name} ${price(at)}`;
      const width = context.measureText(text).width;
      context.globalAlpha = 0.86;
      context.fillStyle = tokens.panel;
      context.fillRect(6, snap(y - 8), width + 2 * PAD_PX, 16);
      context.globalAlpha = 1;
      context.fillStyle = tokens.accent;
      context.fillText(text, 6 + PAD_PX, snap(y - 8) + 8.5);
    }
  }

  /** Words of a label; measured once. */
  private text(context: CanvasRenderingContext2D, index: number): Text {
    const known = this.texts[index];
    if (known) return known;
    const level = this.set.levels[index];
    const head = `${notional(level.notional)} @ ${price(level.price)}`;
    const tail = `  ${labelTail(level)}`;
    context.font = figureFont(this.scene.tokens);
    const headPx = context.measureText(head).width;
    context.font = labelFont(this.scene.tokens);
    const text = { head, tail, headPx, tailPx: context.measureText(tail).width };
    this.texts[index] = text;
    return text;
  }
}

/**
 * `rank 1, held 61 % vs 52 %`, as much of it as was measured; of too few touches only their
 * number. No longer than the room that the newest candle leaves.
 */
export function labelTail(level: Level): string {
  const rank = `rank ${level.rank}`;
  if (Number.isNaN(level.holdRate)) return rank;
  const held = `${rank}, held ${percent(level.holdRate)}`;
  if (level.tone === Tone.unmeasured) return `${held} of ${level.touches}`;
  return Number.isNaN(level.nullRate) ? held : `${held} vs ${percent(level.nullRate)}`;
}

function drawLeader(context: CanvasRenderingContext2D, x: number, y: number, levelY: number): void {
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + GAP_PX - 3, levelY);
  context.stroke();
}
