/**
 * Whose symbols the box in the top bar chooses from. That is the watch list of the whole program,
 * unless the page that is shown has symbols of its own.
 */
import { client } from "../api/client";
import { app } from "./app.svelte";

export interface SymbolSource {
  /** The symbols that can be chosen. */
  readonly all: string[];
  /** The one that is shown; empty = none. */
  readonly shown: string;
  choose(symbol: string): void;
  /** Adds a symbol. Rejects with the reason. */
  watch(symbol: string): Promise<void>;
  /** Takes a symbol away. Rejects with the reason. */
  forget(symbol: string): Promise<void>;
}

const OF_THE_PROGRAM: SymbolSource = {
  get all() {
    return app.view?.symbols ?? [];
  },
  get shown() {
    return app.symbol;
  },
  choose: (symbol) => {
    app.symbol = symbol;
  },
  watch: async (symbol) => {
    app.view = await client.call("add_symbol", { symbol });
  },
  forget: async (symbol) => {
    app.view = await client.call("remove_symbol", { symbol });
  },
};

class Symbols {
  #source = $state.raw<SymbolSource>(OF_THE_PROGRAM);

  get source(): SymbolSource {
    return this.#source;
  }

  /** Chooses from a page's own symbols; the answer ends it. */
  use(source: SymbolSource): () => void {
    this.#source = source;
    return () => {
      // A page that came in between may have put its own in this place.
      if (this.#source === source) this.#source = OF_THE_PROGRAM;
    };
  }
}

export const symbols = new Symbols();
