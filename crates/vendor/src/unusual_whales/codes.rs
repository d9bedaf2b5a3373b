//! The vendor's codes and what each says about a print or an option trade.

use undertow_market::{Reasons, TradeFlags};

/// Every code of prints in the vendor's documents and message definitions.
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

/// Every condition of option trades in the vendor's documents. They are the options tape's own.
const CONDITIONS: [(&str, TradeFlags); 33] = [
    ("auto", TradeFlags::empty()),
    ("reop", TradeFlags::empty()),
    ("isoi", TradeFlags::SWEEP),
    ("canc", TradeFlags::CANCELED),
    ("cncl", TradeFlags::CANCELED),
    ("cnco", TradeFlags::CANCELED),
    ("cnol", TradeFlags::CANCELED),
    ("late", TradeFlags::LATE),
    ("oseq", TradeFlags::LATE),
    // Late reports of the day's first trade.
    ("open", TradeFlags::LATE),
    ("opnl", TradeFlags::LATE),
    // Single legs.
    ("slan", TradeFlags::AUCTION),
    ("slai", TradeFlags::AUCTION.union(TradeFlags::SWEEP)),
    ("slcn", TradeFlags::CROSS),
    ("slci", TradeFlags::CROSS.union(TradeFlags::SWEEP)),
    ("slft", TradeFlags::FLOOR),
    // Several legs, traded as one or against single legs.
    ("mlet", TradeFlags::MULTI_LEG),
    ("mlat", TradeFlags::MULTI_LEG.union(TradeFlags::AUCTION)),
    ("mlct", TradeFlags::MULTI_LEG.union(TradeFlags::CROSS)),
    ("mlft", TradeFlags::MULTI_LEG.union(TradeFlags::FLOOR)),
    ("mesl", TradeFlags::MULTI_LEG),
    ("masl", TradeFlags::MULTI_LEG.union(TradeFlags::AUCTION)),
    ("mfsl", TradeFlags::MULTI_LEG.union(TradeFlags::FLOOR)),
    ("cbmo", TradeFlags::MULTI_LEG.union(TradeFlags::FLOOR)),
    // Old positions netted at prices of the close before: nobody's opinion of a direction.
    ("mctp", TradeFlags::MULTI_LEG.union(TradeFlags::EXTENDED_HOURS)),
    // Options with stock.
    ("tlet", TradeFlags::STOCK_LEG),
    ("tlat", TradeFlags::STOCK_LEG.union(TradeFlags::AUCTION)),
    ("tlct", TradeFlags::STOCK_LEG.union(TradeFlags::CROSS)),
    ("tlft", TradeFlags::STOCK_LEG.union(TradeFlags::FLOOR)),
    ("tesl", TradeFlags::STOCK_LEG),
    ("tasl", TradeFlags::STOCK_LEG.union(TradeFlags::AUCTION)),
    ("tfsl", TradeFlags::STOCK_LEG.union(TradeFlags::FLOOR)),
    ("exht", TradeFlags::EXTENDED_HOURS),
];

/// Every report flag of option trades in the vendor's documents.
const REPORT_FLAGS: [(&str, TradeFlags); 13] = [
    ("opening", TradeFlags::empty()),
    ("closing", TradeFlags::empty()),
    ("reopening", TradeFlags::empty()),
    ("cross_trade", TradeFlags::CROSS),
    ("extended_hours", TradeFlags::EXTENDED_HOURS),
    ("intermarket_sweep", TradeFlags::SWEEP),
    ("trade_through_exempt", TradeFlags::empty()),
    ("odd_lot", TradeFlags::empty()),
    ("official_price_report", TradeFlags::empty()),
    ("futures_floor", TradeFlags::FLOOR),
    ("summary", TradeFlags::empty()),
    ("printable", TradeFlags::empty()),
    ("normal", TradeFlags::empty()),
];

/// The flags that an option trade's conditions give. Several are separated by commas.
pub(super) fn condition_flags(conditions: &str) -> TradeFlags {
    let each = conditions.split(',').map(str::trim).filter(|code| !code.is_empty());
    each.fold(TradeFlags::empty(), |all, code| all | flag_of(&CONDITIONS, code))
}

/// The flags that one report flag gives.
pub(super) fn report_flag(flag: &str) -> TradeFlags {
    flag_of(&REPORT_FLAGS, flag.trim())
}

fn flag_of(table: &[(&str, TradeFlags)], code: &str) -> TradeFlags {
    // One part of the vendor's documents writes `Auto` for `auto`.
    let known = table.iter().find(|(name, _)| name.eq_ignore_ascii_case(code));
    known.map_or(TradeFlags::UNKNOWN_CODE, |(_, flags)| *flags)
}

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
        for (index, (code, _)) in CONDITIONS.iter().enumerate() {
            assert!(CONDITIONS[..index].iter().all(|(earlier, _)| earlier != code), "{code}");
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

    #[test]
    fn conditions_of_option_trades_are_told_apart() {
        let check = |codes: &str, expected: TradeFlags| {
            assert_eq!(condition_flags(codes), expected, "{codes}");
        };
        check("", TradeFlags::empty());
        check("auto", TradeFlags::empty());
        check("Auto", TradeFlags::empty());
        check("slan,isoi", TradeFlags::AUCTION | TradeFlags::SWEEP);
        check("mlft", TradeFlags::MULTI_LEG | TradeFlags::FLOOR);
        check("tfsl", TradeFlags::STOCK_LEG | TradeFlags::FLOOR);
        check("cnol", TradeFlags::CANCELED);
        check(" opnl , zzzz", TradeFlags::LATE | TradeFlags::UNKNOWN_CODE);
        assert_eq!(report_flag("cross_trade"), TradeFlags::CROSS);
        assert_eq!(report_flag("brand_new"), TradeFlags::UNKNOWN_CODE);
    }

    #[test]
    fn every_leg_of_a_larger_order_is_no_directional_trade() {
        for (code, flags) in CONDITIONS {
            let is_leg = code.starts_with('m') || code.starts_with('t') || code == "cbmo";
            assert_eq!(flags.intersects(TradeFlags::COMPLEX), is_leg, "{code}");
        }
    }
}
