//! From the raw JSON text of one field to a value.
//!
//! A decimal may be a JSON string or a JSON number. Absent and `null` are the same. Anything else
//! than the expected kind is refused in words: it never becomes a zero, an empty text or nothing.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Datelike, DurationRound, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_market::number::{MAX_SCALE, MAX_VALUE};
use undertow_market::{Conditions, Price, Size};

use crate::page::cut;
use crate::wire::Raw;

/// Most of a strange value that a reason shows.
const MAX_SHOWN_BYTES: usize = 40;
/// The longest decimal that is looked at. The vendor pads greeks to some fifty digits; nothing
/// that we read has more than twenty.
const MAX_DECIMAL_BYTES: usize = 64;
/// The longest number that is read as a float. Greeks far from the money are written out in full:
/// a delta of 1e-120 comes with as many zeros, and the smallest float there is with 323.
const MAX_FLOAT_BYTES: usize = 512;
/// No greek, volatility or exposure of any vendor is larger. Sums of such numbers stay finite.
const MAX_FLOAT: f64 = 1e18;
/// No trade or alert has more contracts. Products and sums of such numbers do not overflow.
const MAX_COUNT: i64 = 1_000_000_000;
/// 10^15, more than all markets trade in a day.
const MAX_DOLLARS: Decimal = Decimal::from_parts(0xa4c6_8000, 0x0003_8d7e, 0, false, 0);
const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);
/// No row of any vendor is older or newer.
const YEARS: std::ops::Range<i32> = 2000..2101;
/// The same in nanoseconds since 1970.
const YEARS_NS: std::ops::Range<i64> = 946_684_800_000_000_000..4_133_980_800_000_000_000;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {cause}")]
pub(crate) struct FieldFault {
    pub(crate) field: &'static str,
    pub(crate) cause: String,
}

type Found<T> = Result<Option<T>, FieldFault>;

/// A field on its way to a value.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    name: &'static str,
    raw: &'a str,
}

impl<'a> Raw<'a> {
    pub(crate) fn named(self, name: &'static str) -> Field<'a> {
        Field { name, raw: self.0 }
    }
}

impl<'a> Field<'a> {
    pub(crate) fn fault(self, cause: impl ToString) -> FieldFault {
        FieldFault { field: self.name, cause: cause.to_string() }
    }

    fn unlike(self, expected: &str) -> FieldFault {
        self.fault(format_args!("{} is not {expected}", cut(self.raw, MAX_SHOWN_BYTES)))
    }

    #[inline]
    pub(crate) fn required<T>(self, found: Option<T>) -> Result<T, FieldFault> {
        found.ok_or_else(|| self.fault("is missing"))
    }

    #[inline]
    fn is_absent(self) -> bool {
        matches!(self.raw, "" | "null")
    }

    /// The text without quotation marks, still escaped.
    #[inline]
    fn bare(self) -> &'a str {
        let inside = self.raw.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inside.unwrap_or(self.raw)
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
    pub(crate) fn text(self) -> Found<Cow<'a, str>> {
        if self.is_absent() {
            return Ok(None);
        }
        self.inside().map(Some).ok_or_else(|| self.unlike("a text"))
    }

    /// A text, or none when it is empty.
    pub(crate) fn code(self) -> Found<Cow<'a, str>> {
        Ok(self.text()?.filter(|text| !text.trim().is_empty()))
    }

    #[inline]
    pub(crate) fn boolean(self) -> Found<bool> {
        match self.raw {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ if self.is_absent() => Ok(None),
            _ => Err(self.unlike("true or false")),
        }
    }

    #[inline]
    pub(crate) fn decimal(self) -> Found<Decimal> {
        // Nearly every number is short, and has nothing in it that could be escaped.
        if let Some(short) = short_decimal(self.bare().as_bytes()) {
            return Ok(Some(short));
        }
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        decimal(&text).map(Some).ok_or_else(|| self.unlike("a decimal number"))
    }

    pub(crate) fn price(self) -> Found<Price> {
        self.decimal()?
            .map(|value| Price::new(value).map_err(|error| self.fault(error)))
            .transpose()
    }

    pub(crate) fn size(self) -> Found<Size> {
        self.decimal()?.map(|value| Size::new(value).map_err(|error| self.fault(error))).transpose()
    }

    /// A price for which the vendor may also write zero when there is none.
    pub(crate) fn quoted_price(self) -> Found<Price> {
        match self.decimal()? {
            Some(value) if value.is_zero() => Ok(None),
            Some(value) => Price::new(value).map(Some).map_err(|error| self.fault(error)),
            None => Ok(None),
        }
    }

    /// A decimal that may have more digits than can be kept: the last ones are rounded away. Not
    /// for money.
    pub(crate) fn rounded_decimal(self) -> Found<Decimal> {
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        let is_plain = text.len() <= MAX_FLOAT_BYTES && text.bytes().all(is_plain_digit);
        let rounded = || is_plain.then(|| Decimal::from_str(&text).ok())?;
        let value = decimal(&text).or_else(rounded);
        value.map(Some).ok_or_else(|| self.unlike("a decimal number"))
    }

    /// A number that is no money: a greek, a volatility. Finite, however many digits it came with.
    pub(crate) fn float(self) -> Found<f64> {
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        float(&text).map(Some).ok_or_else(|| self.unlike("a number"))
    }

    /// A fraction or a rank: a number from zero up.
    pub(crate) fn float_from_zero(self) -> Found<f64> {
        match self.float()? {
            Some(value) if value < 0.0 => Err(self.unlike("zero or more")),
            value => Ok(value),
        }
    }

    /// The same field, absent when its text is empty. For fields in which the vendor writes `""`
    /// when there is nothing to say.
    pub(crate) fn unless_blank(self) -> Self {
        if self.raw == "\"\"" { Field { raw: "", ..self } } else { self }
    }

    #[inline]
    pub(crate) fn integer(self) -> Found<i64> {
        if let Some(short) = short_integer(self.raw.as_bytes()) {
            return Ok(Some(short));
        }
        if self.is_absent() {
            return Ok(None);
        }
        let text = self.inside().unwrap_or(Cow::Borrowed(self.raw));
        text.parse().map(Some).map_err(|_| self.unlike("a whole number"))
    }

    /// A number of shares or contracts, zero included.
    pub(crate) fn shares(self) -> Found<i64> {
        match self.integer()? {
            Some(count) if count < 0 => Err(self.unlike("zero or more")),
            count => Ok(count),
        }
    }

    /// A count from zero up that the vendor may write with a point: `8133` or `8133.0`.
    pub(crate) fn whole(self) -> Found<i64> {
        let Some(value) = self.decimal()? else {
            return Ok(None);
        };
        let count = if value.fract().is_zero() { i64::try_from(value.trunc()).ok() } else { None };
        count.filter(|count| *count >= 0).map(Some).ok_or_else(|| self.unlike("a whole number"))
    }

    /// A number of a vendor's list (a venue, a condition). Absent and zero are told apart.
    pub(crate) fn code_number(self) -> Found<u16> {
        match self.integer()? {
            None => Ok(None),
            Some(id) => {
                u16::try_from(id).map(Some).map_err(|_| self.unlike("a number from 0 to 65535"))
            }
        }
    }

    /// The numbers of a list of a trade's conditions. Absent is an empty list.
    pub(crate) fn conditions(self) -> Result<Conditions, FieldFault> {
        if self.is_absent() {
            return Ok(Conditions::default());
        }
        let inside = self.raw.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let inside = inside.ok_or_else(|| self.unlike("a list of numbers"))?;
        Field { raw: inside.trim(), ..self }.bare_conditions()
    }

    /// The same without the list's brackets. Empty is an empty list.
    pub(crate) fn bare_conditions(self) -> Result<Conditions, FieldFault> {
        let mut conditions = Conditions::default();
        if self.raw.is_empty() {
            return Ok(conditions);
        }
        for raw in self.raw.split(',') {
            let id = Field { raw: raw.trim(), ..self }.code_number()?;
            let id = id.ok_or_else(|| self.unlike("a list of numbers"))?;
            conditions.push(id).map_err(|error| self.fault(error))?;
        }
        Ok(conditions)
    }

    /// A text that the vendor may also write as a number.
    pub(crate) fn text_or_number(self) -> Found<Cow<'a, str>> {
        let is_number = self.raw.bytes().all(is_plain_digit) && !self.raw.is_empty();
        if is_number { Ok(Some(Cow::Borrowed(self.raw))) } else { self.text() }
    }

    /// A price that is a computed figure and may have more digits than can be kept: the last are
    /// rounded away. Zero is none.
    pub(crate) fn rounded_price(self) -> Found<Price> {
        match self.rounded_decimal()?.map(|value| value.round_dp(MAX_SCALE)) {
            Some(value) if value.is_zero() => Ok(None),
            Some(value) => Price::new(value).map(Some).map_err(|error| self.fault(error)),
            None => Ok(None),
        }
    }

    /// A number of shares from zero up, rounded as [`Self::rounded_price`].
    pub(crate) fn rounded_shares(self) -> Found<Decimal> {
        match self.rounded_decimal()?.map(|value| value.round_dp(MAX_SCALE)) {
            Some(value) if value < Decimal::ZERO => Err(self.unlike("zero or more")),
            Some(value) if value >= MAX_VALUE => Err(self.unlike("a volume that any market has")),
            value => Ok(value),
        }
    }

    /// A number of things of which there must be one at least.
    pub(crate) fn count(self) -> Found<i64> {
        match self.integer()? {
            Some(count) if count < 1 => Err(self.unlike("above zero")),
            Some(count) if count > MAX_COUNT => Err(self.unlike("a billion or less")),
            count => Ok(count),
        }
    }

    /// An amount of money of either sign.
    pub(crate) fn money(self) -> Found<Decimal> {
        match self.decimal()? {
            Some(amount) if amount.abs() > MAX_DOLLARS => {
                Err(self.unlike("an amount that any market has"))
            }
            amount => Ok(amount),
        }
    }

    /// An amount of money, zero included.
    pub(crate) fn dollars(self) -> Found<Decimal> {
        match self.money()? {
            Some(amount) if amount < Decimal::ZERO => Err(self.unlike("zero or more")),
            amount => Ok(amount),
        }
    }

    #[inline]
    pub(crate) fn instant(self) -> Found<DateTime<Utc>> {
        if self.raw.starts_with('"')
            && let Some(at) = whole_second(self.bare().as_bytes())
        {
            return self.of_this_century(at);
        }
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let at = instant(&text).ok_or_else(|| self.unlike("a time with its zone"))?;
        self.of_this_century(at)
    }

    /// A time as text with its zone, or as milliseconds since 1970. Whole milliseconds come out:
    /// the stream has no more, and the same row must have the same time by either way.
    pub(crate) fn moment(self) -> Found<DateTime<Utc>> {
        if self.is_absent() {
            return Ok(None);
        }
        let milliseconds = self.raw.parse().ok();
        let at = match milliseconds {
            Some(count) => DateTime::from_timestamp_millis(count),
            None => self.instant()?.and_then(|at| at.duration_trunc(MILLISECOND).ok()),
        };
        let at = at.ok_or_else(|| self.unlike("a time in milliseconds"))?;
        self.of_this_century(at)
    }

    /// A time in whole nanoseconds since 1970. Zero is none: the vendor writes it where there is
    /// no time.
    pub(crate) fn nanoseconds(self) -> Found<DateTime<Utc>> {
        match self.integer()? {
            None | Some(0) => Ok(None),
            Some(count) if YEARS_NS.contains(&count) => {
                Ok(Some(DateTime::from_timestamp_nanos(count)))
            }
            Some(_) => Err(self.beyond_this_century()),
        }
    }

    fn of_this_century(self, at: DateTime<Utc>) -> Found<DateTime<Utc>> {
        if !YEARS.contains(&at.year()) {
            return Err(self.beyond_this_century());
        }
        Ok(Some(at))
    }

    fn beyond_this_century(self) -> FieldFault {
        self.unlike("between 2000 and 2100")
    }

    /// The texts of a list. Absent is an empty list.
    pub(crate) fn texts(self) -> Result<Vec<Cow<'a, str>>, FieldFault> {
        if self.is_absent() || self.raw == "[]" {
            return Ok(Vec::new());
        }
        let texts: Vec<Raw<'a>> =
            serde_json::from_str(self.raw).map_err(|_| self.unlike("a list of texts"))?;
        let text = |raw: Raw<'a>| Field { raw: raw.0, ..self }.inside();
        texts
            .into_iter()
            .map(text)
            .collect::<Option<_>>()
            .ok_or_else(|| self.unlike("a list of texts"))
    }

    pub(crate) fn date(self) -> Found<NaiveDate> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let date: NaiveDate = text.parse().map_err(|_| self.unlike("a date"))?;
        if !YEARS.contains(&date.year()) {
            return Err(self.beyond_this_century());
        }
        Ok(Some(date))
    }
}

/// Digits and nothing else, few enough for an `i64`: every code, count and time of a usual row, at
/// a fraction of the general way's time.
#[inline]
fn short_integer(text: &[u8]) -> Option<i64> {
    /// More do not fit 64 bits for certain.
    const MOST_DIGITS_OF_U64: usize = 19;
    if text.is_empty() || text.len() > MOST_DIGITS_OF_U64 {
        return None;
    }
    let mut number = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    i64::try_from(number).ok()
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

/// A finite number within the bounds of any figure. No words: neither `NaN` nor `inf`.
#[must_use]
pub fn float(text: &str) -> Option<f64> {
    let is_part = |byte: u8| is_plain_digit(byte) || matches!(byte, b'e' | b'E' | b'+');
    if text.len() > MAX_FLOAT_BYTES || !text.bytes().all(is_part) || text.starts_with('+') {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    (value.abs() <= MAX_FLOAT).then_some(value)
}

fn is_plain_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
}

fn any_decimal(text: &str) -> Option<Decimal> {
    if text.len() > MAX_DECIMAL_BYTES {
        return None;
    }
    if text.bytes().all(is_plain_digit) {
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

    #[test]
    fn a_float_is_finite_and_may_have_many_digits() {
        let many = format!("\"0.{}\"", "4410".repeat(14));
        for (raw, expected) in [
            (many.as_str(), 0.441_044_104_410_441),
            ("-0.5", -0.5),
            ("\"1.5e-3\"", 0.0015),
            ("0", 0.0),
        ] {
            let found = field(raw).float().unwrap().unwrap();
            assert!((found - expected).abs() < 1e-12, "{raw}: {found}");
        }
        for raw in [
            "\"\"",
            "\"NaN\"",
            "\"inf\"",
            "\"-Infinity\"",
            "true",
            "[]",
            "\"1e300\"",
            "1e999",
            "\"+1\"",
        ] {
            assert!(fault(field(raw).float()).contains("is not a number"), "{raw}");
        }
        assert!(fault(field("-0.1").float_from_zero()).contains("zero or more"));
        assert_eq!(field("null").float(), Ok(None));
        assert_eq!(field("\"\"").unless_blank().float(), Ok(None));
    }

    #[test]
    fn a_decimal_with_too_many_digits_is_rounded_only_where_that_is_asked_for() {
        let raw = format!("\"-26294.{}\"", "85817964".repeat(6));
        assert!(field(&raw).decimal().is_err());
        let rounded = field(&raw).rounded_decimal().unwrap().unwrap();
        assert!(rounded.to_string().starts_with("-26294.858179648581"), "{rounded}");
        for raw in ["\"x\"", "\"1.2.3\"", "\"\"", "{}"] {
            assert!(field(raw).rounded_decimal().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_moment_is_a_text_or_milliseconds_and_the_same_either_way() {
        let expected = "2026-03-02T15:04:05.278Z".parse().unwrap();
        for raw in [
            "\"2026-03-02T15:04:05.278302Z\"",
            "1772463845278",
            "\"2026-03-02T10:04:05.278999-05:00\"",
        ] {
            assert_eq!(field(raw).moment(), Ok(Some(expected)), "{raw}");
        }
        // Seconds are no milliseconds: they would be a day of 1970.
        for raw in ["1772463845", "1772463845278000", "1.5", "\"soon\"", "true", "-1"] {
            assert!(field(raw).moment().is_err(), "{raw}");
        }
        assert_eq!(field("null").moment(), Ok(None));
    }

    #[test]
    fn counts_and_amounts_are_bounded() {
        assert_eq!(MAX_DOLLARS.to_string(), "1000000000000000");
        assert_eq!(field("1000000000").count(), Ok(Some(MAX_COUNT)));
        assert!(fault(field("1000000001").count()).contains("a billion or less"));
        assert!(field("0").count().is_err());
        assert_eq!(field("\"-5.50\"").money().unwrap().unwrap().to_string(), "-5.50");
        assert!(field("\"-5.50\"").dollars().is_err());
        for raw in ["1000000000000001", "-1e16"] {
            assert!(fault(field(raw).money()).contains("any market"), "{raw}");
        }
    }

    #[test]
    fn nanoseconds_never_pass_through_a_float() {
        let found = field("1651181822461636601").nanoseconds().unwrap().unwrap();
        assert_eq!(found.timestamp_nanos_opt(), Some(1_651_181_822_461_636_601));
        assert_eq!(field("\"1651181822461636601\"").nanoseconds(), Ok(Some(found)));
        assert_eq!(field("0").nanoseconds(), Ok(None));
        assert_eq!(field("null").nanoseconds(), Ok(None));
        for raw in ["1651181822461", "1.6e18", "1651181822461636600.0", "-1", "9223372036854775808"]
        {
            assert!(field(raw).nanoseconds().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_count_may_be_written_with_a_point() {
        assert_eq!(field("8133.0").whole(), Ok(Some(8133)));
        assert_eq!(field("\"8133\"").whole(), Ok(Some(8133)));
        for raw in ["8133.5", "-1", "1e30", "{}"] {
            assert!(field(raw).whole().is_err(), "{raw}");
        }
    }

    #[test]
    fn conditions_are_a_list_of_numbers() {
        assert_eq!(field("[12, 37]").conditions().unwrap().as_slice(), [12, 37]);
        assert_eq!(field("[\"12\",37]").conditions().unwrap().as_slice(), [12, 37]);
        for raw in ["", "null", "[]", "[ ]"] {
            assert!(field(raw).conditions().unwrap().as_slice().is_empty(), "{raw}");
        }
        for raw in ["12", "[null]", "[[1]]", "[65536]", "[-1]", "{}", "[1,2,3,4,5,6,7,8,9]"] {
            assert!(field(raw).conditions().is_err(), "{raw}");
        }
    }

    #[test]
    fn a_computed_price_is_rounded_and_zero_is_none() {
        let price = field("45.123456789012").rounded_price().unwrap().unwrap();
        assert_eq!(price.to_string(), "45.12345679");
        assert_eq!(field("0").rounded_price(), Ok(None));
        assert!(field("-1").rounded_price().is_err());
        assert_eq!(field("4369.50").rounded_shares().unwrap().unwrap().to_string(), "4369.50");
        assert!(field("-4").rounded_shares().is_err());
    }

    #[test]
    fn a_list_of_texts_holds_nothing_else() {
        assert_eq!(field("[\"a\", \"b\\u0063\"]").texts().unwrap(), ["a", "bc"]);
        assert!(field("null").texts().unwrap().is_empty());
        for raw in ["\"a\"", "[1]", "[null]", "[[]]", "{}", "7"] {
            assert!(field(raw).texts().is_err(), "{raw}");
        }
    }
}
