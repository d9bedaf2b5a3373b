/** Pages whose vendor is not connected, and whether what is stored of them is looked at anyway. */
import type { VendorView } from "../api/bindings";
import { app } from "../state/app.svelte";
import type { Page } from "../state/route.svelte";
import { NEEDS } from "./words";

class Lacking {
  #looks = $state(false);

  /** The vendor that stands between the user and a page; null = none. */
  of(page: Page): VendorView | null {
    const vendor = NEEDS[page];
    if (!vendor || !app.lacks(vendor) || (this.#looks && this.canLook(page))) return null;
    return app.view?.vendors.find(({ id }) => id === vendor) ?? null;
  }

  /** Straddles live in the memory of what collects them: nothing of them is shown without it. */
  canLook(page: Page): boolean {
    return page !== "straddles";
  }

  /** Shows what is stored, as long as this window lives. */
  look(): void {
    this.#looks = true;
  }
}

export const lacking = new Lacking();
