/** Draws prints as bubbles: one primitive, one path for each kind of bubble. */
import { type Bubbles, hitBubble, newPicked, pickBubbles, Style, STYLES } from "./bubbles";
import { Layer } from "./layer";
import type { Scene } from "./scene";
import type { View } from "./view";

/** How long a new print is lit, ms. */
const FLASH_MS = 140;
const TURN = Math.PI * 2;

export class BubbleLayer {
  readonly layer: Layer;
  on = true;
  /** Index of the bubble under the pointer; -1 = none. */
  hovered = -1;
  private bubbles: Bubbles | null = null;
  private readonly picked = newPicked();
  private flashSince = Infinity;
  private flashUntil = 0;

  constructor(private readonly scene: Scene) {
    this.layer = new Layer([
      { zOrder: "normal", draw: (context, view) => this.draw(context, view) },
    ]);
  }

  show(bubbles: Bubbles | null): void {
    this.bubbles = bubbles;
    this.hovered = -1;
    this.layer.redraw();
  }

  get shown(): Bubbles | null {
    return this.bubbles;
  }

  /** Bubbles drawn in the last frame, and how many lay in view. */
  get counts(): { drawn: number; inView: number } {
    const empty = !this.on || !this.bubbles;
    return empty
      ? { drawn: 0, inView: 0 }
      : { drawn: this.picked.count, inView: this.picked.inView };
  }

  /** Lights the prints reported after `sinceMs` for a moment. */
  flash(sinceMs: number): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.flashSince = sinceMs;
    this.flashUntil = performance.now() + FLASH_MS;
    const step = () => {
      this.layer.redraw();
      if (performance.now() < this.flashUntil) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  hit(x: number, y: number): number {
    return this.on && this.bubbles ? hitBubble(this.bubbles, this.picked, x, y) : -1;
  }

  private draw(context: CanvasRenderingContext2D, view: View): void {
    const { bubbles, picked } = this;
    if (!this.on || !bubbles) return;
    pickBubbles(bubbles, view, picked);
    for (let style = 0; style < STYLES; style++) this.drawStyle(context, bubbles, style as Style);
    if (performance.now() < this.flashUntil) this.drawFlash(context, bubbles);
    if (this.hovered >= 0) this.drawHovered(context, bubbles);
  }

  private drawStyle(context: CanvasRenderingContext2D, bubbles: Bubbles, style: Style): void {
    const { picked } = this;
    context.beginPath();
    let some = false;
    for (let k = 0; k < picked.count; k++) {
      const index = picked.index[k];
      if (bubbles.style[index] !== style) continue;
      const radius = bubbles.radius[index];
      context.moveTo(picked.x[k] + radius, picked.y[k]);
      context.arc(picked.x[k], picked.y[k], radius, 0, TURN);
      if (style === Style.cancelled) cross(context, picked.x[k], picked.y[k], radius);
      some = true;
    }
    if (!some) return;
    const filled = style === Style.buy || style === Style.sell;
    const colour = this.colour(style);
    context.lineWidth = 1;
    if (filled) {
      context.globalAlpha = 0.3;
      context.fillStyle = colour;
      context.fill();
    }
    context.globalAlpha = filled ? 0.95 : 0.75;
    context.strokeStyle = colour;
    context.stroke();
    context.globalAlpha = 1;
  }

  private colour(style: Style): string {
    const { tokens } = this.scene;
    if (style === Style.buy) return tokens.up;
    if (style === Style.sell) return tokens.down;
    return style === Style.unknown ? tokens.accent : tokens.excluded;
  }

  private drawFlash(context: CanvasRenderingContext2D, bubbles: Bubbles): void {
    const { picked } = this;
    context.strokeStyle = this.scene.tokens.text;
    context.lineWidth = 2;
    context.beginPath();
    for (let k = 0; k < picked.count; k++) {
      const index = picked.index[k];
      if (!(bubbles.reportedMs[index] > this.flashSince)) continue;
      const radius = bubbles.radius[index] + 3;
      context.moveTo(picked.x[k] + radius, picked.y[k]);
      context.arc(picked.x[k], picked.y[k], radius, 0, TURN);
    }
    context.stroke();
  }

  private drawHovered(context: CanvasRenderingContext2D, bubbles: Bubbles): void {
    const { picked } = this;
    for (let k = 0; k < picked.count; k++) {
      if (picked.index[k] !== this.hovered) continue;
      context.strokeStyle = this.scene.tokens.text;
      context.lineWidth = 1.5;
      context.beginPath();
      context.arc(picked.x[k], picked.y[k], bubbles.radius[this.hovered] + 2, 0, TURN);
      context.stroke();
    }
  }
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  const reach = radius * Math.SQRT1_2;
  context.moveTo(x - reach, y - reach);
  context.lineTo(x + reach, y + reach);
  context.moveTo(x + reach, y - reach);
  context.lineTo(x - reach, y + reach);
}
