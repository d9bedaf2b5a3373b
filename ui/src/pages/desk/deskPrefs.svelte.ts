/** What the desk shows and remembers. */
import { load, save } from "../../lib/stored";

/** Numbers of sessions that levels are offered for. */
export const SESSIONS = [5, 20, 60, 90] as const;
/** Bin widths a user may ask for, dollars. */
export const WIDTHS = { least: 0.01, most: 100 } as const;
/** Heights of the lower pane, px. */
export const PANE_PX = { least: 120, usual: 176, most: 420 } as const;

const TOGGLES = ["levels", "zones", "profile", "bubbles", "extended", "holdRates"] as const;
export type Toggle = (typeof TOGGLES)[number];

/** Hold rates are slower to come, extended hours are thin: both off until asked for. */
const OFF_AT_FIRST: readonly Toggle[] = ["extended"];

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isWidth = (value: unknown): boolean => value === null || widthFits(value);

export function widthFits(value: unknown): value is number {
  return typeof value === "number" && value >= WIDTHS.least && value <= WIDTHS.most;
}

class DeskPrefs {
  #on = $state<Record<Toggle, boolean>>(
    Object.fromEntries(
      TOGGLES.map((name) => [name, load(`desk.${name}`, !OFF_AT_FIRST.includes(name), isBoolean)]),
    ) as Record<Toggle, boolean>,
  );
  #sessions = $state<number>(
    load("desk.sessions", 20, (value) => (SESSIONS as readonly unknown[]).includes(value)),
  );
  #width = $state<number | null>(load<number | null>("desk.width", null, isWidth));
  #panePx = $state<number>(load("desk.pane", PANE_PX.usual, (value) => typeof value === "number"));

  on(name: Toggle): boolean {
    return this.#on[name];
  }
  toggle(name: Toggle): void {
    this.#on[name] = !this.#on[name];
    save(`desk.${name}`, this.#on[name]);
  }

  get sessions(): number {
    return this.#sessions;
  }
  set sessions(value: number) {
    this.#sessions = value;
    save("desk.sessions", value);
  }

  /** Bin width in dollars; null = from ATR14. */
  get width(): number | null {
    return this.#width;
  }
  set width(value: number | null) {
    this.#width = value;
    save("desk.width", value);
  }

  get panePx(): number {
    return Math.min(PANE_PX.most, Math.max(PANE_PX.least, this.#panePx));
  }
  set panePx(value: number) {
    this.#panePx = value;
    save("desk.pane", this.panePx);
  }
}

export const desk = new DeskPrefs();
