//! How often a share moved as far as a straddle needs.

/// Most sessions that a base rate looks back: two years. What was longer ago was another market.
pub const BASE_RATE_SESSIONS: usize = 504;
/// The normal deviate of a 95 % interval.
const DEVIATE: f64 = 1.959_963_984_540_054;

/// The share of past windows in which the share ended beyond a breakeven.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BaseRate {
    /// That share, 0 to 1.
    pub rate: f64,
    /// Windows that it is of. They overlap.
    pub windows: u32,
    /// How many of them do not: what the interval rests on. At least one.
    pub independent: u32,
    /// The lower end of the 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The share of windows of `horizon` sessions in which the last close was below the first of
/// `factors` times the close before the window, or above the second.
///
/// Windows begin at every session and overlap, so they say less than their number: the interval
/// (Wilson's) is that of as many windows as fit one after another. None when not one fits. A
/// window that begins or ends with no price is left out.
#[must_use]
pub fn base_rate(closes: &[f64], horizon: u32, factors: [f64; 2]) -> Option<BaseRate> {
    let horizon_sessions = usize::try_from(horizon).ok().filter(|sessions| *sessions > 0)?;
    let newest = &closes[closes.len().saturating_sub(BASE_RATE_SESSIONS)..];
    let ends = newest.get(horizon_sessions..)?;
    let is_price = |price: &f64| price.is_finite() && *price > 0.0;
    let moves = newest.iter().zip(ends).filter(|(from, to)| is_price(from) && is_price(to));
    let (mut windows, mut beyond) = (0_u32, 0_u32);
    for (from, to) in moves {
        windows += 1;
        let ratio = to / from;
        beyond += u32::from(ratio < factors[0] || ratio > factors[1]);
    }
    if windows == 0 {
        return None;
    }
    let rate = f64::from(beyond) / f64::from(windows);
    let independent = (windows / horizon).max(1);
    let [low, high] = wilson(rate, f64::from(independent));
    Some(BaseRate { rate, windows, independent, low, high })
}

/// Wilson's 95 % interval of a share that was seen in `count` trials, without a correction for
/// continuity. The count is above zero.
#[must_use]
pub fn wilson(share: f64, count: f64) -> [f64; 2] {
    let square = DEVIATE * DEVIATE;
    let centre = share + square / (2.0 * count);
    let reach = DEVIATE * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    [centre - reach, centre + reach].map(|end| (end / (1.0 + square / count)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_agree_with_published_ones() {
        // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics
        // in Medicine 17 (1998), table I, method 3.
        for (hits, count, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let found = wilson(hits / count, count);
            assert!((found[0] - low).abs() < 0.000_05, "{hits}/{count} {found:?}");
            assert!((found[1] - high).abs() < 0.000_05, "{hits}/{count} {found:?}");
        }
    }

    #[test]
    fn windows_are_counted_by_where_they_end() {
        // Five windows of two sessions: 100 to 110, 104 to 104.5, 110 to 90, 104.5 to 99 and 90 to
        // 90.5. The first, the third and the fourth end more than 5 % away.
        let closes = [100.0, 104.0, 110.0, 104.5, 90.0, 99.0, 90.5];
        let found = base_rate(&closes, 2, [0.95, 1.05]).unwrap();
        assert_eq!((found.windows, found.independent), (5, 2));
        assert!((found.rate - 0.6).abs() < 1e-12);
        assert_eq!(vec![found.low, found.high], wilson(found.rate, 2.0));
    }

    #[test]
    fn what_has_no_window_has_no_rate() {
        for (closes, horizon) in [
            (&[][..], 1),
            (&[100.0], 1),
            (&[100.0, 101.0], 2),
            (&[100.0, 101.0], 0),
            (&[100.0, f64::NAN], 1),
            (&[0.0, 100.0], 1),
            (&[100.0, 101.0], u32::MAX),
        ] {
            assert_eq!(base_rate(closes, horizon, [0.9, 1.1]), None, "{closes:?} {horizon}");
        }
    }

    proptest! {
        #[test]
        fn a_rate_lies_within_its_interval(
            closes in prop::collection::vec(50.0_f64..150.0, 0..700), horizon in 1_u32..60,
            low in 0.5_f64..1.0, high in 1.0_f64..1.5,
        ) {
            if let Some(found) = base_rate(&closes, horizon, [low, high]) {
                prop_assert!(found.low <= found.rate + 1e-12 && found.rate <= found.high + 1e-12);
                prop_assert!(found.windows as usize <= BASE_RATE_SESSIONS);
                prop_assert!(found.independent >= 1);
            }
        }
    }
}
