/** What the user chose and the window remembers. */
import { load, save } from "../lib/stored";

export const INTERVALS = ["1m", "5m", "15m", "1h", "1d"] as const;
export type Interval = (typeof INTERVALS)[number];
export type Theme = "dark" | "light";
export type Pair = "blue-orange" | "green-red";

const oneOf =
  (...allowed: readonly string[]) =>
  (value: unknown): boolean =>
    allowed.includes(value as string);
const isTicker = (value: unknown): boolean => typeof value === "string" && value.length <= 12;
const areNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Actions the palette shows first. */
const RECENT_MAX = 6;

class Prefs {
  #theme = $state<Theme>(load("theme", "dark", oneOf("dark", "light")));
  #pair = $state<Pair>(load("pair", "blue-orange", oneOf("blue-orange", "green-red")));
  #interval = $state<Interval>(load("interval", "5m", oneOf(...INTERVALS)));
  #symbol = $state<string>(load("symbol", "", isTicker));
  #recent = $state.raw<string[]>(load("recent", [], areNames));

  get theme(): Theme {
    return this.#theme;
  }
  set theme(value: Theme) {
    this.#theme = value;
    save("theme", value);
    this.apply();
  }

  /** Colours of up and down. */
  get pair(): Pair {
    return this.#pair;
  }
  set pair(value: Pair) {
    this.#pair = value;
    save("pair", value);
    this.apply();
  }

  get interval(): Interval {
    return this.#interval;
  }
  set interval(value: Interval) {
    this.#interval = value;
    save("interval", value);
  }

  /** The symbol that was looked at last; empty before the first. */
  get symbol(): string {
    return this.#symbol;
  }
  set symbol(value: string) {
    this.#symbol = value;
    save("symbol", value);
  }

  /** Ids of the actions that were run last, newest first. */
  get recent(): string[] {
    return this.#recent;
  }
  remember(action: string): void {
    this.#recent = [action, ...this.#recent.filter((id) => id !== action)].slice(0, RECENT_MAX);
    save("recent", this.#recent);
  }

  /** Puts theme and colour pair on the page. */
  apply(): void {
    document.documentElement.dataset.theme = this.#theme;
    document.documentElement.dataset.pair = this.#pair;
  }
}

export const prefs = new Prefs();
