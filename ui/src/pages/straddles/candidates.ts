/** The list of candidates: in which order, under which headings, and where each line lies. */
import type { CandidateState, CandidateView } from "../../api/bindings";
import { isEnded, isOpportunity, spreadOf } from "./words";

export type SectionId = "opportunities" | "rejected" | "not_met" | "insufficient" | "ended";

export interface Section {
  id: SectionId;
  title: string;
  about: string;
  rows: CandidateView[];
}

const SECTIONS: { id: SectionId; title: string; about: string }[] = [
  {
    id: "opportunities",
    title: "Opportunities",
    about: "All three criteria hold, and the straddle passes every gate.",
  },
  {
    id: "rejected",
    title: "Rejected",
    about: "All three criteria hold, and a gate does not: it could not be traded well.",
  },
  { id: "not_met", title: "Criteria not met", about: "Nearest first." },
  {
    id: "insufficient",
    title: "Insufficient history",
    about: "Never an opportunity until there is enough to compare with.",
  },
  { id: "ended", title: "Gone or expired today", about: "Held earlier today, and does no longer." },
];

function sectionOf(state: CandidateState): SectionId {
  if (isOpportunity(state)) return "opportunities";
  if (isEnded(state)) return "ended";
  if (state === "rejected" || state === "not_met") return state;
  return "insufficient";
}

const holds = ({ met }: CandidateView): number => met.filter((one) => one === true).length;

/** Most criteria first, then the widest spread: the same order at each reading. */
function nearer(one: CandidateView, other: CandidateView): number {
  return (
    holds(other) - holds(one) ||
    (spreadOf(other) ?? -Infinity) - (spreadOf(one) ?? -Infinity) ||
    one.symbol.localeCompare(other.symbol)
  );
}

/** Sections that have rows; a search leaves those whose ticker begins so. */
export function sectionsOf(rows: CandidateView[], typed = ""): Section[] {
  const wanted = typed.trim().toUpperCase();
  const found = rows.filter(({ symbol }) => symbol.startsWith(wanted)).sort(nearer);
  return SECTIONS.map((section) => ({
    ...section,
    rows: found.filter(({ state }) => sectionOf(state) === section.id),
  })).filter((section) => section.rows.length > 0);
}

export const HEAD_PX = 26;
export const ROW_PX = 46;

/** A heading or a candidate, and where it lies in the list. */
export interface Line {
  key: string;
  top: number;
  height: number;
  section: Section;
  row: CandidateView | null;
}

/** Lines of all sections, one below the other. */
export function linesOf(sections: Section[]): Line[] {
  const lines: Line[] = [];
  let top = 0;
  const add = (key: string, height: number, section: Section, row: CandidateView | null): void => {
    lines.push({ key, top, height, section, row });
    top += height;
  };
  for (const section of sections) {
    add(section.id, HEAD_PX, section, null);
    for (const row of section.rows) add(keyOf(row), ROW_PX, section, row);
  }
  return lines;
}

/** What a row is known by: a symbol can stand in the list now and among those that ended. */
export const keyOf = (row: CandidateView): string =>
  isEnded(row.state) ? `${row.symbol} ended` : row.symbol;

/** Height of the whole list. */
export function heightOf(lines: Line[]): number {
  const last = lines[lines.length - 1];
  return last ? last.top + last.height : 0;
}

/** Lines that a view of `height` at `scrollTop` shows, and a few more on both sides. */
export function linesIn(lines: Line[], scrollTop: number, height: number, spare = 400): Line[] {
  return lines.filter(
    (line) => line.top + line.height > scrollTop - spare && line.top < scrollTop + height + spare,
  );
}

/** Where to scroll so that a line is whole in view; the same place when it is. */
export function scrollTo(line: Line, scrollTop: number, height: number): number {
  // The heading above the first row comes along.
  const top = line.row === line.section.rows[0] ? line.top - HEAD_PX : line.top;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, line.top + line.height - height);
}
