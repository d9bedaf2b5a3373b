//! Option contracts and their symbols.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Price, Symbol};

/// Digits of the strike in a contract's symbol: thousandths of a dollar.
const STRIKE_DIGITS: usize = 8;
/// Digits of the expiry, `yymmdd`.
const EXPIRY_DIGITS: usize = 6;
/// Contracts whose symbol begins with one of these stand for ten shares instead of a hundred,
/// or for one.
const SMALL_ROOTS: [(&str, u32); 2] = [("XSP", 10), ("NANOS", 1)];
/// What one contract of everything else stands for.
const SHARES_A_CONTRACT: u32 = 100;

/// The right that an option gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionKind {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

impl OptionKind {
    /// The name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Put => "put",
        }
    }

    /// The letter in a contract's symbol.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Call => 'C',
            Self::Put => 'P',
        }
    }
}

impl FromStr for OptionKind {
    type Err = ContractError;
    fn from_str(text: &str) -> Result<Self, ContractError> {
        match text {
            "call" => Ok(Self::Call),
            "put" => Ok(Self::Put),
            _ => Err(ContractError::new(text)),
        }
    }
}

/// A listed option. Written as in the trade, without blanks: `SPY261218C00595000` is the SPY call
/// of 18 December 2026 at 595.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OptionContract {
    /// The class: most often the ticker, but `SPXW` for SPX's weekly options and a ticker with a
    /// digit for an adjusted contract.
    pub root: Symbol,
    /// The last trading day.
    pub expiry: NaiveDate,
    /// Call or put.
    pub kind: OptionKind,
    /// Dollars a share, in thousandths at most.
    pub strike: Price,
}

/// A text that names no option contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is no option contract: expected ticker, yymmdd, C or P, and the strike in thousandths with eight digits"
)]
pub struct ContractError {
    /// The refused text, cut to a readable length.
    pub text: String,
}

impl ContractError {
    fn new(text: &str) -> Self {
        Self { text: text.chars().take(40).collect() }
    }
}

impl OptionContract {
    /// Shares that one contract stands for. A premium is price times contracts times this.
    #[must_use]
    pub fn multiplier(&self) -> u32 {
        let small = SMALL_ROOTS.iter().find(|(root, _)| *root == self.root.as_str());
        small.map_or(SHARES_A_CONTRACT, |(_, shares)| *shares)
    }

    /// Calendar days from `date` to the expiry; below zero when it has expired.
    #[must_use]
    pub fn days_to_expiry(&self, date: NaiveDate) -> i64 {
        (self.expiry - date).num_days()
    }
}

impl FromStr for OptionContract {
    type Err = ContractError;

    fn from_str(text: &str) -> Result<Self, ContractError> {
        read(text).ok_or_else(|| ContractError::new(text))
    }
}

fn read(text: &str) -> Option<OptionContract> {
    let root_end = text.len().checked_sub(EXPIRY_DIGITS + 1 + STRIKE_DIGITS)?;
    let (root, rest) = text.split_at_checked(root_end)?;
    let (expiry, rest) = rest.split_at_checked(EXPIRY_DIGITS)?;
    let (letter, strike) = rest.split_at_checked(1)?;
    let kind = match letter {
        "C" => OptionKind::Call,
        "P" => OptionKind::Put,
        _ => return None,
    };
    let year = 2000 + i32::try_from(digits(expiry.get(..2)?)?).ok()?;
    let (month, day) = (digits(expiry.get(2..4)?)?, digits(expiry.get(4..)?)?);
    let thousandths = Decimal::new(i64::from(digits(strike)?), 3).normalize();
    Some(OptionContract {
        root: Symbol::new(root).ok().filter(|symbol| symbol.as_str() == root)?,
        expiry: NaiveDate::from_ymd_opt(year, month, day)?,
        kind,
        strike: Price::new(thousandths).ok()?,
    })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for OptionContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, letter) = (self.expiry.year() % 100, self.kind.letter());
        let thousandths = (self.strike.get() * Decimal::ONE_THOUSAND).trunc().normalize();
        let (month, day) = (self.expiry.month(), self.expiry.day());
        write!(f, "{}{year:02}{month:02}{day:02}{letter}{thousandths:0>8}", self.root)
    }
}

impl TryFrom<String> for OptionContract {
    type Error = ContractError;
    fn try_from(text: String) -> Result<Self, ContractError> {
        text.parse()
    }
}

impl From<OptionContract> for String {
    fn from(contract: OptionContract) -> Self {
        contract.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_read_and_written_the_same() {
        let check = |text: &str, root: &str, expiry: &str, kind, strike: &str| {
            let contract: OptionContract = text.parse().expect(text);
            assert_eq!(contract.root.as_str(), root);
            assert_eq!(contract.expiry.to_string(), expiry);
            assert_eq!(contract.kind, kind);
            assert_eq!(contract.strike.to_string(), strike);
            assert_eq!(contract.to_string(), text);
        };
        check("SPY261218C00595000", "SPY", "2026-12-18", OptionKind::Call, "595");
        check("F270115P00012500", "F", "2027-01-15", OptionKind::Put, "12.5");
        check("META260821C00204780", "META", "2026-08-21", OptionKind::Call, "204.78");
        check("SPXW261120P06000000", "SPXW", "2026-11-20", OptionKind::Put, "6000");
        check("GME1261120P00000500", "GME1", "2026-11-20", OptionKind::Put, "0.5");
    }

    #[test]
    fn what_is_no_contract_is_refused() {
        for text in [
            "",
            "SPY",
            "SPY261218X00595000",
            "SPY261318C00595000",
            "SPY260230C00595000",
            "SPY261218C0059500",
            "SPY261218C00000000",
            "261218C00595000",
            "spy261218C00595000",
            "SPY 261218C00595000",
            "SPY2612é8C0059500",
            "SPY+61218C00595000",
        ] {
            assert!(text.parse::<OptionContract>().is_err(), "{text} was read");
        }
    }

    #[test]
    fn a_contract_stands_for_a_hundred_shares_but_for_the_small_ones() {
        for (text, shares) in [
            ("SPY261218C00595000", 100),
            ("XSP261218C00595000", 10),
            ("NANOS261218C00595000", 1),
            ("XSPA261218C00595000", 100),
        ] {
            assert_eq!(text.parse::<OptionContract>().expect(text).multiplier(), shares, "{text}");
        }
    }
}
