/**
 * The keyboard of the whole window. A key runs an action; a letter may also be the beginning of a
 * ticker. The rules, in the order in which they are asked:
 *
 * - a capital letter always begins a ticker;
 * - a letter without an action begins a ticker;
 * - a letter with an action waits a quarter of a second: a second letter within it makes both a
 *   ticker, silence runs the action;
 * - the letters that move through a list (`held`) act at once, and a different letter right after
 *   them still makes both a ticker.
 */
import type { Action } from "../state/actions";

/** As fast as an easy typist's second letter. */
export const TICKER_PAUSE_MS = 250;

/** The part of a `KeyboardEvent` that matters here. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
}

export interface KeyTarget {
  actionFor(keys: string): Action | undefined;
  /** Letters that begin or go on with a ticker. */
  type(letters: string): void;
  run(action: Action): void;
}

interface Pending {
  letter: string;
  action: Action;
  timer: ReturnType<typeof setTimeout>;
}

export class KeyReader {
  #pending: Pending | null = null;

  constructor(private readonly target: KeyTarget) {}

  /** Takes a key press; answers whether it meant something. */
  press(event: Press): boolean {
    if (event.altKey) return false;
    if (event.ctrlKey || event.metaKey) return this.#run(`Mod+${event.key.toLowerCase()}`);
    if (/^[a-zA-Z]$/.test(event.key)) return this.#letter(event.key, event.repeat);
    this.#settle();
    return this.#run(event.key);
  }

  #run(keys: string): boolean {
    const action = this.target.actionFor(keys);
    if (action) this.target.run(action);
    return action !== undefined;
  }

  #letter(letter: string, repeat: boolean): boolean {
    const action = this.target.actionFor(letter);
    const before = this.#pending;
    if (before && !(before.action.held && action?.held)) {
      this.#forget();
      this.target.type(before.letter + letter);
      return true;
    }
    this.#forget();
    if (!action) this.target.type(letter);
    else if (action.held) {
      this.target.run(action);
      if (!repeat) this.#wait(letter, action, () => {});
    } else if (!repeat) this.#wait(letter, action, () => this.target.run(action));
    return true;
  }

  #wait(letter: string, action: Action, then: () => void): void {
    const timer = setTimeout(() => {
      this.#pending = null;
      then();
    }, TICKER_PAUSE_MS);
    this.#pending = { letter, action, timer };
  }

  /** Runs what a letter was waiting to do, because no second letter follows. */
  #settle(): void {
    const before = this.#pending;
    this.#forget();
    if (before && !before.action.held) this.target.run(before.action);
  }

  #forget(): void {
    if (this.#pending) clearTimeout(this.#pending.timer);
    this.#pending = null;
  }
}

/** Whether keys go into a text: then they are not ours. */
export function isEditable(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  " ": "Space",
  Escape: "Esc",
};

/** A key as a person reads it: `Mod+k` is `Ctrl K`, or `⌘ K` on a Mac. */
export function keyLabels(keys: string, mac: boolean = isMac()): string[] {
  const parts = keys === "+" ? ["+"] : keys.split("+");
  return parts.map((part) => {
    if (part === "Mod") return mac ? "⌘" : "Ctrl";
    return NAMES[part] ?? (parts.length > 1 ? part.toUpperCase() : part);
  });
}

function isMac(): boolean {
  return /Mac/.test(globalThis.navigator?.userAgent ?? "");
}
