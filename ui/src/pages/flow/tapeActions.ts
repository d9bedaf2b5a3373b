/** The keys of the tape of options. */
import type { Action } from "../../state/actions";

interface Moves {
  step: (by: number) => void;
  page: (by: number) => void;
  home: () => void;
  open: () => void;
  contract: () => void;
  hold: () => void;
}

export function tapeActions(moves: Moves): Action[] {
  const one = (id: string, title: string, keys: string, run: () => void): Action => ({
    id: `flow.${id}`,
    title,
    group: "Tape",
    keys,
    run,
  });
  return [
    { ...one("down", "Next row", "j", () => moves.step(1)), alias: ["ArrowDown"], held: true },
    { ...one("up", "Row before", "k", () => moves.step(-1)), alias: ["ArrowUp"], held: true },
    one("page-down", "Page down", "PageDown", () => moves.page(1)),
    one("page-up", "Page up", "PageUp", () => moves.page(-1)),
    one("home", "Newest row", "Home", moves.home),
    one("open", "Open or close a group", "Enter", moves.open),
    one("contract", "Show the contract", "c", moves.contract),
    one("hold", "Pause or resume", " ", moves.hold),
  ];
}
