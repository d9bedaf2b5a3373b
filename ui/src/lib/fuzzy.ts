/**
 * How well a few typed letters fit a text: null when they do not occur in it in that order, else
 * higher is better. Letters at the beginning of words and letters in a row weigh more.
 */
export function fit(typed: string, text: string): number | null {
  const wanted = typed.toLowerCase().replace(/\s+/g, "");
  const lower = text.toLowerCase();
  let score = 0;
  let from = 0;
  let last = -2;
  for (const letter of wanted) {
    const starts = startOfWord(lower, letter, from);
    const next = lower.indexOf(letter, from);
    if (next < 0) return null;
    const at = next === last + 1 || starts < 0 ? next : starts;
    score += at === last + 1 ? 3 : isStart(lower, at) ? 2 : 0;
    last = at;
    from = at + 1;
  }
  return score - lower.length / 1000;
}

function isStart(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1]);
}

function startOfWord(text: string, letter: string, from: number): number {
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1)) {
    if (isStart(text, at)) return at;
  }
  return -1;
}

/** The items that fit, best first; all of them, as they are, when nothing is typed. */
export function bestFirst<T>(typed: string, items: T[], words: (item: T) => string): T[] {
  if (typed.trim() === "") return items;
  return items
    .map((item) => ({ item, score: fit(typed, words(item)) }))
    .filter((scored): scored is { item: T; score: number } => scored.score !== null)
    .sort((one, two) => two.score - one.score)
    .map(({ item }) => item);
}
