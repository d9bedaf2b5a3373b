/**
 * What the window remembers, in localStorage under one prefix. Storage can be full, switched off,
 * or hold what an older version wrote: none of these may stop the screen.
 */
const PREFIX = "undertow.";

/** Reads a value; `fallback` where there is none or it does not pass `fits`. */
export function load<T>(name: string, fallback: T, fits: (value: unknown) => boolean): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    if (text === null) return fallback;
    const value: unknown = JSON.parse(text);
    return fits(value) ? (value as T) : fallback;
  } catch {
    return fallback;
  }
}

/** Keeps a value. */
export function save(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Not kept: the choice holds until the window closes.
  }
}
