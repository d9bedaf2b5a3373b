//! Days as they would have traded in the shares of a later day: adjusted for splits and dividends.
//!
//! A split multiplies every price before its execution date by old over new shares. A dividend
//! multiplies every price before its ex-date by `1 - D / C`, with the close `C` of the last day
//! before it, in the shares of the ex-date. These are the factors of the Center for Research in
//! Security Prices, and those that data vendors use.
//!
//! Days are adjusted as of a date: what is announced for later changes nothing, so the figures of
//! a past day can be computed again as they were.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use undertow_market::{DayBar, Dividend, Price, Split};

use crate::volatility::Ohlc;

/// The only currency whose dividends adjust a price in dollars.
const DOLLARS: &str = "USD";

/// One day, adjusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdjustedDay {
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Its prices in the shares of the date that was adjusted to.
    pub prices: Ohlc,
}

/// A symbol's days, adjusted to one date.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adjusted {
    /// The days, oldest first.
    pub days: Vec<AdjustedDay>,
    /// Splits and dividends that took effect and could not be used: in another currency, not
    /// above zero, or as large as the price. Prices before them are not comparable with those
    /// after.
    pub unusable: usize,
}

/// Adjusts days to the shares of `as_of`. Later days, splits and dividends are left out. The rows
/// may come in any order and must be of one symbol; of two bars of a day the last counts, and a
/// split or dividend that is listed twice counts once.
#[must_use]
pub fn adjusted(
    bars: &[DayBar],
    splits: &[Split],
    dividends: &[Dividend],
    as_of: NaiveDate,
) -> Adjusted {
    let known = bars.iter().filter(|bar| bar.session_date <= as_of);
    let by_date: BTreeMap<NaiveDate, &DayBar> = known.map(|bar| (bar.session_date, bar)).collect();
    let mut factors = Factors::of(splits, as_of);
    factors.add_dividends(dividends, as_of, &by_date);
    let Factors { by_date: mut pending, unusable } = factors;
    let (mut factor, mut days) = (1.0, Vec::with_capacity(by_date.len()));
    for (date, bar) in by_date.into_iter().rev() {
        while let Some(next) = pending.last_entry().filter(|next| *next.key() > date) {
            factor *= next.remove();
        }
        days.push(AdjustedDay { session_date: date, prices: scaled(bar, factor) });
    }
    days.reverse();
    Adjusted { days, unusable }
}

/// What multiplies the prices before each date.
struct Factors {
    by_date: BTreeMap<NaiveDate, f64>,
    unusable: usize,
}

impl Factors {
    fn of(splits: &[Split], as_of: NaiveDate) -> Self {
        let mut factors = Self { by_date: BTreeMap::new(), unusable: 0 };
        let mut seen: Vec<(NaiveDate, Decimal, Decimal)> = Vec::new();
        for split in splits.iter().filter(|split| split.execution_date <= as_of) {
            let this = (split.execution_date, split.from, split.to);
            if !seen.contains(&this) {
                seen.push(this);
                factors.multiply(split.execution_date, ratio(split.from, split.to));
            }
        }
        factors
    }

    fn add_dividends(
        &mut self,
        dividends: &[Dividend],
        as_of: NaiveDate,
        bars: &BTreeMap<NaiveDate, &DayBar>,
    ) {
        let splits = self.by_date.clone();
        let mut cash: BTreeMap<NaiveDate, Vec<Decimal>> = BTreeMap::new();
        for dividend in dividends.iter().filter(|dividend| dividend.ex_date <= as_of) {
            let of_day = cash.entry(dividend.ex_date).or_default();
            if &*dividend.currency != DOLLARS {
                self.unusable += 1;
            } else if !of_day.contains(&dividend.cash) {
                of_day.push(dividend.cash);
            }
        }
        for (ex_date, paid) in cash {
            let Some((_, before)) = bars.range(..ex_date).next_back() else { continue };
            // Several dividends of one day leave the price together.
            let paid: f64 = paid.iter().filter_map(ToPrimitive::to_f64).sum();
            let split = splits.get(&ex_date).copied().unwrap_or(1.0);
            let left = 1.0 - paid / (float(before.close) * split);
            if paid != 0.0 {
                self.multiply(ex_date, Some(left).filter(|_| paid > 0.0));
            }
        }
    }

    /// Enters a factor, or that there is none.
    fn multiply(&mut self, date: NaiveDate, factor: Option<f64>) {
        match factor.filter(|factor| factor.is_finite() && *factor > 0.0) {
            Some(factor) => *self.by_date.entry(date).or_insert(1.0) *= factor,
            None => self.unusable += 1,
        }
    }
}

fn ratio(from: Decimal, to: Decimal) -> Option<f64> {
    let (from, to) = (from.to_f64()?, to.to_f64()?);
    (from > 0.0 && to > 0.0).then(|| from / to)
}

fn scaled(bar: &DayBar, factor: f64) -> Ohlc {
    let [open, high, low, close] =
        [bar.open, bar.high, bar.low, bar.close].map(|price| float(price) * factor);
    Ohlc { open, high, low, close }
}

fn float(price: Price) -> f64 {
    price.get().to_f64().expect("every decimal has a nearest float")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use undertow_market::Symbol;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn bar(day: &str, close: &str) -> DayBar {
        let price: Price = close.parse().unwrap();
        DayBar {
            symbol: Symbol::new("MSFT").unwrap(),
            session_date: date(day),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Decimal::ONE_HUNDRED,
            vwap: None,
            trades: None,
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    fn split(day: &str, from: i64, to: i64) -> Split {
        Split {
            symbol: Symbol::new("MSFT").unwrap(),
            execution_date: date(day),
            from: from.into(),
            to: to.into(),
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    fn dividend(day: &str, cash: &str) -> Dividend {
        Dividend {
            symbol: Symbol::new("MSFT").unwrap(),
            ex_date: date(day),
            cash: cash.parse().unwrap(),
            currency: "USD".into(),
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    #[track_caller]
    fn check(found: &Adjusted, closes: &[f64], tolerance: f64) {
        let found: Vec<f64> = found.days.iter().map(|day| day.prices.close).collect();
        assert_eq!(found.len(), closes.len());
        for (found, expected) in found.iter().zip(closes) {
            assert!((found - expected).abs() <= tolerance, "{found}, expected {expected}");
        }
    }

    /// Yahoo Finance's help page on adjusted closes: Microsoft's split and dividend of 2003.
    fn yahoo() -> (Vec<DayBar>, Vec<Split>, Vec<Dividend>) {
        let bars = [
            ("2003-02-13", "46.99"),
            ("2003-02-14", "48.30"),
            ("2003-02-18", "24.96"),
            ("2003-02-19", "24.53"),
        ];
        let bars = bars.map(|(day, close)| bar(day, close)).to_vec();
        (bars, vec![split("2003-02-18", 1, 2)], vec![dividend("2003-02-19", "0.08")])
    }

    #[test]
    fn prices_agree_with_published_ones() {
        let (bars, splits, dividends) = yahoo();
        let found = adjusted(&bars, &splits, &dividends, date("2003-02-19"));
        check(&found, &[23.42, 24.07, 24.88, 24.53], 0.005);
        assert_eq!(found.unusable, 0);
        // Apple's split of four for one on 31 August 2020: 499.23 the session before is 124.81 in
        // every table of today.
        let bars = [bar("2020-08-28", "499.23"), bar("2020-08-31", "129.04")];
        let found = adjusted(&bars, &[split("2020-08-31", 1, 4)], &[], date("2020-12-31"));
        check(&found, &[124.81, 129.04], 0.005);
    }

    #[test]
    fn a_past_day_does_not_know_what_came_after() {
        let (bars, splits, dividends) = yahoo();
        let found = adjusted(&bars, &splits, &dividends, date("2003-02-14"));
        check(&found, &[46.99, 48.30], 0.0);
        let found = adjusted(&bars, &splits, &dividends, date("2003-02-18"));
        check(&found, &[23.495, 24.15, 24.96], 1e-12);
    }

    #[test]
    fn rows_in_any_order_and_twice_are_the_same() {
        let (mut bars, mut splits, mut dividends) = yahoo();
        let expected = adjusted(&bars, &splits, &dividends, date("2003-02-19"));
        bars.reverse();
        bars.extend(bars.clone());
        splits.extend(splits.clone());
        dividends.extend(dividends.clone());
        assert_eq!(adjusted(&bars, &splits, &dividends, date("2003-02-19")), expected);
    }

    #[test]
    fn a_dividend_of_a_split_day_is_in_new_shares() {
        let bars = [bar("2026-03-02", "100"), bar("2026-03-03", "49")];
        let (splits, paid) = ([split("2026-03-03", 1, 2)], [dividend("2026-03-03", "1")]);
        check(&adjusted(&bars, &splits, &paid, date("2026-03-03")), &[49.0, 49.0], 1e-12);
        // A special dividend beside an ordinary one: together 2 of 100.
        let paid = [dividend("2026-03-03", "0.5"), dividend("2026-03-03", "1.5")];
        check(&adjusted(&bars, &[], &paid, date("2026-03-03")), &[98.0, 49.0], 1e-12);
    }

    #[test]
    fn what_cannot_adjust_is_counted_and_left_out() {
        let bars = [bar("2026-03-02", "100"), bar("2026-03-03", "99")];
        let day = "2026-03-03";
        let euros = Dividend { currency: "EUR".into(), ..dividend(day, "1") };
        for (splits, dividends, unusable) in [
            (vec![split(day, 0, 2)], vec![], 1),
            (vec![split(day, 1, 0), split(day, -1, 2)], vec![], 2),
            (vec![], vec![dividend(day, "100")], 1),
            (vec![], vec![dividend(day, "-1")], 1),
            (vec![], vec![euros], 1),
            (vec![], vec![dividend(day, "0")], 0),
            (vec![], vec![dividend("2026-03-01", "1")], 0),
        ] {
            let found = adjusted(&bars, &splits, &dividends, date("2026-03-03"));
            check(&found, &[100.0, 99.0], 0.0);
            assert_eq!(found.unusable, unusable, "{splits:?} {dividends:?}");
        }
        assert_eq!(adjusted(&[], &[], &[], date("2026-03-03")), Adjusted::default());
    }

    proptest! {
        /// A split changes no return: the adjusted closes move as the shares' worth did.
        #[test]
        fn a_split_leaves_no_mark(
            closes in prop::collection::vec(100_i64..100_000, 2..30),
            at in 1_usize..30, shares in 2_i64..20,
        ) {
            let at = at.min(closes.len() - 1);
            let first = date("2026-01-01");
            let day = |index: usize| (first + chrono::Days::new(index as u64)).to_string();
            let plain: Vec<DayBar> = closes
                .iter()
                .enumerate()
                .map(|(index, cents)| bar(&day(index), &Decimal::new(*cents, 2).to_string()))
                .collect();
            let mut traded = plain.clone();
            for bar in &mut traded[..at] {
                let before = Price::new(bar.close.get() * Decimal::from(shares)).unwrap();
                *bar = DayBar { open: before, high: before, low: before, close: before, ..bar.clone() };
            }
            let as_of = date("2027-01-01");
            let expected = adjusted(&plain, &[], &[], as_of);
            let found = adjusted(&traded, &[split(&day(at), 1, shares)], &[], as_of);
            for (found, expected) in found.days.iter().zip(&expected.days) {
                let off_by = (found.prices.close / expected.prices.close - 1.0).abs();
                prop_assert!(off_by < 1e-12);
            }
        }
    }
}
