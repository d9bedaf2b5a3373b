/** What lies over the page: the palette, the sheet of keys, the choice of a symbol. */
class Overlays {
  palette = $state(false);
  keys = $state(false);
  symbols = $state(false);
  /** What is typed in the choice of a symbol. */
  ticker = $state("");

  /** Opens the choice of a symbol with these letters, or adds them where it is open. */
  type(letters: string): void {
    this.ticker = (this.symbols ? this.ticker : "") + letters.toUpperCase();
    this.symbols = true;
  }

  /** Whether a dialog has the keyboard. */
  get modal(): boolean {
    return this.palette || this.keys;
  }
}

export const overlays = new Overlays();
