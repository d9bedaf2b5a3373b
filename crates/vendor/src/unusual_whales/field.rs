//! From the raw JSON text of one field to a value.
//!
//! A decimal may be a JSON string or a JSON number. Absent and `null` are the same. Anything else
//! than the expected kind is refused in words: it never becomes a zero, an empty text or nothing.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use undertow_market::{Price, Size};

use super::wire::Raw;
use crate::page::cut;

/// Most of a strange value that a reason shows.
const MAX_SHOWN_BYTES: usize = 40;
/// The longest decimal that is looked at. The vendor pads greeks to some fifty digits; nothing
/// that we read has more than twenty.
const MAX_DECIMAL_BYTES: usize = 64;
/// No print or bar of any vendor is older or newer.
const YEARS: std::ops::Range<i32> = 2000..2101;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {cause}")]
pub(super) struct FieldFault {
    pub(super) field: &'static str,
    pub(super) cause: String,
}

type Found<T> = Result<Option<T>, FieldFault>;

/// A field on its way to a value.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    name: &'static str,
    raw: &'a str,
}

impl<'a> Raw<'a> {
    pub(super) fn named(self, name: &'static str) -> Field<'a> {
        Field { name, raw: self.0 }
    }
}

impl<'a> Field<'a> {
    pub(super) fn fault(self, cause: impl ToString) -> FieldFault {
        FieldFault { field: self.name, cause: cause.to_string() }
    }

    fn unlike(self, expected: &str) -> FieldFault {
        self.fault(format_args!("{} is not {expected}", cut(self.raw, MAX_SHOWN_BYTES)))
    }

    #[inline]
    pub(super) fn required<T>(self, found: Option<T>) -> Result<T, FieldFault> {
        found.ok_or_else(|| self.fault("is missing"))
    }

    #[inline]
    fn is_absent(self) -> bool {
        matches!(self.raw, "" | "null")
    }

    /// The inside of a JSON string.
    #[inline]
    fn inside(self) -> Option<Cow<'a, str>> {
        let inside = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        // Short texts: a plain loop beats the general search.
        if !inside.bytes().any(|byte| byte == b'\\') {
            return Some(Cow::Borrowed(inside));
        }
        serde_json::from_str(self.raw).ok().map(Cow::Owned)
    }

    #[inline]
    pub(super) fn text(self) -> Found<Cow<'a, str>> {
        if self.is_absent() {
            return Ok(None);
        }
        self.inside().map(Some).ok_or_else(|| self.unlike("a text"))
    }

    /// A text, or none when it is empty.
    pub(super) fn code(self) -> Found<Cow<'a, str>> {
        Ok(self.text()?.filter(|text| !text.trim().is_empty()))
    }

    #[inline]
    pub(super) fn boolean(self) -> Found<bool> {
        match self.raw {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ if self.is_absent() => Ok(None),
            _ => Err(self.unlike("true or false")),
        }
    }

    #[inline]
    pub(super) fn decimal(self) -> Found<Decimal> {
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        decimal(&text).map(Some).ok_or_else(|| self.unlike("a decimal number"))
    }

    pub(super) fn price(self) -> Found<Price> {
        self.decimal()?
            .map(|value| Price::new(value).map_err(|error| self.fault(error)))
            .transpose()
    }

    pub(super) fn size(self) -> Found<Size> {
        self.decimal()?.map(|value| Size::new(value).map_err(|error| self.fault(error))).transpose()
    }

    /// A price for which the vendor may also write zero when there is none.
    pub(super) fn quoted_price(self) -> Found<Price> {
        match self.decimal()? {
            Some(value) if value.is_zero() => Ok(None),
            Some(value) => Price::new(value).map(Some).map_err(|error| self.fault(error)),
            None => Ok(None),
        }
    }

    #[inline]
    pub(super) fn integer(self) -> Found<i64> {
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        text.parse().map(Some).map_err(|_| self.unlike("a whole number"))
    }

    /// A number of shares, zero included.
    pub(super) fn shares(self) -> Found<i64> {
        match self.integer()? {
            Some(count) if count < 0 => Err(self.unlike("zero or more")),
            count => Ok(count),
        }
    }

    #[inline]
    pub(super) fn instant(self) -> Found<DateTime<Utc>> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let at = instant(&text).ok_or_else(|| self.unlike("a time with its zone"))?;
        if !YEARS.contains(&at.year()) {
            return Err(self.unlike("between 2000 and 2100"));
        }
        Ok(Some(at))
    }

    pub(super) fn date(self) -> Found<NaiveDate> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let date: NaiveDate = text.parse().map_err(|_| self.unlike("a date"))?;
        if !YEARS.contains(&date.year()) {
            return Err(self.unlike("between 2000 and 2100"));
        }
        Ok(Some(date))
    }
}

/// A decimal number, digit for digit: no rounding, no grouping, no words.
#[must_use]
pub fn decimal(text: &str) -> Option<Decimal> {
    short_decimal(text.as_bytes()).or_else(|| any_decimal(text))
}

/// Digits with at most one point between them, few enough for an `i64`: every price and size of a
/// usual page, at a third of the general way's time.
#[inline]
fn short_decimal(text: &[u8]) -> Option<Decimal> {
    const MOST_DIGITS_OF_I64: usize = 18;
    if text.len() > MOST_DIGITS_OF_I64 {
        return None;
    }
    let (mut mantissa, mut point) = (0_i64, None);
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && place > 0 => point = Some(place),
            _ => return None,
        }
    }
    let scale = point.map_or(0, |point| text.len() - point - 1);
    let is_number = text.last().is_some_and(u8::is_ascii_digit);
    is_number.then(|| Decimal::new(mantissa, scale as u32))
}

fn any_decimal(text: &str) -> Option<Decimal> {
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if text.len() > MAX_DECIMAL_BYTES {
        return None;
    }
    if text.bytes().all(is_part) {
        return Decimal::from_str_exact(text).ok();
    }
    let (digits, exponent) = text.split_once(['e', 'E'])?;
    let exponent: i32 = exponent.parse().ok()?;
    shift_point(decimal(digits)?, exponent)
}

/// Moves the decimal point, when the result is exact.
fn shift_point(value: Decimal, places: i32) -> Option<Decimal> {
    if value.is_zero() {
        return Some(value);
    }
    let scale = i64::from(value.scale()) - i64::from(places);
    if scale >= 0 {
        let scale = u32::try_from(scale).ok()?;
        return Decimal::try_from_i128_with_scale(value.mantissa(), scale).ok();
    }
    let factor = 10_i128.checked_pow(u32::try_from(-scale).ok()?)?;
    Decimal::try_from_i128_with_scale(value.mantissa().checked_mul(factor)?, 0).ok()
}

/// An RFC 3339 time. A time without a zone is refused rather than guessed.
#[must_use]
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    whole_second(text.as_bytes())
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()))
}

/// `2026-03-02T15:04:05Z`, the form of nearly every row, ten times faster than the general way.
#[inline]
fn whole_second(text: &[u8]) -> Option<DateTime<Utc>> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let marks = [text[4], text[7], text[10], text[13], text[16], text[19]];
    if marks != *b"--T::Z" {
        return None;
    }
    let two = |index: usize| match (text[index], text[index + 1]) {
        (a @ b'0'..=b'9', b @ b'0'..=b'9') => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    };
    let year = i32::try_from(two(0)? * 100 + two(2)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, two(5)?, two(8)?)?;
    date.and_hms_opt(two(11)?, two(14)?, two(17)?).map(|at| at.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(raw: &str) -> Field<'_> {
        Field { name: "field", raw }
    }

    fn fault<T: std::fmt::Debug>(found: Found<T>) -> String {
        found.expect_err("a fault").to_string()
    }

    #[test]
    fn a_decimal_is_a_string_or_a_number_and_keeps_every_digit() {
        for (raw, expected) in [
            ("\"738.8101\"", "738.8101"),
            ("738.8101", "738.8101"),
            ("\"147807.000\"", "147807.000"),
            ("19", "19"),
            ("1.25e3", "1250"),
            ("\"5E-4\"", "0.0005"),
            ("1e2", "100"),
            ("-0.5", "-0.5"),
            ("0e400", "0"),
        ] {
            let found = field(raw).decimal().unwrap().map(|value| value.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused_and_null_is_nothing() {
        for raw in [
            "\"\"",
            "\"NaN\"",
            "\"1_000\"",
            "\"1,000\"",
            "\" 1\"",
            "\"+1\"",
            "true",
            "[]",
            "{}",
            "\"null\"",
            "\"0x10\"",
            "\"1e999999999999\"",
            "\"1e40\"",
            "\"--1\"",
            "\"1.2.3\"",
            "\"-\"",
            "\".\"",
            "\"1e\"",
            "\"e5\"",
            "\"1e5e5\"",
        ] {
            assert!(fault(field(raw).decimal()).contains("not a decimal number"), "{raw}");
        }
        let too_long = format!("\"1.{}\"", "0".repeat(100));
        assert!(field(&too_long).decimal().is_err());
        assert_eq!(field("null").decimal(), Ok(None));
        assert_eq!(field("").decimal(), Ok(None));
    }

    #[test]
    fn a_whole_number_is_not_rounded_to() {
        assert_eq!(field("5118157994219600").integer(), Ok(Some(5_118_157_994_219_600)));
        assert_eq!(field("\"42\"").integer(), Ok(Some(42)));
        for raw in ["1.0", "1e3", "true", "\"\"", "99999999999999999999", "[1]"] {
            assert!(field(raw).integer().is_err(), "{raw}");
        }
        assert!(field("-1").shares().is_err());
        assert_eq!(field("0").shares(), Ok(Some(0)));
    }

    #[test]
    fn a_quote_of_zero_is_no_quote_and_a_price_of_zero_is_a_fault() {
        assert_eq!(field("\"0\"").quoted_price(), Ok(None));
        assert_eq!(field("0.00").quoted_price(), Ok(None));
        assert!(fault(field("\"0\"").price()).contains("not above zero"));
        assert!(fault(field("\"-3\"").quoted_price()).contains("not above zero"));
    }

    #[test]
    fn a_time_needs_its_zone_and_a_year_of_this_century() {
        let check = |text: &str, expected: Option<&str>| {
            let raw = format!("\"{text}\"");
            let found = field(&raw).instant().ok().flatten().map(|at| at.to_rfc3339());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("2026-03-02T15:04:05Z", Some("2026-03-02T15:04:05+00:00"));
        check("2026-03-02T10:04:05-05:00", Some("2026-03-02T15:04:05+00:00"));
        check("2026-03-02T15:04:05.25Z", Some("2026-03-02T15:04:05.250+00:00"));
        for text in [
            "2026-03-02T15:04:05",
            "2026-03-02",
            "2026-02-30T15:04:05Z",
            "2026-03-02T25:04:05Z",
            "1999-12-31T23:59:59Z",
            "2101-01-01T00:00:00Z",
            "1772463845",
            "",
            "now",
            "2026-0x-02T15:04:05Z",
            "2026-03-02T15:04:05z0",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn an_escaped_text_is_unescaped() {
        assert_eq!(field(r#""S\u0050Y""#).text(), Ok(Some(Cow::Borrowed("SPY"))));
        assert!(field(r#""bad \x""#).text().is_err());
        assert!(fault(field("5").text()).contains("5 is not a text"));
        assert_eq!(field("\"  \"").code(), Ok(None));
    }

    #[test]
    fn a_boolean_is_not_guessed() {
        assert_eq!(field("true").boolean(), Ok(Some(true)));
        for raw in ["0", "1", "\"true\"", "\"\"", "[]"] {
            assert!(field(raw).boolean().is_err(), "{raw}");
        }
    }
}
