//! Sale conditions: their numbers, their letters on the two tapes and what they update.

use undertow_market::Conditions;

/// A regular sale that takes part in nothing special is reported without any condition.
pub(crate) const AVERAGE_PRICE: u16 = 2;
pub(crate) const CLOSING_PRINT: u16 = 8;
pub(crate) const DERIVED: u16 = 10;
pub(crate) const EXTENDED: u16 = 12;
pub(crate) const EXTENDED_SOLD: u16 = 13;
pub(crate) const SWEEP: u16 = 14;
pub(crate) const OFFICIAL_CLOSE: u16 = 15;
pub(crate) const OFFICIAL_OPEN: u16 = 16;
pub(crate) const OPENING_TRADE: u16 = 17;
pub(crate) const CLOSING_TRADE: u16 = 19;
pub(crate) const PRIOR_REFERENCE: u16 = 22;
pub(crate) const OPENING_PRINT: u16 = 25;
pub(crate) const SELLER: u16 = 29;
pub(crate) const SOLD: u16 = 32;
pub(crate) const ODD_LOT: u16 = 37;
pub(crate) const CORRECTED_CLOSE: u16 = 38;
pub(crate) const EXEMPT: u16 = 41;
pub(crate) const CONTINGENT: u16 = 52;
pub(crate) const QUALIFIED_CONTINGENT: u16 = 53;

/// What a sale condition is called and what it updates on the consolidated tape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SaleRule {
    pub(crate) id: u16,
    pub(crate) name: &'static str,
    /// Its letter on the tapes of New York's listings, and on Nasdaq's.
    pub(crate) letters: (Option<&'static str>, Option<&'static str>),
    pub(crate) updates_high_low: bool,
    pub(crate) updates_open_close: bool,
    pub(crate) updates_volume: bool,
    pub(crate) is_legacy: bool,
}

/// Number, name, letters, and what it does: `H` updates high and low, `O` open and close, `V`
/// volume; `l` is no longer used.
type Row = (u16, &'static str, &'static str, &'static str, &'static str);

const ROWS: [Row; 42] = [
    (0, "Regular Sale", "@", "@", "HOV"),
    (1, "Acquisition", "", "A", "HOV"),
    (2, "Average Price Trade", "B", "W", "V"),
    (3, "Automatic Execution", "E", "", "HOV"),
    (4, "Bunched Trade", "", "B", "HOV"),
    (5, "Bunched Sold Trade", "", "G", "HV"),
    (6, "CAP Election", "I", "", "HOVl"),
    (7, "Cash Sale", "C", "C", "V"),
    (8, "Closing Prints", "", "6", "HOV"),
    (9, "Cross Trade", "X", "X", "HOV"),
    (10, "Derivatively Priced", "4", "4", "HV"),
    (11, "Distribution", "", "D", "HOV"),
    (12, "Form T/Extended Hours", "T", "T", "V"),
    (13, "Extended Hours (Sold Out Of Sequence)", "U", "U", "V"),
    (14, "Intermarket Sweep", "F", "F", "HOV"),
    (15, "Market Center Official Close", "M", "M", ""),
    (16, "Market Center Official Open", "Q", "Q", ""),
    (17, "Market Center Opening Trade", "O", "", "HOV"),
    (18, "Market Center Reopening Trade", "5", "", "HOV"),
    (19, "Market Center Closing Trade", "6", "", "HOV"),
    (20, "Next Day", "N", "N", "V"),
    (21, "Price Variation Trade", "H", "H", "V"),
    (22, "Prior Reference Price", "P", "P", "HV"),
    (23, "Rule 155 Trade (AMEX)", "", "K", "HOV"),
    (24, "Rule 127 (NYSE Only)", "K", "", "HOV"),
    (25, "Opening Prints", "", "O", "HOV"),
    (27, "Stopped Stock (Regular Trade)", "", "1", "HOVl"),
    (28, "Re-Opening Prints", "", "5", "HOV"),
    (29, "Seller", "R", "R", "V"),
    (30, "Sold Last", "L", "L", "HOV"),
    (31, "Sold Last and Stopped Stock", "", "", "HOVl"),
    (32, "Sold (Out Of Sequence)", "Z", "Z", "HV"),
    (33, "Sold (Out of Sequence) and Stopped Stock", "", "", "HVl"),
    (34, "Split Trade", "", "S", "HOV"),
    (35, "Stock Option", "", "", "HOVl"),
    (36, "Yellow Flag Regular Trade", "", "Y", "HOV"),
    (37, "Odd Lot Trade", "I", "I", "V"),
    (38, "Corrected Consolidated Close (per listing market)", "9", "9", "HO"),
    (41, "Trade Thru Exempt", "X", "X", "HOV"),
    (52, "Contingent Trade", "V", "V", "V"),
    (53, "Qualified Contingent Trade", "7", "7", "V"),
    (55, "Opening Reopening Trade Detail", "", "", "HOVl"),
];

/// Every condition, by number.
pub(crate) const ALL: [SaleRule; ROWS.len()] = all();

const fn all() -> [SaleRule; ROWS.len()] {
    let mut rules = [rule(&ROWS[0]); ROWS.len()];
    let mut place = 0;
    while place < ROWS.len() {
        rules[place] = rule(&ROWS[place]);
        place += 1;
    }
    rules
}

const fn rule(row: &Row) -> SaleRule {
    let (id, name, new_york, nasdaq, effects) = *row;
    SaleRule {
        id,
        name,
        letters: (letter(new_york), letter(nasdaq)),
        updates_high_low: has(effects, b'H'),
        updates_open_close: has(effects, b'O'),
        updates_volume: has(effects, b'V'),
        is_legacy: has(effects, b'l'),
    }
}

const fn letter(text: &'static str) -> Option<&'static str> {
    if text.is_empty() { None } else { Some(text) }
}

const fn has(effects: &str, effect: u8) -> bool {
    let bytes = effects.as_bytes();
    let mut place = 0;
    while place < bytes.len() {
        if bytes[place] == effect {
            return true;
        }
        place += 1;
    }
    false
}

/// What a trade with these conditions updates: high and low, open and close, volume. Each needs
/// the leave of every condition.
pub(crate) fn updates(conditions: &Conditions, in_extended_bar: bool) -> (bool, bool, bool) {
    // A bar of the extended hours is made of their trades; a day's is not.
    let ignored = |id: u16| in_extended_bar && id == EXTENDED;
    let rules = conditions.as_slice().iter().filter(|id| !ignored(**id)).filter_map(|id| find(*id));
    rules.fold((true, true, true), |(high_low, open_close, volume), rule| {
        (
            high_low && rule.updates_high_low,
            open_close && rule.updates_open_close,
            volume && rule.updates_volume,
        )
    })
}

fn find(id: u16) -> Option<&'static SaleRule> {
    ALL.binary_search_by_key(&id, |rule| rule.id).ok().map(|place| &ALL[place])
}

/// These conditions of one trade.
pub(crate) fn of(ids: &[u16]) -> Conditions {
    let mut conditions = Conditions::default();
    for id in ids {
        conditions.push(*id).expect("no trade here has more than four");
    }
    conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_updates_what_all_its_conditions_allow() {
        assert!(ALL.is_sorted_by_key(|rule| rule.id));
        for (ids, extended, expected) in [
            (&[][..], false, (true, true, true)),
            (&[SWEEP, EXEMPT], false, (true, true, true)),
            (&[EXTENDED], false, (false, false, true)),
            (&[EXTENDED], true, (true, true, true)),
            (&[ODD_LOT], false, (false, false, true)),
            (&[AVERAGE_PRICE, DERIVED], false, (false, false, true)),
            (&[SOLD], false, (true, false, true)),
            (&[OFFICIAL_CLOSE], false, (false, false, false)),
            (&[CORRECTED_CLOSE], false, (true, true, false)),
        ] {
            assert_eq!(updates(&of(ids), extended), expected, "{ids:?}");
        }
    }
}
