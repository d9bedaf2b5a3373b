//! Postgres' NUMERIC in its binary form, exact in both directions.
//!
//! sqlx converts through powers and cuts what does not fit; collecting and drawing need it exact
//! and fast, so this crate reads and writes the wire form itself: digits to base 10,000, aligned
//! at the point.

use std::ops::{Div, Rem};

use rust_decimal::Decimal;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres,
};
use sqlx::{Decode, Encode, Type};

const BASE: u128 = 10_000;
/// Decimal digits in one digit of the wire form.
const GROUP: u32 = 4;
const NEGATIVE: u16 = 0x4000;
/// 2^127 has 39 decimal digits: at most ten groups, and one more for the alignment.
const MAX_GROUPS: usize = 11;

/// `mantissa / 10^scale`, exact for up to 34 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numeric {
    mantissa: i128,
    scale: u32,
}

impl Numeric {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// `mantissa / 10^scale`, without trailing zeros after the point.
    #[must_use]
    pub fn new(mantissa: i128, scale: u32) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        // Divisions of 128 bits are several times as dear as those of 64, and few numbers need
        // one after the first eight zeros are gone.
        while i64::try_from(mantissa).is_err() {
            let shorter = mantissa / 100_000_000;
            if scale < 8 || shorter * 100_000_000 != mantissa {
                return Self::without_zeros(mantissa, scale);
            }
            (mantissa, scale) = (shorter, scale - 8);
        }
        let small = i64::try_from(mantissa).expect("the loop ends with a number of 64 bits");
        Self::without_zeros(small, scale)
    }

    /// Ever smaller steps: sixteen zeros go in a few divisions.
    fn without_zeros<N>(mantissa: N, scale: u32) -> Self
    where
        N: Copy + PartialEq + From<i32> + Into<i128> + Div<Output = N> + Rem<Output = N>,
    {
        let (mut mantissa, mut scale) = (mantissa, scale);
        for (power, zeros) in [(100_000_000, 8), (100_000_000, 8), (10_000, 4), (100, 2), (10, 1)] {
            if scale >= zeros && mantissa % N::from(power) == N::from(0) {
                mantissa = mantissa / N::from(power);
                scale -= zeros;
            }
        }
        Self { mantissa: mantissa.into(), scale }
    }

    /// The same number times 10^scale, if that is a whole number that 127 bits hold.
    pub(crate) fn at_scale(self, scale: u32) -> Option<i128> {
        let exact = Self::new(self.mantissa, self.scale);
        let lift = scale.checked_sub(exact.scale)?;
        exact.mantissa.checked_mul(10_i128.checked_pow(lift)?)
    }

    /// The same number as a decimal, if 96 bits hold it.
    #[must_use]
    pub fn to_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.mantissa, self.scale).ok()
    }

    /// Appends the wire form.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        let padding = (GROUP - self.scale % GROUP) % GROUP;
        // Groups are taken before the padding is multiplied in, so that nothing overflows.
        let mut groups = [0_u16; MAX_GROUPS];
        let mut rest = self.mantissa.unsigned_abs();
        let mut count = 0;
        if padding > 0 {
            let (power, lift) = (10_u128.pow(GROUP - padding), 10_u128.pow(padding));
            groups[0] = low_digit(rest % power * lift);
            rest /= power;
            count = 1;
        }
        if let Ok(mut small) = u64::try_from(rest) {
            while small > 0 {
                groups[count] = low_digit(u128::from(small % 10_000));
                small /= 10_000;
                count += 1;
            }
        } else {
            while rest > 0 {
                groups[count] = low_digit(rest % BASE);
                rest /= BASE;
                count += 1;
            }
        }
        self.write_groups(&groups[..count], (self.scale + padding) / GROUP, out);
    }

    fn write_groups(self, lowest_first: &[u16], after_point: u32, out: &mut Vec<u8>) {
        let trailing = lowest_first.iter().take_while(|group| **group == 0).count();
        let groups = &lowest_first[trailing..];
        let leading = groups.iter().rev().take_while(|group| **group == 0).count();
        let groups = &groups[..groups.len() - leading];
        let top = i32::try_from(lowest_first.len() - leading).unwrap_or(0);
        let weight = if groups.is_empty() { 0 } else { top - after_point.cast_signed() - 1 };
        let sign = if self.mantissa < 0 { NEGATIVE } else { 0 };
        out.extend_from_slice(&u16::try_from(groups.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&i16::try_from(weight).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(&sign.to_be_bytes());
        out.extend_from_slice(&u16::try_from(self.scale).unwrap_or(0).to_be_bytes());
        for group in groups.iter().rev() {
            out.extend_from_slice(&group.to_be_bytes());
        }
    }

    /// Reads the wire form.
    fn read(bytes: &[u8]) -> Result<Self, BoxDynError> {
        let word = |at: usize| -> Result<u16, BoxDynError> {
            let pair = bytes.get(2 * at..2 * at + 2).ok_or("a NUMERIC is cut short")?;
            Ok(u16::from_be_bytes([pair[0], pair[1]]))
        };
        let (count, weight, sign) = (word(0)?, word(1)?.cast_signed(), word(2)?);
        if sign != 0 && sign != NEGATIVE {
            return Err("a NUMERIC is not a number".into());
        }
        let mut mantissa = 0_i128;
        for at in 0..usize::from(count) {
            let digit = i128::from(word(4 + at)?);
            mantissa = mantissa
                .checked_mul(BASE.cast_signed())
                .and_then(|m| m.checked_add(digit))
                .ok_or("a NUMERIC has too many digits")?;
        }
        let exponent = (i32::from(weight) + 1 - i32::from(count)) * GROUP.cast_signed();
        let signed = if sign == NEGATIVE { -mantissa } else { mantissa };
        match u32::try_from(exponent) {
            Ok(power) => {
                let factor = 10_i128.checked_pow(power).ok_or("a NUMERIC is too large")?;
                let whole = signed.checked_mul(factor).ok_or("a NUMERIC is too large")?;
                Ok(Self { mantissa: whole, scale: 0 })
            }
            Err(_) => Ok(Self::new(signed, exponent.unsigned_abs())),
        }
    }
}

/// The caller divided by the base.
fn low_digit(value: u128) -> u16 {
    u16::try_from(value).expect("a remainder of 10,000 fits 16 bits")
}

impl From<Decimal> for Numeric {
    fn from(value: Decimal) -> Self {
        Self { mantissa: value.mantissa(), scale: value.scale() }
    }
}

impl Type<Postgres> for Numeric {
    fn type_info() -> PgTypeInfo {
        <Decimal as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Numeric {
    fn array_type_info() -> PgTypeInfo {
        <Decimal as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Numeric {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let mut bytes = Vec::with_capacity(8 + 2 * MAX_GROUPS);
        self.write(&mut bytes);
        buffer.extend_from_slice(&bytes);
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Numeric {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Self::read(value.as_bytes()?),
            PgValueFormat::Text => Ok(value.as_str()?.parse::<Decimal>()?.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn there_and_back(number: Numeric) -> Numeric {
        let mut bytes = Vec::new();
        number.write(&mut bytes);
        Numeric::read(&bytes).expect("what was written can be read")
    }

    #[test]
    fn the_wire_form_is_that_of_postgres() {
        // From `SELECT encode(numeric_send(x), 'hex')`.
        for (text, expected) in [
            ("0", "0000000000000000"),
            ("1", "00010000000000000001"),
            ("10000", "00010001000000000001"),
            ("738.8101", "000200000000000402e21fa5"),
            ("-0.5", "0001ffff400000011388"),
            ("0.00000001", "0001fffe000000080001"),
            ("12345.678", "000300010000000300010929 1a7c"),
        ] {
            let mut bytes = Vec::new();
            Numeric::from(text.parse::<Decimal>().expect(text)).write(&mut bytes);
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected.replace(' ', ""), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        let not_a_number = [0, 0, 0, 0, 0xc0, 0, 0, 0];
        assert!(Numeric::read(&not_a_number).is_err());
        assert!(Numeric::read(&[0, 1, 0, 0, 0, 0, 0, 0]).is_err());
        assert!(Numeric::read(&[]).is_err());
    }

    proptest! {
        #[test]
        fn every_number_survives_the_wire(mantissa in any::<i64>(), wide in 0_i64..10_i64.pow(15), scale in 0_u32..=28) {
            for mantissa in [i128::from(mantissa), i128::from(mantissa) * i128::from(wide)] {
                let number = Numeric { mantissa, scale };
                let expected = Numeric::new(mantissa, scale);
                let found = there_and_back(number);
                prop_assert_eq!(Numeric::new(found.mantissa, found.scale).to_decimal(), expected.to_decimal());
                if let Some(exact) = expected.to_decimal() {
                    prop_assert_eq!(found.to_decimal(), Some(exact));
                }
            }
        }
    }
}
