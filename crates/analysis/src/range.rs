//! How far a price moves in a day: true range and its average by Wilder.

use rust_decimal::Decimal;
use undertow_market::Bar;

/// The number of days of ATR14.
pub const ATR_DAYS: usize = 14;

/// The true range of a bar, dollars: high minus low, widened to the close before it. The first
/// bar has no close before it.
#[must_use]
pub fn true_range(bar: &Bar, previous: Option<&Bar>) -> Decimal {
    let (mut high, mut low) = (bar.high, bar.low);
    if let Some(previous) = previous {
        high = high.max(previous.close);
        low = low.min(previous.close);
    }
    high.get() - low.get()
}

/// Wilder's average true range after the last of the daily bars, dollars, oldest bar first. The
/// first average is the mean of the first [`ATR_DAYS`] true ranges; each later day enters with
/// one part in [`ATR_DAYS`]. None with fewer bars.
///
/// The bars must be of consecutive sessions and not adjusted halfway for a split.
#[must_use]
pub fn atr14(bars: &[Bar]) -> Option<Decimal> {
    atr14_series(bars).last().copied()
}

/// The average true range after each daily bar from the fourteenth on, dollars, to eight digits
/// after the point.
#[must_use]
pub fn atr14_series(bars: &[Bar]) -> Vec<Decimal> {
    let days = Decimal::from(ATR_DAYS);
    let previous = std::iter::once(None).chain(bars.iter().map(Some));
    let ranges: Vec<Decimal> =
        bars.iter().zip(previous).map(|(bar, previous)| true_range(bar, previous)).collect();
    let Some((first, later)) = ranges.split_at_checked(ATR_DAYS) else {
        return Vec::new();
    };
    let mut average = first.iter().sum::<Decimal>() / days;
    let mut series = vec![average.round_dp(8)];
    for range in later {
        average = (average * (days - Decimal::ONE) + range) / days;
        series.push(average.round_dp(8));
    }
    series
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use undertow_market::{BarInterval, MarketSession, Price, Symbol, VendorId};

    use super::*;

    /// A daily bar from high, low and close in cents.
    fn bar(high: i64, low: i64, close: i64) -> Bar {
        let price = |cents| Price::new(Decimal::new(cents, 2)).unwrap();
        let start_at: DateTime<Utc> = "2026-11-20T14:30:00Z".parse().unwrap();
        Bar {
            vendor: VendorId::UnusualWhales,
            symbol: Symbol::new("QQQ").unwrap(),
            interval: BarInterval::Day1,
            session_date: start_at.date_naive(),
            session: MarketSession::Regular,
            start_at,
            open: price(close),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: 0,
            received_at: start_at,
        }
    }

    /// High, low and close in cents and the ATR in cents, from StockCharts' ChartSchool article
    /// "Average True Range (ATR)", whose table is of 30 days of QQQQ in April and May 2010.
    const CHART_SCHOOL: [(i64, i64, i64, Option<i64>); 30] = [
        (4870, 4779, 4816, None),
        (4872, 4814, 4861, None),
        (4890, 4839, 4875, None),
        (4887, 4837, 4863, None),
        (4882, 4824, 4874, None),
        (4905, 4864, 4903, None),
        (4920, 4894, 4907, None),
        (4935, 4886, 4932, None),
        (4992, 4950, 4991, None),
        (5019, 4987, 5013, None),
        (5012, 4920, 4953, None),
        (4966, 4890, 4950, None),
        (4988, 4943, 4975, None),
        (5019, 4973, 5003, Some(56)),
        (5036, 4926, 5031, Some(59)),
        (5057, 5009, 5052, Some(59)),
        (5065, 5030, 5041, Some(57)),
        (5043, 4921, 4934, Some(62)),
        (4963, 4898, 4937, Some(62)),
        (5033, 4961, 5023, Some(64)),
        (5029, 4920, 4924, Some(67)),
        (5017, 4943, 4993, Some(69)),
        (4932, 4808, 4843, Some(78)),
        (4850, 4764, 4818, Some(78)),
        (4832, 4155, 4657, Some(121)),
        (4680, 4428, 4541, Some(130)),
        (4780, 4731, 4777, Some(138)),
        (4839, 4720, 4772, Some(137)),
        (4866, 4790, 4862, Some(134)),
        (4879, 4773, 4785, Some(132)),
    ];

    #[test]
    fn the_average_true_range_is_that_of_the_published_table() {
        let bars: Vec<Bar> =
            CHART_SCHOOL.into_iter().map(|(high, low, close, _)| bar(high, low, close)).collect();
        for (day, (.., expected)) in CHART_SCHOOL.into_iter().enumerate() {
            let Some(expected) = expected else {
                assert_eq!(atr14(&bars[..=day]), None, "day {}", day + 1);
                continue;
            };
            // The table is rounded to cents, and its prices were rounded before it was printed.
            let found = atr14(&bars[..=day]).unwrap();
            let difference = (found - Decimal::new(expected, 2)).abs();
            assert!(difference <= Decimal::new(6, 3), "day {}: {found}", day + 1);
        }
    }

    #[test]
    fn a_gap_counts_from_the_close_before() {
        let check = |high, low, expected| {
            let found = true_range(&bar(high, low, low), Some(&bar(1010, 990, 1000)));
            assert_eq!(found, Decimal::new(expected, 2), "{high} {low}");
        };
        check(1010, 990, 20);
        check(1060, 1050, 60);
        check(960, 940, 60);
        check(1000, 1000, 0);
        assert_eq!(true_range(&bar(1060, 1050, 1055), None), Decimal::new(10, 2));
    }

    #[test]
    fn one_wide_day_fades_by_a_fourteenth_a_day() {
        let mut bars = vec![bar(1000, 1000, 1000); 14];
        bars.push(bar(1700, 300, 1000));
        bars.push(bar(1000, 1000, 1000));
        let expected = [Decimal::ZERO, Decimal::ONE, Decimal::new(92_857_143, 8)];
        assert_eq!(atr14_series(&bars), expected);
    }

    proptest! {
        #[test]
        fn the_average_lies_between_the_least_and_the_largest_range(
            days in prop::collection::vec((1_i64..5_000, 0_i64..500), 14..40),
        ) {
            let bars: Vec<Bar> =
                days.into_iter().map(|(low, height)| bar(low + height, low, low)).collect();
            let previous = std::iter::once(None).chain(bars.iter().map(Some));
            let ranges: Vec<_> =
                bars.iter().zip(previous).map(|(bar, before)| true_range(bar, before)).collect();
            let found = atr14(&bars).unwrap();
            prop_assert!(ranges.iter().min().unwrap() <= &found);
            prop_assert!(&found <= ranges.iter().max().unwrap());
        }
    }
}
