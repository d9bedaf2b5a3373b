//! Exact values turned into what a screen draws, at the last moment.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Epoch milliseconds.
#[expect(clippy::cast_precision_loss, reason = "epoch milliseconds are far below 2^53")]
pub(crate) fn ms(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64
}

/// Epoch milliseconds, NaN for none.
pub(crate) fn ms_or_nan(at: Option<DateTime<Utc>>) -> f64 {
    at.map_or(f64::NAN, ms)
}

/// An instant from epoch milliseconds; none when it is not within the years 1990 to 2100.
pub(crate) fn instant(ms: f64) -> Option<DateTime<Utc>> {
    const BOUNDS_MS: std::ops::Range<f64> = 631_152_000_000.0..4_102_444_800_000.0;
    if !BOUNDS_MS.contains(&ms) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked right above")]
    DateTime::from_timestamp_millis(ms as i64)
}

/// A decimal as a float, for drawing.
pub(crate) fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// A count as a float, for drawing.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub(crate) fn count(value: impl TryInto<i64>) -> f64 {
    value.try_into().map_or(f64::NAN, |value: i64| value as f64)
}

/// The two halves of a 64-bit identity.
pub(crate) fn halves(identity: i64) -> (f64, f64) {
    let bits = identity.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the halves are taken on purpose")]
    (f64::from((bits >> 32) as u32), f64::from(bits as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_halves_of_an_identity_make_it_whole_again() {
        for identity in [0, 1, -1, i64::MIN, i64::MAX, 0x1234_5678_9abc_def0] {
            let (high, low) = halves(identity);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole")]
            let whole = ((high as u64) << 32 | low as u64).cast_signed();
            assert_eq!(whole, identity);
        }
    }

    #[test]
    fn only_real_instants_are_instants() {
        assert!(instant(1_772_463_600_000.0).is_some());
        for ms in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e18] {
            assert_eq!(instant(ms), None, "{ms}");
        }
    }
}
