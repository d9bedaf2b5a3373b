import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Action } from "../state/actions";
import { KeyReader, keyLabels, TICKER_PAUSE_MS, type Press } from "./keys";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  repeat: false,
  ...more,
});

/** A reader with actions on `l`, `j` and `k` (held), `1` and `Mod+k`, and what it did. */
function reader() {
  const done: string[] = [];
  const actions = ["l", "j", "k", "1", "Mod+k"].map((keys): Action => {
    return { id: keys, title: keys, keys, held: "jk".includes(keys), run: () => done.push(keys) };
  });
  const made = new KeyReader({
    actionFor: (keys) => actions.find((action) => action.keys === keys),
    type: (letters) => done.push(`type ${letters}`),
    run: (action) => action.run(),
  });
  return { done, press: (key: string, more?: Partial<Press>) => made.press(press(key, more)) };
}

/** Presses keys, each `gapMs` after the one before, waits, and compares what was done. */
function check(keys: string[], gapMs: number, expected: string[]): void {
  const { done, press: hit } = reader();
  for (const key of keys) {
    hit(key);
    vi.advanceTimersByTime(gapMs);
  }
  vi.advanceTimersByTime(TICKER_PAUSE_MS);
  expect(done).toEqual(expected);
}

test("a letter without an action begins a ticker at once", () => {
  check(["s"], 0, ["type s"]);
});

test("a capital letter begins a ticker even where the letter has an action", () => {
  check(["L"], 0, ["type L"]);
});

test("a letter with an action runs it when no second letter follows", () => {
  check(["l"], 0, ["l"]);
  check(["l", "l"], TICKER_PAUSE_MS + 1, ["l", "l"]);
});

test("two letters in quick succession are a ticker and run nothing", () => {
  check(["l", "m"], 80, ["type lm"]);
  check(["l", "l"], 80, ["type ll"]);
});

test("moving through a list acts at once and again", () => {
  check(["j", "j", "k"], 30, ["j", "j", "k"]);
});

test("a ticker may begin with a letter that moves through a list", () => {
  check(["j", "p"], 80, ["j", "type jp"]);
});

test("a letter that waits runs before another key does", () => {
  check(["l", "1"], 80, ["l", "1"]);
});

test("keys with Ctrl or Cmd only run what is registered for them", () => {
  const { done, press: hit } = reader();
  expect(hit("k", { ctrlKey: true })).toBe(true);
  expect(hit("K", { metaKey: true })).toBe(true);
  expect(hit("c", { ctrlKey: true })).toBe(false);
  expect(hit("j", { altKey: true })).toBe(false);
  expect(done).toEqual(["Mod+k", "Mod+k"]);
});

test("a held key repeats only where that is meant", () => {
  const { done, press: hit } = reader();
  for (let times = 0; times < 3; times += 1) hit("j", { repeat: true });
  for (let times = 0; times < 3; times += 1) hit("l", { repeat: true });
  vi.advanceTimersByTime(TICKER_PAUSE_MS);
  expect(done).toEqual(["j", "j", "j"]);
});

test("keys are written as they stand on the keyboard", () => {
  expect(keyLabels("Mod+k", false)).toEqual(["Ctrl", "K"]);
  expect(keyLabels("Mod+k", true)).toEqual(["⌘", "K"]);
  expect(keyLabels("+", false)).toEqual(["+"]);
  expect(keyLabels("ArrowLeft", false)).toEqual(["←"]);
  expect(keyLabels(" ", false)).toEqual(["Space"]);
});
