/** Computes every pair of text and ground that the pages use, in both themes. */
import { expect, test } from "vitest";

import css from "./tokens.css?raw";

type Palette = Record<string, string>;

function block(selector: string): Palette {
  const start = css.indexOf(`${selector} {`);
  const body = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries(
    [...body.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]),
  );
}

const dark = block(":root");
const light = { ...dark, ...block(':root[data-theme="light"]') };

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, two: string): number {
  const [low, high] = [luminance(one), luminance(two)].sort((left, right) => left - right);
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ["ground", "panel", "raised", "hover"];
const WORDS = ["text", "quiet", "accent", "amber", "red", "violet", "call", "put"].concat([
  "blue",
  "orange",
  "green",
  "rose",
]);
/** Shapes without words: marks, outlines of fields. */
const SHAPES = ["edge", "lit", "excluded"];

function check(theme: string, palette: Palette, names: string[], least: number): void {
  for (const name of names) {
    for (const ground of GROUNDS) {
      const found = contrast(palette[name], palette[ground]);
      expect(found, `${theme}: ${name} on ${ground}`).toBeGreaterThanOrEqual(least);
    }
  }
}

test("the measure is the right one", () => {
  expect(contrast("#ffffff", "#000000")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

test("words have a contrast of 4.5 on every ground", () => {
  check("dark", dark, WORDS, 4.5);
  check("light", light, WORDS, 4.5);
});

test("shapes have a contrast of 3 on every ground", () => {
  check("dark", dark, SHAPES, 3);
  check("light", light, SHAPES, 3);
});

test("the button that asks to be pressed can be read", () => {
  for (const palette of [dark, light]) {
    expect(contrast(palette["on-accent"], palette.accent)).toBeGreaterThanOrEqual(4.5);
  }
});

test("the hatching of a simulated market is seen", () => {
  for (const palette of [dark, light]) {
    expect(contrast(palette.hatch, palette["hatch-line"])).toBeGreaterThanOrEqual(4.5);
  }
});
