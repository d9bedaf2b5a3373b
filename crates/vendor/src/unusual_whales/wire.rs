//! The vendor's answers as they lie on the wire.
//!
//! Every field keeps its raw JSON text. So a row with one strange field is still a row, the
//! reason of a reject can show what came, and no number passes through a float.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

mod options;

pub(super) use options::*;

/// More rows than any usual endpoint delivers. Bounds the memory that an answer can take.
pub(super) const MAX_ROWS: usize = 5000;

/// What stands around the rows of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"data": […]}` and nothing else.
    Wrapped,
    /// The same or the bare list: some endpoints changed from one to the other.
    WrappedOrBare,
}

/// A row whose fields can be filled in one by one.
pub(super) trait WireRow<'a>: Default + Deserialize<'a> {
    /// The number of the field of a key that is still in its quotation marks; none when it is not
    /// read.
    fn place(key: &str) -> Option<u8>;
    /// The field of that number.
    fn at(&mut self, place: u8) -> Option<&mut Raw<'a>>;
}

/// A row of raw fields, named as the vendor names them.
macro_rules! wire_row {
    ($(#[$doc:meta])* $name:ident { $($field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        pub(in crate::unusual_whales) struct $name<'a> {
            $(pub(in crate::unusual_whales) $field: Raw<'a>,)*
        }

        const _: () = {
        #[expect(non_camel_case_types, reason = "the vendor's names")]
        enum Place { $($field,)* }

        impl<'a> WireRow<'a> for $name<'a> {
            fn place(key: &str) -> Option<u8> {
                match key {
                    $(concat!("\"", stringify!($field), "\"") => Some(Place::$field as u8),)*
                    _ => None,
                }
            }

            fn at(&mut self, place: u8) -> Option<&mut Raw<'a>> {
                match place {
                    $(place if place == Place::$field as u8 => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
        };
    };
}
use wire_row;

/// The JSON text of a field. Empty when the field is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Raw<'a>(pub(super) &'a str);

wire_row! {
    /// One row of `/api/darkpool/{ticker}` and `/api/darkpool/recent`. An invented example:
    ///
    /// ```json
    /// {"ticker": "SPY", "size": 1200, "price": "512.3401", "premium": "614808.1200",
    ///  "volume": 20100300, "executed_at": "2026-03-02T15:04:05Z",
    ///  "trf_executed_at": "2026-03-02T15:04:04Z", "tracking_id": 36245000000001,
    ///  "nbbo_bid": "512.33", "nbbo_ask": "512.35", "nbbo_bid_quantity": 300,
    ///  "nbbo_ask_quantity": 200, "market_center": "L", "canceled": false,
    ///  "sale_cond_codes": null, "trade_code": null, "ext_hour_sold_codes": null,
    ///  "trade_settlement": "regular"}
    /// ```
    ///
    /// `premium` is not read: it is price times size in every row that was ever seen, and is
    /// computed exactly where it is needed. The quantities of the quote have no use yet.
    WirePrint {
        ticker, size, price, volume, executed_at, trf_executed_at, tracking_id, nbbo_bid, nbbo_ask,
        market_center, canceled, sale_cond_codes, trade_code, ext_hour_sold_codes,
        trade_settlement,
    }
}

/// One row of `/api/stock/{ticker}/ohlc/{size}`. Intraday rows carry `start_time`, rows of a day
/// carry `date`, one for each part of the day. An invented example of the latter:
///
/// ```json
/// {"date": "2026-03-02", "market_time": "r", "open": "510.1", "high": "513.22",
///  "low": "509.8", "close": "512.4", "volume": 61200500, "total_volume": 58100200}
/// ```
///
/// `total_volume` runs through the day. `volume` belongs to the row, but in the `r` row of a day
/// it is that of the whole day.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct WireBar<'a> {
    pub(super) open: Raw<'a>,
    pub(super) high: Raw<'a>,
    pub(super) low: Raw<'a>,
    pub(super) close: Raw<'a>,
    pub(super) volume: Raw<'a>,
    pub(super) total_volume: Raw<'a>,
    pub(super) market_time: Raw<'a>,
    pub(super) start_time: Raw<'a>,
    pub(super) date: Raw<'a>,
}

/// The object of `/api/stock/{ticker}/stock-state`. An invented example:
///
/// ```json
/// {"open": "510.1", "high": "513.22", "low": "509.8", "close": "512.4", "volume": 120,
///  "total_volume": 58100200, "prev_close": "509.05", "market_time": "regular",
///  "tape_time": "2026-03-02T15:04:05Z"}
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct WireState<'a> {
    pub(super) open: Raw<'a>,
    pub(super) high: Raw<'a>,
    pub(super) low: Raw<'a>,
    pub(super) close: Raw<'a>,
    pub(super) prev_close: Raw<'a>,
    pub(super) volume: Raw<'a>,
    pub(super) total_volume: Raw<'a>,
    pub(super) market_time: Raw<'a>,
    pub(super) tape_time: Raw<'a>,
}

wire_row! {
    /// What a row that could not be parsed still tells of itself. Each kind of row has one of them.
    WireTicker { ticker, underlying_symbol, symbol }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|value| Self(value.get()))
    }
}

/// Reads `{"data": …}`, whatever else stands beside it.
pub(super) fn read_data<'a, S: DeserializeSeed<'a>>(
    text: &'a str,
    seed: S,
) -> Result<S::Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let data = reader.deserialize_map(Envelope { seed: Some(seed), data: None })?;
    reader.end()?;
    Ok(data)
}

/// Reads `{"data": [row, …]}`, or just the list where the shape allows it; each row as raw text.
pub(super) fn read_rows(
    text: &str,
    shape: Shape,
    most: usize,
) -> Result<Vec<Raw<'_>>, serde_json::Error> {
    let is_bare = text.trim_ascii_start().starts_with('[');
    if !is_bare || shape == Shape::Wrapped {
        return read_data(text, Rows { most });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let rows = Rows { most }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(rows)
}

struct Envelope<'de, S: DeserializeSeed<'de>> {
    seed: Option<S>,
    data: Option<S::Value>,
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Envelope<'de, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"data\"")
    }

    // By hand, because a derived one would take an absent `data` for an empty one.
    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<S::Value, A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key != "data" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let seed = self.seed.take().ok_or_else(|| A::Error::duplicate_field("data"))?;
            self.data = Some(map.next_value_seed(seed)?);
        }
        self.data.ok_or_else(|| A::Error::missing_field("data"))
    }
}

struct Rows {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Rows {
    type Value = Vec<Raw<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows {
    type Value = Vec<Raw<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element()? {
            if rows.len() == self.most {
                return Err(A::Error::custom(format_args!("more than {} rows", self.most)));
            }
            rows.push(row);
        }
        Ok(rows)
    }
}
