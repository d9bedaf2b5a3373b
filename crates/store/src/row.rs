//! Database values as market types. A value that no market type allows is an error that names
//! its row, never a guess.

use std::str::FromStr;

use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use sqlx::{ColumnIndex, Row};
use undertow_market::{MarketSession, Price, Symbol, VendorId};

use crate::StoreError;
use crate::numeric::Numeric;

/// One row on its way to a market type, with what its errors need.
pub(crate) struct Reading<'r> {
    pub(crate) row: &'r PgRow,
    pub(crate) table: &'static str,
    /// Names the row; only asked for when something is wrong.
    pub(crate) key: fn(&PgRow) -> String,
}

impl Reading<'_> {
    pub(crate) fn broken(&self, problem: impl ToString) -> StoreError {
        StoreError::broken(self.table, (self.key)(self.row), problem)
    }

    /// A value of a type that Postgres and Rust agree on.
    pub(crate) fn get<'a, T>(&'a self, column: &'static str) -> Result<T, StoreError>
    where
        T: sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
        &'static str: ColumnIndex<PgRow>,
    {
        self.row.try_get(column).map_err(|error| self.broken(format!("{column}: {error}")))
    }

    pub(crate) fn decimal(&self, column: &'static str) -> Result<Decimal, StoreError> {
        let number: Numeric = self.get(column)?;
        number.to_decimal().ok_or_else(|| self.broken(format!("{column} has too many digits")))
    }

    /// A price or a size.
    pub(crate) fn exact<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: TryFrom<Decimal>,
        T::Error: ToString,
    {
        let value = T::try_from(self.decimal(column)?);
        value.map_err(|error| self.broken(format!("{column}: {}", error.to_string())))
    }

    pub(crate) fn optional_decimal(
        &self,
        column: &'static str,
    ) -> Result<Option<Decimal>, StoreError> {
        let Some(number) = self.get::<Option<Numeric>>(column)? else {
            return Ok(None);
        };
        let value = number.to_decimal();
        value.map(Some).ok_or_else(|| self.broken(format!("{column} has too many digits")))
    }

    pub(crate) fn optional_price(&self, column: &'static str) -> Result<Option<Price>, StoreError> {
        let price = self.optional_decimal(column)?.map(Price::new).transpose();
        price.map_err(|error| self.broken(format!("{column}: {error}")))
    }

    /// A value that is stored under its name.
    pub(crate) fn named<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr,
        T::Err: ToString,
    {
        let text: &str = self.get(column)?;
        text.parse()
            .map_err(|error: T::Err| self.broken(format!("{column}: {}", error.to_string())))
    }

    pub(crate) fn symbol(&self) -> Result<Symbol, StoreError> {
        self.named("symbol")
    }

    pub(crate) fn vendor(&self) -> Result<VendorId, StoreError> {
        self.named("vendor")
    }

    pub(crate) fn session(&self) -> Result<MarketSession, StoreError> {
        let code: i16 = self.get("session")?;
        let session = u8::try_from(code).ok().and_then(MarketSession::from_code);
        session.ok_or_else(|| self.broken(format!("{code} is no part of a trading day")))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<Option<Box<str>>, StoreError> {
        Ok(self.get::<Option<&str>>(column)?.map(Box::from))
    }
}

/// Names a row by some of its columns, whatever their types.
pub(crate) fn key_of(row: &PgRow, columns: &[&'static str]) -> String {
    let parts = columns.iter().map(|column| {
        row.try_get_raw(*column).map_or_else(|_| "?".to_owned(), |value| in_words(value))
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn in_words(value: sqlx::postgres::PgValueRef<'_>) -> String {
    use chrono::{DateTime, NaiveDate, Utc};
    use sqlx::{Decode, TypeInfo, ValueRef};
    let kind = value.type_info().name().to_owned();
    let text = match kind.as_str() {
        "TIMESTAMPTZ" => DateTime::<Utc>::decode(value).map(|at| at.to_rfc3339()),
        "DATE" => NaiveDate::decode(value).map(|day| day.to_string()),
        "INT8" => i64::decode(value).map(|number| number.to_string()),
        _ => value.as_str().map(str::to_owned),
    };
    text.unwrap_or_else(|_| format!("({kind})"))
}
