//! Rows in Postgres' binary COPY format.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::numeric::Numeric;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Postgres counts days and microseconds from 2000-01-01.
const EPOCH_SECONDS: i64 = 946_684_800;
const EPOCH_DAYS_FROM_CE: i32 = 730_120;

/// Rows being encoded. Fields are written in the order of the COPY statement's columns.
pub(crate) struct CopyBuffer {
    bytes: Vec<u8>,
    columns: i16,
}

impl CopyBuffer {
    /// An empty COPY of rows with so many columns.
    pub(crate) fn new(columns: i16, capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(capacity);
        bytes.extend_from_slice(SIGNATURE);
        // No flags, no header extension.
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, columns }
    }

    /// Begins the next row.
    pub(crate) fn row(&mut self) {
        self.bytes.extend_from_slice(&self.columns.to_be_bytes());
    }

    /// Ends the COPY.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.bytes
    }

    pub(crate) fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.fixed(&value.to_be_bytes());
    }

    pub(crate) fn uuid(&mut self, value: Uuid) {
        self.fixed(value.as_bytes());
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.fixed(&[u8::from(value)]);
    }

    pub(crate) fn instant(&mut self, value: DateTime<Utc>) {
        self.i64(value.timestamp_micros() - EPOCH_SECONDS * 1_000_000);
    }

    pub(crate) fn date(&mut self, value: NaiveDate) {
        self.i32(chrono::Datelike::num_days_from_ce(&value) - EPOCH_DAYS_FROM_CE);
    }

    pub(crate) fn text(&mut self, value: &str) {
        // Texts are bounded by the callers, far below 2 GiB.
        let length = i32::try_from(value.len()).expect("a text is shorter than 2 GiB");
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn numeric(&mut self, value: Numeric) {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        value.write(&mut self.bytes);
        let length =
            i32::try_from(self.bytes.len() - at - 4).expect("a NUMERIC has at most 30 bytes");
        self.bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }

    pub(crate) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    fn fixed(&mut self, value: &[u8]) {
        // At most sixteen bytes.
        self.bytes.extend_from_slice(&[0, 0, 0, u8::try_from(value.len()).unwrap_or(0)]);
        self.bytes.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_count_from_the_year_2000() {
        let day = NaiveDate::from_ymd_opt(2000, 1, 2).expect("a real day");
        let mut buffer = CopyBuffer::new(2, 64);
        buffer.row();
        buffer.date(day);
        buffer.instant(day.and_hms_opt(0, 0, 1).expect("a real time").and_utc());
        let bytes = buffer.finish();
        let row = &bytes[SIGNATURE.len() + 8..];
        assert_eq!(&row[..10], [0, 2, 0, 0, 0, 4, 0, 0, 0, 1]);
        assert_eq!(&row[10..14], [0, 0, 0, 8]);
        assert_eq!(row[14..22], 86_401_000_000_i64.to_be_bytes());
        assert_eq!(row[22..], [255, 255]);
    }
}
