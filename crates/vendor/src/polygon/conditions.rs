//! Sale conditions and correction codes, and what each says of a trade's price.

use std::sync::{Arc, LazyLock};

use undertow_market::{Conditions, Reasons};

/// Numbers from here on are unknown. The vendor's list of stock conditions ends far below.
const MAX_IDS: usize = 512;

/// What is known of a condition without asking the vendor.
const KNOWN: [(u16, Reasons); 42] = [
    (0, Reasons::empty()),            // Regular sale.
    (1, Reasons::empty()),            // Acquisition.
    (2, Reasons::AVERAGE_PRICE),      // Average price trade.
    (3, Reasons::empty()),            // Automatic execution.
    (4, Reasons::empty()),            // Bunched trade.
    (5, Reasons::OUT_OF_SEQUENCE),    // Bunched sold trade.
    (6, Reasons::empty()),            // CAP election.
    (7, Reasons::SPECIAL_SETTLEMENT), // Cash sale.
    // The auctions' own trades: 8, 17, 18, 19, 25, 28.
    (8, Reasons::empty()),
    (9, Reasons::empty()), // Cross trade.
    (10, Reasons::DERIVATIVELY_PRICED),
    (11, Reasons::empty()), // Distribution.
    (12, Reasons::EXTENDED_HOURS),
    (13, Reasons::EXTENDED_HOURS.union(Reasons::LATE)), // Sold out of sequence, extended hours.
    (14, Reasons::INTERMARKET_SWEEP),
    // They restate an auction's trade, up to four times an evening, and are no trades of their own.
    (15, Reasons::DUPLICATE),
    (16, Reasons::DUPLICATE),
    (17, Reasons::empty()),
    (18, Reasons::empty()),
    (19, Reasons::empty()),
    (20, Reasons::SPECIAL_SETTLEMENT), // Next day.
    // Agreed away from the market because of how the trade is executed.
    (21, Reasons::DERIVATIVELY_PRICED),
    (22, Reasons::PRIOR_REFERENCE),
    (23, Reasons::empty()), // Rule 155.
    (24, Reasons::empty()), // Rule 127.
    (25, Reasons::empty()),
    (27, Reasons::empty()), // Stopped stock.
    (28, Reasons::empty()),
    (29, Reasons::SPECIAL_SETTLEMENT), // Seller.
    (30, Reasons::empty()),            // Sold last: the vendor lets it set the last price.
    (31, Reasons::empty()),            // Sold last and stopped stock.
    (32, Reasons::LATE),               // Sold out of sequence.
    (33, Reasons::OUT_OF_SEQUENCE),    // The same, and stopped stock.
    (34, Reasons::empty()),            // Split trade.
    (35, Reasons::empty()),            // Stock option.
    (36, Reasons::empty()),            // Yellow flag.
    (37, Reasons::ODD_LOT),
    (38, Reasons::DUPLICATE), // Corrected consolidated close.
    (41, Reasons::empty()),   // Trade-through exempt.
    (52, Reasons::CONTINGENT),
    (53, Reasons::CONTINGENT),
    (55, Reasons::empty()), // Opening or reopening detail.
];

static BUILTIN: LazyLock<Arc<[Reasons]>> = LazyLock::new(|| {
    let mut reasons = vec![Reasons::UNKNOWN_CODE; MAX_IDS];
    for (id, known) in KNOWN {
        reasons[usize::from(id)] = known;
    }
    reasons.into()
});

/// One sale condition of the vendor's reference list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleCondition {
    /// The number that trades carry.
    pub id: u16,
    /// The vendor's name.
    pub name: Box<str>,
    /// Whether such a trade's shares count in the tape's volume, where the vendor tells.
    pub updates_volume: Option<bool>,
    /// Whether it can set the day's high and low.
    pub updates_high_low: Option<bool>,
    /// Whether it can set the first and last price.
    pub updates_open_close: Option<bool>,
}

/// What each condition says of a price. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTable {
    reasons: Arc<[Reasons]>,
}

impl Default for ConditionTable {
    fn default() -> Self {
        Self::builtin()
    }
}

impl ConditionTable {
    /// What is known without asking the vendor.
    #[must_use]
    pub fn builtin() -> Self {
        Self { reasons: Arc::clone(&BUILTIN) }
    }

    /// This table with what the vendor's list adds: conditions whose shares do not count, and new
    /// ones that leave the price an ordinary one. A condition that is known keeps its meaning.
    #[must_use]
    pub fn with_reference(self, rows: &[SaleCondition]) -> Self {
        let mut reasons = self.reasons.to_vec();
        for row in rows {
            let Some(known) = reasons.get_mut(usize::from(row.id)) else { continue };
            if row.updates_volume == Some(false) {
                *known |= Reasons::DUPLICATE;
            } else if row.is_ordinary() {
                known.remove(Reasons::UNKNOWN_CODE);
            }
        }
        Self { reasons: reasons.into() }
    }

    /// The reasons that a trade's conditions and its correction code give.
    #[must_use]
    pub fn reasons(&self, conditions: &Conditions, correction: u16) -> Reasons {
        let each = conditions.as_slice().iter();
        each.fold(correction_reasons(correction), |all, id| all | self.reason(*id))
    }

    fn reason(&self, id: u16) -> Reasons {
        self.reasons.get(usize::from(id)).copied().unwrap_or(Reasons::UNKNOWN_CODE)
    }
}

impl SaleCondition {
    /// Whether the vendor lets such a trade set every figure of the day.
    fn is_ordinary(&self) -> bool {
        let rules = [self.updates_volume, self.updates_high_low, self.updates_open_close];
        rules.iter().all(|rule| *rule == Some(true))
    }
}

/// The tape keeps what was corrected or withdrawn beside what replaces it.
fn correction_reasons(correction: u16) -> Reasons {
    match correction {
        0 => Reasons::empty(),
        // Later corrected, marked wrong or withdrawn; the records that say so.
        1 | 7 | 8 | 10 | 11 => Reasons::CANCELED,
        12 => Reasons::CORRECTION,
        _ => Reasons::UNKNOWN_CODE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(ids: &[u16]) -> Conditions {
        let mut conditions = Conditions::default();
        ids.iter().for_each(|id| conditions.push(*id).unwrap());
        conditions
    }

    fn row(id: u16, volume: Option<bool>, price: Option<bool>) -> SaleCondition {
        SaleCondition {
            id,
            name: "Invented".into(),
            updates_volume: volume,
            updates_high_low: price,
            updates_open_close: price,
        }
    }

    #[test]
    fn conditions_are_told_apart() {
        let check = |ids: &[u16], expected: Reasons| {
            let found = ConditionTable::builtin().reasons(&conditions(ids), 0);
            assert_eq!(found, expected, "{ids:?}");
        };
        check(&[], Reasons::empty());
        check(&[0, 9, 41], Reasons::empty());
        check(&[2], Reasons::AVERAGE_PRICE);
        check(&[12, 37], Reasons::EXTENDED_HOURS | Reasons::ODD_LOT);
        check(&[14, 41], Reasons::INTERMARKET_SWEEP);
        check(&[52, 53, 10], Reasons::CONTINGENT | Reasons::DERIVATIVELY_PRICED);
        check(&[13], Reasons::EXTENDED_HOURS | Reasons::LATE);
        check(&[8, 15], Reasons::DUPLICATE);
        check(&[26], Reasons::UNKNOWN_CODE);
        check(&[u16::MAX, 2], Reasons::UNKNOWN_CODE | Reasons::AVERAGE_PRICE);
    }

    #[test]
    fn an_auction_is_no_reason_and_what_restates_it_is_a_repeat() {
        let table = ConditionTable::builtin();
        for id in [8, 17, 18, 19, 25, 28] {
            assert!(table.reason(id).is_empty(), "{id}");
        }
        for id in [15, 16, 38] {
            assert_eq!(table.reason(id), Reasons::DUPLICATE, "{id}");
        }
    }

    #[test]
    fn a_correction_is_kept_and_what_it_replaces_is_not() {
        let check = |correction, expected: Reasons| {
            let found = ConditionTable::builtin().reasons(&conditions(&[37]), correction);
            assert_eq!(found, expected | Reasons::ODD_LOT, "{correction}");
        };
        check(0, Reasons::empty());
        check(12, Reasons::CORRECTION);
        for withdrawn in [1, 7, 8, 10, 11] {
            check(withdrawn, Reasons::CANCELED);
        }
        check(9, Reasons::UNKNOWN_CODE);
    }

    #[test]
    fn the_vendors_list_adds_and_never_clears_a_known_reason() {
        let rows = [
            row(2, Some(true), Some(true)),
            row(70, Some(true), Some(true)),
            row(71, Some(true), Some(false)),
            row(72, Some(false), Some(false)),
            row(73, None, None),
            row(u16::MAX, Some(true), Some(true)),
        ];
        let table = ConditionTable::builtin().with_reference(&rows);
        assert_eq!(table.reason(2), Reasons::AVERAGE_PRICE);
        assert_eq!(table.reason(70), Reasons::empty());
        assert_eq!(table.reason(71), Reasons::UNKNOWN_CODE);
        assert_eq!(table.reason(72), Reasons::UNKNOWN_CODE | Reasons::DUPLICATE);
        assert_eq!(table.reason(73), Reasons::UNKNOWN_CODE);
        assert_eq!(table.reason(u16::MAX), Reasons::UNKNOWN_CODE);
        assert_eq!(ConditionTable::builtin().reason(70), Reasons::UNKNOWN_CODE);
    }

    #[test]
    fn no_number_stands_twice_in_the_table() {
        assert!(KNOWN.is_sorted_by(|(a, _), (b, _)| a < b));
    }
}
