//! The kinds of prints, their codes on the wire and how often each comes.

use undertow_market::Reasons;

use crate::dice::Dice;

/// What sort of trade a print reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An ordinary trade in the regular session.
    Plain,
    /// An ordinary trade outside the regular session.
    Extended,
    /// An average price, derivatively priced.
    AverageDerived,
    /// The price of an earlier moment, outside the regular session.
    PriorReference,
    /// One leg of a qualified contingent trade.
    Contingent,
    /// An average price.
    Average,
    /// An average price, outside the regular session.
    AverageExtended,
    /// Part of an intermarket sweep.
    Sweep,
    /// An average price reported again, out of sequence.
    OutOfSequence,
}

/// The three code fields of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// `sale_cond_codes`.
    pub sale: Option<&'static str>,
    /// `trade_code`.
    pub trade: Option<&'static str>,
    /// `ext_hour_sold_codes`.
    pub extended_hours: Option<&'static str>,
}

/// How many of 28,839 real rows were of each kind.
const SHARES: [(Kind, f64); 8] = [
    (Kind::Plain, 22_732.0),
    (Kind::Extended, 2_975.0),
    (Kind::AverageDerived, 1_867.0),
    (Kind::PriorReference, 590.0),
    (Kind::Contingent, 330.0),
    (Kind::Average, 205.0),
    (Kind::AverageExtended, 84.0),
    (Kind::Sweep, 56.0),
];

impl Kind {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let mut left = dice.unit() * SHARES.iter().map(|(_, share)| share).sum::<f64>();
        for (kind, share) in SHARES {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Self::Plain
    }

    /// Its codes on the wire.
    #[must_use]
    pub fn codes(self) -> Codes {
        let (sale, trade, extended_hours) = match self {
            Self::Plain => (None, None, None),
            Self::Extended => (None, None, Some("extended_hours_trade")),
            Self::AverageDerived => (Some("average_price_trade"), Some("derivative_priced"), None),
            Self::PriorReference => {
                (Some("prior_reference_price"), None, Some("extended_hours_trade"))
            }
            Self::Contingent => {
                (Some("contingent_trade"), Some("qualified_contingent_trade"), None)
            }
            Self::Average => (Some("average_price_trade"), None, None),
            Self::AverageExtended => {
                (Some("average_price_trade"), None, Some("extended_hours_trade"))
            }
            Self::Sweep => (None, Some("intermarket_sweep"), None),
            Self::OutOfSequence => (
                Some("average_price_trade"),
                Some("derivative_priced"),
                Some("sold_out_of_sequence"),
            ),
        };
        Codes { sale, trade, extended_hours }
    }

    /// The reasons that its codes stand for. A second account beside the vendor's parser, so that
    /// one can be tested against the other.
    #[must_use]
    pub fn reasons(self) -> Reasons {
        match self {
            Self::Plain => Reasons::empty(),
            Self::Extended => Reasons::EXTENDED_HOURS,
            Self::AverageDerived => Reasons::AVERAGE_PRICE | Reasons::DERIVATIVELY_PRICED,
            Self::PriorReference => Reasons::PRIOR_REFERENCE | Reasons::EXTENDED_HOURS,
            Self::Contingent => Reasons::CONTINGENT,
            Self::Average => Reasons::AVERAGE_PRICE,
            Self::AverageExtended => Reasons::AVERAGE_PRICE | Reasons::EXTENDED_HOURS,
            Self::Sweep => Reasons::INTERMARKET_SWEEP,
            Self::OutOfSequence => {
                Reasons::AVERAGE_PRICE | Reasons::DERIVATIVELY_PRICED | Reasons::OUT_OF_SEQUENCE
            }
        }
    }

    /// Whether its price is an artefact.
    #[must_use]
    pub fn is_distorted(self) -> bool {
        self.reasons().intersects(Reasons::PRICE_DISTORTING)
    }

    /// Whether it comes outside the regular session.
    pub(crate) fn is_extended(self) -> bool {
        self.reasons().contains(Reasons::EXTENDED_HOURS)
    }
}
