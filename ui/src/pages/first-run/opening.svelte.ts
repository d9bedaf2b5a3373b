/** Opening a market, from whichever page asks for it, so that it can be tried again. */
import { ApiFailure, client } from "../../api/client";
import type { AppView } from "../../api/bindings";
import { app } from "../../state/app.svelte";

class Opening {
  busy = $state(false);
  failure = $state.raw<ApiFailure | null>(null);
  /** Which of the two was asked for last. */
  way = $state<"simulated" | "live" | null>(null);
  /** Asks again. A key lives in this closure only, and no longer than it takes to open. */
  #last: (() => Promise<AppView>) | null = $state.raw(null);

  simulate(): Promise<void> {
    this.way = "simulated";
    return this.#open(() => client.call("start_demo", { seed: null, speed: null }));
  }

  connect(key: string): Promise<void> {
    this.way = "live";
    return this.#open(() => client.call("connect_vendor", { vendor: "unusual_whales", key }));
  }

  /** Asks again as this window asked, else as the program was told before this window opened. */
  async again(): Promise<void> {
    await this.#open(this.#last ?? (() => client.call("reopen_market", {})));
  }

  /** Closes the market and goes back to the question. */
  async leave(): Promise<void> {
    await this.#open(() => client.call("close_market", {}));
    this.#last = null;
  }

  /** The market is open: nothing is left to try, and no key to remember. */
  done(): void {
    this.#last = null;
    this.failure = null;
  }

  async #open(ask: () => Promise<AppView>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = null;
    this.#last = ask;
    try {
      app.view = await ask();
      await app.read();
    } catch (cause) {
      this.failure = ApiFailure.from(cause);
    }
    this.busy = false;
  }
}

export const opening = new Opening();
