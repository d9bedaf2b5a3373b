/** What lies over the page: the palette, the sheet of keys, the choice of a symbol, a key. */
class Overlays {
  palette = $state(false);
  keys = $state(false);
  symbols = $state(false);
  /** The vendor whose key is asked for; null = none is. */
  keyOf = $state<string | null>(null);
  /** What is typed in the choice of a symbol. */
  ticker = $state("");

  /** Opens the choice of a symbol with these letters, or adds them where it is open. */
  type(letters: string): void {
    this.ticker = (this.symbols ? this.ticker : "") + letters.toUpperCase();
    this.symbols = true;
  }

  /** Whether a dialog has the keyboard. */
  get modal(): boolean {
    return this.palette || this.keys || this.keyOf !== null;
  }
}

export const overlays = new Overlays();
