/** What each vendor brings, and what is wrong with a key: in words that say what to do. */
import type { ApiError } from "../api/bindings";
import type { Page } from "../state/route.svelte";

interface Vendor {
  /** What it brings, and for which pages. */
  brings: string;
  /** What the page lacks without it. */
  lacking: string;
  /** What a plan that is too small is short of. */
  tooSmall: string;
}

const VENDORS: Record<string, Vendor> = {
  unusual_whales: {
    brings: "Off-exchange prints, candles and options flow: for Desk, Off-exchange and Flow.",
    lacking: "Off-exchange prints, candles and options flow come from Unusual Whales.",
    tooSmall: "The key works, but its plan has no off-exchange prints.",
  },
  polygon: {
    brings: "The whole tape and option chains: for Straddles.",
    lacking: "The whole tape of a stock, its days and its option chain come from Massive.",
    tooSmall:
      "The key works, but its plan has no trades of stocks. Massive sells them with its larger plans for stocks.",
  },
};

const UNKNOWN: Vendor = {
  brings: "",
  lacking: "",
  tooSmall: "The key works, but its plan does not.",
};

export const wordsOf = (vendor: string): Vendor => VENDORS[vendor] ?? UNKNOWN;

/** The vendor that a page is made of. */
export const NEEDS: Partial<Record<Page, string>> = {
  desk: "unusual_whales",
  "off-exchange": "unusual_whales",
  flow: "unusual_whales",
  straddles: "polygon",
};

/** Every key is held as long as the program runs. */
export const HELD = "Held in memory only: never written to disk, and gone when you quit.";

/** What is wrong with a key and what to do about it. */
export function refusal({ id, title }: { id: string; title: string }, problem: ApiError): string {
  switch (problem.code) {
    case "vendor_auth":
      return `${title} does not know this key. Copy it again from your account page and paste the whole of it.`;
    case "vendor_entitlement":
      return wordsOf(id).tooSmall;
    case "rate_limited":
      return "The key works, but its requests of this minute or day are used up. Wait, then try again.";
    case "vendor_unreachable":
      return `${title} did not answer, so the key was not tried. Check the network, then try again.`;
    default:
      return problem.message;
  }
}
