//! The vendor's codes and what each says about a price.

use undertow_market::Reasons;

/// Every code of the vendor's documents and message definitions.
const CODES: [(&str, Reasons); 24] = [
    ("average_price_trade", Reasons::AVERAGE_PRICE),
    ("prior_reference_price", Reasons::PRIOR_REFERENCE),
    ("contingent_trade", Reasons::CONTINGENT),
    ("qualified_contingent_trade", Reasons::CONTINGENT),
    ("derivative_priced", Reasons::DERIVATIVELY_PRICED),
    // Agreed away from the market because of how the trade is executed.
    ("price_variation_transaction", Reasons::DERIVATIVELY_PRICED),
    ("extended_hours_trade", Reasons::EXTENDED_HOURS),
    (
        "extended_hours_trade_late_or_out_of_sequence",
        Reasons::EXTENDED_HOURS.union(Reasons::OUT_OF_SEQUENCE),
    ),
    ("sold_out_of_sequence", Reasons::OUT_OF_SEQUENCE),
    ("sold_last", Reasons::OUT_OF_SEQUENCE),
    ("odd_lot_execution", Reasons::ODD_LOT),
    ("odd_lot_cross_execution", Reasons::ODD_LOT),
    ("intermarket_sweep", Reasons::INTERMARKET_SWEEP),
    // These restate the auction's trade and are no trades of their own.
    ("nasdaq_official_open_price", Reasons::DUPLICATE),
    ("nasdaq_official_close_price", Reasons::DUPLICATE),
    // Ordinary trades, however they came about: the tape lets them set the last price.
    ("regular_sale", Reasons::empty()),
    ("acquisition", Reasons::empty()),
    ("bunched", Reasons::empty()),
    ("distribution", Reasons::empty()),
    ("split_trade", Reasons::empty()),
    ("cross_trade", Reasons::empty()),
    ("opening_print", Reasons::empty()),
    ("re_opening_print", Reasons::empty()),
    ("closing_print", Reasons::empty()),
];

/// The reasons that a code field gives. Several codes are separated by commas.
pub(super) fn reasons_of(codes: &str) -> Reasons {
    let each = codes.split(',').map(str::trim).filter(|code| !code.is_empty());
    each.fold(Reasons::empty(), |all, code| all | reason_of(code))
}

/// The reasons that the way of settling gives.
pub(super) fn settlement_reasons(settlement: &str) -> Reasons {
    match settlement {
        "regular" | "regular_settlement" => Reasons::empty(),
        _ => Reasons::SPECIAL_SETTLEMENT,
    }
}

fn reason_of(code: &str) -> Reasons {
    let known = CODES.iter().find(|(name, _)| *name == code);
    known.map_or(Reasons::UNKNOWN_CODE, |(_, reasons)| *reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart() {
        let check = |codes: &str, expected: Reasons| {
            assert_eq!(reasons_of(codes), expected, "{codes}");
        };
        check("", Reasons::empty());
        check("average_price_trade", Reasons::AVERAGE_PRICE);
        check("regular_sale", Reasons::empty());
        check(
            "intermarket_sweep,derivative_priced",
            Reasons::INTERMARKET_SWEEP | Reasons::DERIVATIVELY_PRICED,
        );
        check(" odd_lot_execution , brand_new", Reasons::ODD_LOT | Reasons::UNKNOWN_CODE);
        check("Average_Price_Trade", Reasons::UNKNOWN_CODE);
    }

    #[test]
    fn no_code_stands_twice_in_the_table() {
        for (index, (code, _)) in CODES.iter().enumerate() {
            assert!(CODES[..index].iter().all(|(earlier, _)| earlier != code), "{code}");
        }
    }

    #[test]
    fn only_the_regular_way_of_settling_is_no_reason() {
        assert!(settlement_reasons("regular").is_empty());
        assert!(settlement_reasons("regular_settlement").is_empty());
        for text in ["seller", "cash", "next_day", "something_new"] {
            assert_eq!(settlement_reasons(text), Reasons::SPECIAL_SETTLEMENT, "{text}");
        }
    }
}
