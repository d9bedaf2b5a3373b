/**
 * The design tokens as a canvas needs them. The values come from `styles/tokens.css` and from
 * nowhere else.
 */
const NAMES = [
  "ground",
  "panel",
  "raised",
  "hover",
  "hairline",
  "edge",
  "text",
  "quiet",
  "accent",
  "up",
  "down",
  "call",
  "put",
  "lit",
  "excluded",
  "amber",
  "red",
  "violet",
] as const;

export type TokenName = (typeof NAMES)[number];

/** Colours by name, and the two font families. */
export type Tokens = Record<TokenName, string> & { words: string; figures: string };

/** Reads the tokens of the theme and colour pair that are on now. */
export function readTokens(root: Element = document.documentElement): Tokens {
  const style = getComputedStyle(root);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
  return { ...colours, words: read("words"), figures: read("figures") } as Tokens;
}

/** Hears each change of theme or colour pair; the answer ends it. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme", "data-pair"],
  });
  return () => observer.disconnect();
}

/** A `#rrggbb` colour with an opacity from 0 to 1. */
export function withAlpha(colour: string, alpha: number): string {
  const byte = Math.round(Math.min(1, Math.max(0, alpha)) * 255);
  return colour.slice(0, 7) + byte.toString(16).padStart(2, "0");
}
