/** What the desk shows and remembers. */
import { LEAST_PX, MOST_PX, within } from "../../charts/panes";
import { type PaneName, PANES } from "../../charts/running";
import { load, save } from "../../lib/stored";

/** Numbers of sessions that levels are offered for. */
export const SESSIONS = [5, 20, 60, 90] as const;
/** How many of the strongest levels are offered; beyond forty the ground gets dense. */
export const COUNTS = [20, 40, 100, 200] as const;
/** Bin widths a user may ask for, dollars. */
export const WIDTHS = { least: 0.01, most: 100 } as const;
/** Heights of the activity panel, px. */
export const PANE_PX = { least: 120, usual: 176, most: 420 } as const;
/** Part of the chart's height that a pane takes before anyone moved its line. */
const USUAL_SHARE: Record<PaneName, number> = { premium: 0.14, tide: 0.125 };
export { LEAST_PX, MOST_PX };

const LAYERS = ["levels", "zones", "profile", "bubbles", "extended", "holdRates"] as const;
const TOGGLES = [...LAYERS, ...PANES, "activity"] as const;
export type Toggle = (typeof TOGGLES)[number];

/** Hold rates are slower to come, extended hours are thin: both off until asked for. */
const OFF_AT_FIRST: readonly Toggle[] = ["extended"];

const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isHeight = (value: unknown): boolean => typeof value === "number" && value > 0;
const isChosen = (value: unknown): boolean => value === null || isHeight(value);
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
  #count = $state<number>(
    load("desk.count", 40, (value) => (COUNTS as readonly unknown[]).includes(value)),
  );
  #holdings = $state<boolean>(load("desk.holdings", false, isBoolean));
  #px = $state<Record<PaneName, number | null>>(
    Object.fromEntries(
      PANES.map((name) => [name, load<number | null>(`desk.px.${name}`, null, isChosen)]),
    ) as Record<PaneName, number | null>,
  );
  #width = $state<number | null>(load<number | null>("desk.width", null, isWidth));
  #panePx = $state<number>(load("desk.pane", PANE_PX.usual, isHeight));

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

  /** Levels shown: so many of the strongest. */
  get count(): number {
    return this.#count;
  }
  set count(value: number) {
    this.#count = value;
    save("desk.count", value);
  }

  /** Whether the tide is that of a fund's holdings instead of the whole market's. */
  get holdings(): boolean {
    return this.#holdings;
  }
  set holdings(value: boolean) {
    this.#holdings = value;
    save("desk.holdings", value);
  }

  /** Height that a pane wants in a chart of this height, px. */
  px(name: PaneName, chartPx: number): number {
    return within(this.#px[name] ?? USUAL_SHARE[name] * chartPx);
  }
  /** Keeps a height; null = the usual one. */
  setPx(name: PaneName, value: number | null): void {
    this.#px[name] = value === null ? null : within(value);
    save(`desk.px.${name}`, this.#px[name]);
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
