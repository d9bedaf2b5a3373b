/** Sides against the quote in words. */
import type { CodeLabel } from "../api/bindings";

export type SideName = "buy" | "sell" | "unknown";

export interface SideWords {
  label: string;
  side: SideName;
  /** Why there is no side; empty where there is one. */
  why: string;
}

/** From this code on a print has no side, and the code tells why. */
const NO_SIDE = 10;

/** Where the price lay against the quote. */
export function sideOf(code: number, sides: CodeLabel[]): SideWords {
  const found = sides.find((side) => side.code === code);
  const side = (found?.side as SideName) ?? "unknown";
  if (!found || code >= NO_SIDE) return { label: "No side", side, why: found?.label ?? "" };
  return { label: found.label, side, why: "" };
}
