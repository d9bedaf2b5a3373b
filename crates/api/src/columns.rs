//! The binary answer for bulk history: columns of 64-bit floats behind a small JSON header.
//!
//! ```text
//! bytes 0..4    "UTC1"
//! bytes 4..8    length of the header in bytes, u32 little-endian, padding included
//! then          the header: {"rows": n, "columns": ["start_ms", …], "meta": {…}}, padded with
//!               spaces so that the columns begin at a multiple of eight
//! then          the columns, one after the other, each `rows` little-endian f64
//! ```
//!
//! A page of ten thousand rows costs a quarter of its JSON to send and nothing to parse. Missing
//! values are NaN, never zero. Times are epoch milliseconds. A value that needs more than 53 bits
//! (an identity) crosses as two columns of 32 bits.

use serde::Serialize;

use crate::error::ApiError;

/// The first four bytes of every columnar answer.
pub const MAGIC: [u8; 4] = *b"UTC1";
/// Rows that one answer may hold. More are paged.
pub const MAX_ROWS: usize = 100_000;

/// Columns of equal length with a typed description of what they hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    rows: usize,
    columns: Vec<(&'static str, Vec<f64>)>,
    meta: serde_json::Value,
}

#[derive(Serialize)]
struct Header<'a> {
    rows: usize,
    columns: Vec<&'static str>,
    meta: &'a serde_json::Value,
}

impl Columns {
    /// Starts an answer of `rows` rows that `meta` describes.
    ///
    /// # Errors
    /// `meta` cannot be written as JSON.
    pub fn new(rows: usize, meta: &impl Serialize) -> Result<Self, ApiError> {
        let meta = serde_json::to_value(meta).map_err(ApiError::internal)?;
        Ok(Self { rows, columns: Vec::new(), meta })
    }

    /// Adds a column, one value a row.
    ///
    /// # Panics
    /// The column has another number of rows: a mistake in the handler, not in the data.
    #[must_use]
    pub fn with(mut self, name: &'static str, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        assert_eq!(values.len(), self.rows, "column {name} has another number of rows");
        self.columns.push((name, values));
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The names of the columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|(name, _)| *name)
    }

    /// The values of one column.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|(column, _)| *column == name).map(|(_, values)| values.as_slice())
    }

    /// The description that goes in front of the columns.
    #[must_use]
    pub fn meta(&self) -> &serde_json::Value {
        &self.meta
    }

    /// The bytes that cross to the screen.
    ///
    /// # Errors
    /// The header cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ApiError> {
        let names = self.columns.iter().map(|(name, _)| *name).collect();
        let header = Header { rows: self.rows, columns: names, meta: &self.meta };
        let mut json = serde_json::to_vec(&header).map_err(ApiError::internal)?;
        while !(MAGIC.len() + 4 + json.len()).is_multiple_of(8) {
            json.push(b' ');
        }
        let header_bytes = u32::try_from(json.len()).map_err(ApiError::internal)?;
        let mut bytes = Vec::with_capacity(8 + json.len() + self.rows * self.columns.len() * 8);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&header_bytes.to_le_bytes());
        bytes.extend_from_slice(&json);
        for (_, values) in &self.columns {
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_begin_at_a_multiple_of_eight_and_hold_every_value() {
        for symbol in ["S", "SP", "SPY", "SPYX", "SPYXX", "SPYXXX", "SPYXXXX", "SPYXXXXX"] {
            let columns = Columns::new(2, &serde_json::json!({ "symbol": symbol }))
                .unwrap()
                .with("a", [1.5, f64::NAN])
                .with("b", [3.0, -4.0]);
            let bytes = columns.to_bytes().unwrap();
            let header = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
            assert_eq!(&bytes[..4], b"UTC1");
            assert_eq!((8 + header) % 8, 0);
            let json: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
            assert_eq!(json["columns"], serde_json::json!(["a", "b"]));
            assert_eq!(json["meta"]["symbol"], symbol);
            let data: Vec<f64> = bytes[8 + header..]
                .chunks_exact(8)
                .map(|chunk| f64::from_le_bytes(chunk.try_into().unwrap()))
                .collect();
            assert_eq!(data.len(), 4);
            assert!(data[1].is_nan());
            assert_eq!(&data[2..], &[3.0, -4.0]);
        }
    }
}
