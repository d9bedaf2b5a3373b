use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn a_cell_begins_at_a_multiple_of_its_width() {
    let check = |at: &str, low: &str, width: &str| {
        let found = (cell_low(price(at)), cell_width(price(at)));
        assert_eq!(found, (decimal(low), decimal(width)), "{at}");
    };
    check("0.0001", "0", "0.01");
    check("12.3456", "12.34", "0.01");
    check("99.9999", "99.99", "0.01");
    check("100", "100", "0.05");
    check("738.8101", "738.80", "0.05");
    check("738.8499", "738.80", "0.05");
    check("738.85", "738.85", "0.05");
    check("999.99", "999.95", "0.05");
    check("1000", "1000", "0.50");
    check("4321.74", "4321.50", "0.50");
}

#[test]
fn a_bin_begins_half_a_width_below_its_centre() {
    let check = |at: &str, width: &str, centre: &str| {
        assert_eq!(bin_of(decimal(at), decimal(width)), decimal(centre), "{at} {width}");
    };
    check("738.85", "0.10", "738.9");
    check("738.80", "0.10", "738.8");
    check("738.75", "0.10", "738.8");
    check("738.70", "0.10", "738.7");
    check("738.95", "0.20", "739");
    check("738.85", "0.20", "738.8");
    check("12.34", "0.02", "12.34");
    check("12.33", "0.02", "12.34");
    check("4321.50", "1", "4322");
}

#[test]
fn the_bin_width_is_the_nice_step_nearest_to_a_share_of_the_range() {
    let check = |atr: &str, highest: &str, expected: &str| {
        let found = bin_width(Some(decimal(atr)), price(highest), DEFAULT_K);
        assert_eq!(found, decimal(expected), "{atr} {highest}");
    };
    check("0.10", "20", "0.02"); // wanted 0.002: never below two cells
    check("0", "20", "0.02");
    check("1.40", "95", "0.02"); // wanted 0.028, the middle is 0.0283
    check("1.42", "95", "0.04");
    check("3.10", "95", "0.04"); // wanted 0.062, the middle is 0.0632
    check("3.20", "95", "0.1");
    check("7.00", "738", "0.1"); // wanted 0.14, the middle is 0.1414
    check("7.10", "738", "0.2");
    check("40", "738", "1");
    check("60", "4500", "1");
    check("80", "4500", "2");
    check("900000000000", "999999999999", "1000000"); // bounded
}

#[test]
fn without_a_range_one_per_cent_of_the_price_is_assumed() {
    let price = price("740");
    let assumed = bin_width(Some(decimal("7.40")), price, DEFAULT_K);
    assert_eq!(bin_width(None, price, DEFAULT_K), assumed);
    assert_eq!(assumed, decimal("0.2"));
}

proptest! {
    #[test]
    fn a_bin_width_is_an_even_number_of_cells(
        cents in 1_i64..2_000_000,
        atr_cents in 0_i64..100_000,
    ) {
        let highest = Price::new(Decimal::new(cents, 2)).unwrap();
        let width = bin_width(Some(Decimal::new(atr_cents, 2)), highest, DEFAULT_K);
        let cells = width / cell_width(highest);
        prop_assert!(cells >= Decimal::TWO);
        prop_assert_eq!(cells % Decimal::TWO, Decimal::ZERO);
    }

    #[test]
    fn a_price_lies_in_its_cell(hundredths_of_cents in 1_i64..50_000_000) {
        let price = Price::new(Decimal::new(hundredths_of_cents, 4)).unwrap();
        let low = cell_low(price);
        prop_assert!(low <= price.get() && price.get() < low + cell_width(price));
        prop_assert_eq!(low % cell_width(price), Decimal::ZERO);
    }

    /// The reason for even widths: cells tell as much about a bin as the prints themselves.
    #[test]
    fn summing_cells_by_bin_is_binning_the_prints(
        (base, prices) in prop::sample::select(vec![10_0000_i64, 99_5000, 700_0000, 999_0000, 4000_0000])
            .prop_flat_map(|base| {
                (Just(base), prop::collection::vec((base..base + 20_0000, 1_i64..1000), 1..60))
            }),
        atr_cents in 0_i64..5_000,
    ) {
        let prints: Vec<(Price, i64)> = prices
            .into_iter()
            .map(|(ten_thousandths, shares)| {
                (Price::new(Decimal::new(ten_thousandths, 4)).unwrap(), shares)
            })
            .collect();
        let highest = prints.iter().map(|(price, _)| *price).max().unwrap();
        let width = bin_width(Some(Decimal::new(atr_cents, 2)), highest, DEFAULT_K);
        let mut by_cell = BTreeMap::<Decimal, i64>::new();
        let mut directly = BTreeMap::<Decimal, i64>::new();
        for (price, shares) in &prints {
            *by_cell.entry(cell_low(*price)).or_default() += shares;
            *directly.entry(bin_of(price.get(), width)).or_default() += shares;
        }
        let mut through_cells = BTreeMap::<Decimal, i64>::new();
        for (low, shares) in by_cell {
            *through_cells.entry(bin_of(low, width)).or_default() += shares;
        }
        prop_assert_eq!(through_cells, directly, "from {}", base);
    }
}
