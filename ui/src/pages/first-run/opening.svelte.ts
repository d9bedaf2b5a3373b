/** Opening a market, from whichever page asks for it. */
import { ApiFailure, client } from "../../api/client";
import type { AppView, KeyVerdict, VendorKey } from "../../api/bindings";
import { app } from "../../state/app.svelte";

class Opening {
  busy = $state(false);
  failure = $state.raw<ApiFailure | null>(null);
  /** Which of the two was asked for last. */
  way = $state<"simulated" | "live" | null>(null);
  #verdicts = $state.raw<KeyVerdict[]>([]);

  simulate(): Promise<boolean> {
    this.way = "simulated";
    return this.#open(() => client.call("start_demo", { seed: null, speed: null }));
  }

  /**
   * Tries keys, and opens the real market when all of them work; answers whether it does. The
   * engine keeps them from then on, this window does not.
   */
  connect(keys: VendorKey[]): Promise<boolean> {
    this.way = "live";
    this.#verdicts = [];
    return this.#open(async () => {
      const tried = await client.call("connect_vendors", { keys });
      this.#verdicts = tried.keys;
      return tried.keys.every(({ problem }) => problem === null) ? tried.app : null;
    });
  }

  /** What came of a vendor's key when it was tried last. */
  verdictOf(vendor: string): KeyVerdict | undefined {
    return this.#verdicts.find((verdict) => verdict.vendor === vendor);
  }

  /** Opens the market that was chosen last again. */
  async again(): Promise<void> {
    await this.#open(() => client.call("reopen_market", {}));
  }

  /** Closes the market and goes back to the question. */
  async leave(): Promise<void> {
    await this.#open(() => client.call("close_market", {}));
  }

  /** Nothing is left to say of what was tried. */
  forget(): void {
    this.failure = null;
    this.#verdicts = [];
  }

  async #open(ask: () => Promise<AppView | null>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = null;
    let opens = false;
    try {
      const view = await ask();
      opens = view !== null;
      if (view) {
        app.view = view;
        await app.read();
      }
    } catch (cause) {
      this.failure = ApiFailure.from(cause);
    }
    this.busy = false;
    return opens;
  }
}

export const opening = new Opening();
