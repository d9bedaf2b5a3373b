import { describe, expect, it } from "vitest";

import { columnsOf } from "../../api/columns";
import { type Level, levelsOf, Tone } from "../../charts/levels";
import { levelColumns, minuteBars, printColumns, sessionsUpTo } from "../../charts/testing";
import { gapCard, heldWords, levelCard, levelLine, printCard, profileCard } from "./words";

const sessions = sessionsUpTo("2026-03-06", 1);
const columns = levelColumns(10, sessions[0].open_ms);
const set = levelsOf(columns);
const level: Level = {
  ...set.levels[0],
  price: 552.35,
  notional: 1.24e9,
  prints: 812,
  rank: 1,
  touches: 18,
  tone: Tone.beats,
};
const facts = (card: { facts: readonly (readonly [string, string])[] }) =>
  Object.fromEntries(card.facts);

describe("a level in words", () => {
  it("is one line", () => {
    expect(levelLine(level)).toBe("Level 552.35, $1.24B in 812 prints, rank 1");
  });

  it.each([
    [Tone.beats, "held 61 % of 18 touches, chance 52 %: better than chance"],
    [Tone.fails, "held 61 % of 18 touches, chance 52 %: no better than chance"],
    [Tone.unmeasured, "held 61 % of 18 touches: too few to tell from chance"],
  ])("tells how it held (%d)", (tone, words) => {
    expect(heldWords({ ...level, tone })).toBe(words);
  });

  it("says nothing of holding where nothing was measured", () => {
    expect(heldWords({ ...level, holdRate: NaN })).toBe("");
    const card = levelCard({ ...level, holdRate: NaN }, columns.meta);
    expect(facts(card)).not.toHaveProperty("Held");
  });

  it("shows coverage beside the imbalance, and a dash without a side", () => {
    const sided = levelCard({ ...level, notional: 10, buy: 6, sell: 2, unknown: 2 }, columns.meta);
    expect(facts(sided)).toMatchObject({ "Buy / sell": "75 % / 25 %", "With a side": "80 %" });
    const none = levelCard({ ...level, notional: 10, buy: 0, sell: 0 }, columns.meta);
    expect(facts(none)).toMatchObject({ "Buy / sell": "—", "With a side": "0 %" });
  });

  it("says how it is computed", () => {
    expect(levelCard(level, columns.meta).about).toContain("20 sessions in bins of $0.25");
    expect(levelCard({ ...level, tone: Tone.fails }, columns.meta).about).toContain("Grey");
  });
});

describe("a print in words", () => {
  const bars = minuteBars(sessions, false);
  const made = printColumns(1, bars);
  const print = (change: Record<string, number>) => {
    const all = Object.fromEntries(made.names.map((name) => [name, [...made.column(name)]]));
    for (const [name, value] of Object.entries(change)) all[name] = [value];
    return columnsOf(made.meta, all);
  };
  const reasons = [
    { bit: 256, code: "CXL", meaning: "Cancelled after it was printed", excludes: true },
    { bit: 2048, code: "ODD", meaning: "Odd lot", excludes: false },
  ];

  it("tells side, time and notional in full", () => {
    const at = Date.parse("2026-03-06T14:31:02.345Z");
    const card = printCard(
      print({
        side: 2,
        notional: 1.5e6,
        reported_ms: at,
        executed_ms: NaN,
        reasons: 0,
        eligible: 1,
      }),
      0,
      reasons,
    );
    expect(card.title).toBe("$1.50M print, block, 2026-03-06");
    expect(facts(card)).toMatchObject({
      Notional: "$1,500,000",
      Side: "at ask (buy)",
      Reported: "09:31:02.345 ET",
    });
    expect(facts(card)).not.toHaveProperty("Executed");
    expect(card.about).toContain("Counts towards levels");
  });

  it("gives every reason and says which keep it out of levels", () => {
    const card = printCard(print({ reasons: 256 | 2048, eligible: 0 }), 0, reasons);
    expect(facts(card)).toMatchObject({
      CXL: "Cancelled after it was printed",
      ODD: "Odd lot",
    });
    expect(card.about).toBe("Kept out of levels: CXL.");
  });

  it("calls only a known block a block", () => {
    expect(printCard(print({ block: NaN }), 0, reasons).title).not.toContain("block");
  });
});

describe("gaps and profile in words", () => {
  it("say what is missing, from when to when, and why", () => {
    const card = gapCard({
      series: "prints",
      from_ms: Date.parse("2026-03-06T15:05:00Z"),
      to_ms: Date.parse("2026-03-06T15:28:00Z"),
      reason: "The vendor did not answer.",
    });
    expect(card.title).toBe("Prints missing");
    expect(facts(card)).toEqual({ From: "2026-03-06 10:05:00 ET", To: "2026-03-06 10:28:00 ET" });
    expect(card.about).toContain("The vendor did not answer.");
  });

  it("split a row of the profile and call the rest an estimate", () => {
    const card = profileCard({ price: 550, off: 300_000, lit: 700_000 }, 10_000);
    expect(facts(card)).toMatchObject({ "Off-exchange": "300K sh", "Off-exchange share": "30 %" });
    expect(card.about).toContain("$10.0K");
    expect(facts(profileCard({ price: 550, off: 0, lit: 0 }, 0))["Off-exchange share"]).toBe("—");
  });
});
