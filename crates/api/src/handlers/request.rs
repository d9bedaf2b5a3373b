//! Checks that requests share.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::vendor::UnknownVendor;
use undertow_market::{Symbol, VendorId};
use undertow_store::StoreError;

use crate::app::market_error;
use crate::convert;
use crate::error::ApiError;

/// A ticker, or what is wrong with it.
pub(super) fn symbol(text: &str) -> Result<Symbol, ApiError> {
    Symbol::new(text).map_err(|error| ApiError::invalid(error.to_string()))
}

/// A vendor, or what is wrong with its name.
pub(super) fn vendor(text: &str) -> Result<VendorId, ApiError> {
    text.parse().map_err(|error: UnknownVendor| ApiError::invalid(error.to_string()))
}

/// An instant, or what is wrong with it.
pub(super) fn instant(name: &str, ms: f64) -> Result<DateTime<Utc>, ApiError> {
    convert::instant(ms).ok_or_else(|| {
        ApiError::invalid(format!("{name} = {ms} is not an instant in milliseconds"))
    })
}

/// A session date, or what is wrong with it.
pub(super) fn date(name: &str, text: &str) -> Result<NaiveDate, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid(format!("{name} = \"{text}\": use a form like 2026-03-02")))
}

/// A number within its bounds, or what is wrong with it.
pub(super) fn within(name: &str, value: u32, bounds: RangeInclusive<u32>) -> Result<u32, ApiError> {
    if bounds.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (bounds.start(), bounds.end());
    Err(ApiError::invalid(format!("{name} = {value}: use {low} to {high}")))
}

/// A failed read of the database, as the screen knows it.
pub(crate) fn stored<T>(result: Result<T, StoreError>) -> Result<T, ApiError> {
    result.map_err(market_error)
}
