//! Why a print's price may not be a price that anybody could trade at then.

use bitflags::bitflags;

bitflags! {
    /// The reasons that a print carries, as a set. The bits are stored: never renumber them.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Reasons: u16 {
        /// The price is an average over an execution period.
        const AVERAGE_PRICE = 1 << 0;
        /// The price was derived from another instrument.
        const DERIVATIVELY_PRICED = 1 << 1;
        /// One leg of a qualified contingent trade.
        const CONTINGENT = 1 << 2;
        /// The price refers to an earlier moment.
        const PRIOR_REFERENCE = 1 << 3;
        /// Sold, or reported out of sequence.
        const OUT_OF_SEQUENCE = 1 << 4;
        /// Reported more than ten seconds after execution.
        const LATE = 1 << 5;
        /// Reported fifteen minutes or more after execution.
        const LATE_SIGNATURE = 1 << 6;
        /// Traded outside the regular session.
        const EXTENDED_HOURS = 1 << 7;
        /// Withdrawn after it was printed.
        const CANCELED = 1 << 8;
        /// Replaces an earlier print.
        const CORRECTION = 1 << 9;
        /// Printed a second time.
        const DUPLICATE = 1 << 10;
        /// Smaller than a round lot.
        const ODD_LOT = 1 << 11;
        /// Part of an intermarket sweep. A label: the price is real.
        const INTERMARKET_SWEEP = 1 << 12;
        /// Settles otherwise than in the regular way (cash, next day, seller's option).
        const SPECIAL_SETTLEMENT = 1 << 13;
        /// The vendor sent a code that we do not know. Shown, and not trusted for levels.
        const UNKNOWN_CODE = 1 << 14;
    }
}

impl Reasons {
    /// Reasons that make the price an artefact wherever and whenever it was reported.
    pub const PRICE_DISTORTING: Self = Self::AVERAGE_PRICE
        .union(Self::DERIVATIVELY_PRICED)
        .union(Self::CONTINGENT)
        .union(Self::PRIOR_REFERENCE)
        .union(Self::OUT_OF_SEQUENCE)
        .union(Self::SPECIAL_SETTLEMENT)
        .union(Self::DUPLICATE)
        .union(Self::UNKNOWN_CODE);

    /// Reasons for which the tape does not count the shares.
    pub const NOT_COUNTED: Self = Self::CANCELED.union(Self::DUPLICATE);

    /// Reasons that keep a print out of every level.
    pub const NOT_LEVEL_ELIGIBLE: Self =
        Self::PRICE_DISTORTING.union(Self::LATE).union(Self::LATE_SIGNATURE).union(Self::CANCELED);

    /// The reasons with the code and the words that the screen shows, most telling first.
    pub const LABELS: [(Self, &'static str, &'static str); 15] = [
        (Self::CANCELED, "CXL", "Cancelled after it was printed"),
        (Self::CORRECTION, "COR", "Corrects an earlier print"),
        (Self::DUPLICATE, "DUP", "Printed a second time"),
        (Self::LATE_SIGNATURE, "SIG", "Reported 15 minutes or more after execution"),
        (Self::LATE, "LATE", "Reported more than 10 seconds after execution"),
        (Self::AVERAGE_PRICE, "AVG", "Average price over a period"),
        (Self::DERIVATIVELY_PRICED, "DRV", "Price derived from another instrument"),
        (Self::CONTINGENT, "QCT", "Contingent on another leg"),
        (Self::PRIOR_REFERENCE, "PRP", "Price refers to an earlier moment"),
        (Self::OUT_OF_SEQUENCE, "SOLD", "Sold or out of sequence"),
        (Self::SPECIAL_SETTLEMENT, "SET", "Settles otherwise than regular way"),
        (Self::EXTENDED_HOURS, "EXT", "Traded outside the regular session"),
        (Self::ODD_LOT, "ODD", "Odd lot"),
        (Self::INTERMARKET_SWEEP, "ISO", "Intermarket sweep"),
        (Self::UNKNOWN_CODE, "???", "A vendor code that Undertow does not know"),
    ];

    /// The short codes of the reasons in this set, most telling first.
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        Self::LABELS
            .into_iter()
            .filter(move |(flag, ..)| self.contains(*flag))
            .map(|(_, code, _)| code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_one_label() {
        let labelled = Reasons::LABELS.iter().fold(Reasons::empty(), |all, (flag, ..)| all | *flag);
        assert_eq!(labelled, Reasons::all());
        assert_eq!(Reasons::LABELS.len(), Reasons::all().iter().count());
    }

    #[test]
    fn the_stored_bits_never_move() {
        assert_eq!(Reasons::AVERAGE_PRICE.bits(), 1);
        assert_eq!(Reasons::CANCELED.bits(), 256);
        assert_eq!(Reasons::UNKNOWN_CODE.bits(), 16_384);
    }

    #[test]
    fn a_label_is_no_reason_to_distrust_a_price() {
        let harmless = Reasons::INTERMARKET_SWEEP | Reasons::ODD_LOT | Reasons::EXTENDED_HOURS;
        assert!(!harmless.intersects(Reasons::NOT_LEVEL_ELIGIBLE));
    }
}
