//! Fields that every channel of the vendor has, though each names them in its own way.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::{Conditions, Size};

use crate::field::{Field, FieldFault};
use crate::wire::Raw;

/// The size: the exact one where it is told, else the one in whole shares, which is zero for a
/// part of a share.
pub(super) fn size(exact: Field<'_>, whole: Field<'_>) -> Result<Size, FieldFault> {
    for field in [exact, whole] {
        if let Some(value) = field.decimal()?.filter(|value| !value.is_zero()) {
            return Size::new(value).map_err(|error| field.fault(error));
        }
    }
    Err(whole.fault("no size"))
}

/// A small number that stands for something: a venue, a facility, a correction.
pub(super) fn code(field: Field<'_>) -> Result<Option<u16>, FieldFault> {
    let Some(number) = field.integer()? else { return Ok(None) };
    u16::try_from(number).map(Some).map_err(|_| field.fault(format_args!("{number} is no code")))
}

/// The reporting facility. Zero stands for none.
pub(super) fn facility(field: Field<'_>) -> Result<Option<u16>, FieldFault> {
    Ok(code(field)?.filter(|id| *id != 0))
}

/// The conditions in a JSON list of numbers. Absent is none.
pub(super) fn conditions(raw: Raw<'_>, name: &'static str) -> Result<Conditions, FieldFault> {
    let field = raw.named(name);
    let mut conditions = Conditions::default();
    if matches!(raw.0, "" | "null") {
        return Ok(conditions);
    }
    let inside = raw.0.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inside = inside.ok_or_else(|| field.fault("is no list"))?;
    add_conditions(&mut conditions, inside).map_err(|cause| field.fault(cause))?;
    Ok(conditions)
}

/// Adds the numbers of a list with commas between them.
pub(super) fn add_conditions(conditions: &mut Conditions, list: &str) -> Result<(), String> {
    if list.trim().is_empty() {
        return Ok(());
    }
    for number in list.split(',') {
        let id = number.trim().parse().map_err(|_| "is no list of conditions".to_owned())?;
        conditions.push(id).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An instant in nanoseconds since 1970, cut to milliseconds. Zero stands for none.
pub(super) fn nanoseconds(field: Field<'_>) -> Result<Option<DateTime<Utc>>, FieldFault> {
    let Some(count) = field.integer()?.filter(|count| *count != 0) else { return Ok(None) };
    field.in_milliseconds(count.div_euclid(1_000_000))
}

/// An instant in milliseconds since 1970. Zero stands for none.
pub(super) fn milliseconds(field: Field<'_>) -> Result<Option<DateTime<Utc>>, FieldFault> {
    let Some(count) = field.integer()?.filter(|count| *count != 0) else { return Ok(None) };
    field.in_milliseconds(count)
}

/// Shares of a stretch of time, zero included.
pub(super) fn volume(exact: Field<'_>, whole: Field<'_>) -> Result<Decimal, FieldFault> {
    let told = match exact.decimal()? {
        Some(value) => value,
        None => whole.required(whole.decimal()?)?,
    };
    if told < Decimal::ZERO || told > MAX_VOLUME {
        return Err(whole.fault(format_args!("{told} is no number of shares")));
    }
    Ok(told)
}

/// 10^15, more than all markets trade in a day.
const MAX_VOLUME: Decimal = Decimal::from_parts(0xa4c6_8000, 0x0003_8d7e, 0, false, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_size_comes_first_and_none_is_no_zero() {
        let check = |exact: &str, whole: &str, expected: Result<&str, &str>| {
            let found = size(Raw(exact).named("ds"), Raw(whole).named("s"));
            let found = found.map(|size| size.to_string()).map_err(|fault| fault.to_string());
            match (found, expected) {
                (Ok(size), Ok(expected)) => assert_eq!(size, expected),
                (Err(fault), Err(part)) => assert!(fault.contains(part), "{fault}"),
                (found, _) => panic!("{exact} {whole}: {found:?}"),
            }
        };
        check("\"0.007300\"", "0", Ok("0.007300"));
        check("40.5", "40", Ok("40.5"));
        check("", "40", Ok("40"));
        check("\"0\"", "40", Ok("40"));
        check("", "0", Err("no size"));
        check("", "", Err("no size"));
        check("null", "-3", Err("s: "));
        check("\"many\"", "40", Err("ds: "));
    }

    #[test]
    fn conditions_are_a_list_or_absent() {
        let check = |raw: &str, expected: Option<&[u16]>| {
            let found = conditions(Raw(raw), "c");
            assert_eq!(found.ok().as_ref().map(Conditions::as_slice), expected, "{raw}");
        };
        check("", Some(&[]));
        check("null", Some(&[]));
        check("[]", Some(&[]));
        check("[12, 37]", Some(&[12, 37]));
        check("[1,2,3,4,5,6,7,8,9]", None);
        check("[12,-1]", None);
        check("[12,\"37\"]", None);
        check("12", None);
        check("[70000]", None);
    }

    #[test]
    fn an_instant_is_cut_to_milliseconds_and_zero_is_none() {
        let at = |raw: &str| nanoseconds(Raw(raw).named("t"));
        let expected = "2026-11-20T14:30:00.123Z".parse().unwrap();
        assert_eq!(at("1795185000123999999"), Ok(Some(expected)));
        assert_eq!(at("0"), Ok(None));
        assert!(at("1795185000123").is_err(), "milliseconds are no nanoseconds");
        assert_eq!(milliseconds(Raw("1795185000123").named("t")), Ok(Some(expected)));
    }
}
