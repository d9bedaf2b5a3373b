//! Exact prices and sizes.
//!
//! Both are decimals that came from decimal text; neither is ever built from a float. Their
//! bounds are those of the database columns (`NUMERIC(20, 8)`), so that a value that was
//! accepted here is stored digit for digit.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Most digits after the point that a price or a size may have.
pub const MAX_SCALE: u32 = 8;
/// Prices and sizes stay below 10^12, so that `NUMERIC(20, 8)` always holds them.
pub const MAX_VALUE: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// Why a number is not a price or a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is not a plain decimal number.
    #[error("\"{0}\" is not a decimal number")]
    NotANumber(String),
    /// Zero or below.
    #[error("{0} is not above zero")]
    NotPositive(Decimal),
    /// Larger than any real price or size.
    #[error("{0} is not below {MAX_VALUE}")]
    TooLarge(Decimal),
    /// More digits after the point than can be stored exactly.
    #[error("{0} has more than {MAX_SCALE} digits after the point")]
    TooFine(Decimal),
}

/// [`MAX_VALUE`] in the units of each scale: comparing whole numbers takes a fraction of the time
/// of comparing decimals, and every row has four of these.
const MOST: [i128; MAX_SCALE as usize + 1] = {
    let mut most = [1_000_000_000_000; MAX_SCALE as usize + 1];
    let mut scale = 1;
    while scale < most.len() {
        most[scale] = most[scale - 1] * 10;
        scale += 1;
    }
    most
};

fn check(value: Decimal) -> Result<Decimal, NumberError> {
    if value.mantissa() <= 0 {
        return Err(NumberError::NotPositive(value));
    }
    if let Some(most) = MOST.get(value.scale() as usize) {
        let is_too_large = value.mantissa() >= *most;
        return if is_too_large { Err(NumberError::TooLarge(value)) } else { Ok(value) };
    }
    if value >= MAX_VALUE {
        return Err(NumberError::TooLarge(value));
    }
    let plain = value.normalize();
    if plain.scale() > MAX_SCALE { Err(NumberError::TooFine(value)) } else { Ok(plain) }
}

fn parse(text: &str) -> Result<Decimal, NumberError> {
    Decimal::from_str_exact(text)
        .map_err(|_| NumberError::NotANumber(text.chars().take(40).collect()))
}

macro_rules! exact_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(Decimal);

        impl $name {
            /// Accepts a value above zero, below 10^12, with at most eight digits after the point.
            ///
            /// # Errors
            /// Says which of those bounds the value breaks.
            pub fn new(value: Decimal) -> Result<Self, NumberError> {
                check(value).map(Self)
            }

            /// The exact value.
            #[must_use]
            pub fn get(self) -> Decimal {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                Self::new(parse(text)?)
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = NumberError;
            fn try_from(value: Decimal) -> Result<Self, NumberError> {
                Self::new(value)
            }
        }

        impl From<$name> for Decimal {
            fn from(number: $name) -> Decimal {
                number.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

exact_number! {
    /// A price in US dollars a share.
    Price
}

exact_number! {
    /// A number of shares. Fractional sizes exist.
    Size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_bound_is_ten_to_the_twelfth() {
        assert_eq!(MAX_VALUE, Decimal::from(1_000_000_000_000_u64));
    }

    #[test]
    fn every_digit_of_an_accepted_text_is_kept() {
        for text in ["738.8101", "0.00000001", "999999999999.99999999", "100", "0.5"] {
            assert_eq!(text.parse::<Price>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn trailing_zeros_do_not_make_a_price_too_fine() {
        assert_eq!("1.500000000000".parse::<Price>(), "1.5".parse::<Price>());
    }

    #[test]
    fn what_is_no_price_is_refused_with_its_reason() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Price>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "not a decimal number");
        check("NaN", "not a decimal number");
        check("1e400", "not a decimal number");
        check("null", "not a decimal number");
        check("0", "not above zero");
        check("-1", "not above zero");
        check("1000000000000", "not below");
        check("0.000000001", "more than 8 digits");
    }
}
