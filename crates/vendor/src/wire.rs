//! What the rows of every vendor's answers have in common on the wire.
//!
//! Every field keeps its raw JSON text. So a row with one strange field is still a row, the
//! reason of a reject can show what came, and no number passes through a float.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A row whose fields can be filled in one by one.
pub(crate) trait WireRow<'a>: Default + Deserialize<'a> {
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
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        pub(crate) struct $name<'a> {
            $(pub(crate) $field: $crate::wire::Raw<'a>,)*
        }

        const _: () = {
            #[expect(non_camel_case_types, reason = "the vendor's names")]
            enum Place { $($field,)* }

            impl<'a> $crate::wire::WireRow<'a> for $name<'a> {
                fn place(key: &str) -> Option<u8> {
                    match key {
                        $(concat!("\"", stringify!($field), "\"") => Some(Place::$field as u8),)*
                        _ => None,
                    }
                }

                fn at(&mut self, place: u8) -> Option<&mut $crate::wire::Raw<'a>> {
                    match place {
                        $(place if place == Place::$field as u8 => Some(&mut self.$field),)*
                        _ => None,
                    }
                }
            }
        };
    };
}
pub(crate) use wire_row;

/// The JSON text of a field. Empty when the field is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Raw<'a>(pub(crate) &'a str);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|value| Self(value.get()))
    }
}
