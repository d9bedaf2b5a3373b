//! The data companies that Undertow collects from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A data company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorId {
    /// Unusual Whales.
    UnusualWhales,
    /// Massive, which was Polygon.io.
    Polygon,
}

impl VendorId {
    /// Every vendor.
    pub const ALL: [Self; 2] = [Self::UnusualWhales, Self::Polygon];

    /// The name used in settings, in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnusualWhales => "unusual_whales",
            Self::Polygon => "polygon",
        }
    }

    /// The name as the company writes it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::UnusualWhales => "Unusual Whales",
            Self::Polygon => "Massive (Polygon)",
        }
    }
}

impl fmt::Display for VendorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name is not one of a vendor that Undertow knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not a vendor that Undertow knows: use unusual_whales or polygon")]
pub struct UnknownVendor(String);

impl FromStr for VendorId {
    type Err = UnknownVendor;
    fn from_str(text: &str) -> Result<Self, UnknownVendor> {
        let known = Self::ALL.into_iter().find(|vendor| vendor.as_str() == text);
        known.ok_or_else(|| UnknownVendor(text.to_owned()))
    }
}
