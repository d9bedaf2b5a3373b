//! How large the off-exchange trades of whole sessions are, packed into their books: from what a
//! floor for single trades is read (docs/adr/0016).

use std::collections::HashMap;

use chrono::NaiveDate;
use undertow_analysis::tape::Notionals;
use undertow_market::Symbol;

use crate::packed::{Broken, Packer, Unpacker};
use crate::{Store, StoreError};

impl Store {
    /// How large the off-exchange trades of some sessions were together, by symbol: of these, or
    /// of every one. Only whole sessions tell; a symbol without any is left out.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_notionals(
        &self,
        symbols: Option<&[Symbol]>,
        sessions: &[NaiveDate],
    ) -> Result<HashMap<Symbol, Notionals>, StoreError> {
        // Rows of the whole market are some megabytes a session: one at a time is in memory.
        let at_once = if symbols.is_some() { sessions.len().max(1) } else { 1 };
        let names: Option<Vec<&str>> =
            symbols.map(|symbols| symbols.iter().map(Symbol::as_str).collect());
        let mut all: HashMap<Symbol, Notionals> = HashMap::new();
        for sessions in sessions.chunks(at_once) {
            let rows: Vec<(String, NaiveDate, Vec<u8>)> = sqlx::query_as(
                "SELECT symbol, session_date, off_notionals FROM trading.tape_books
                 WHERE session_date = ANY($1) AND ($2::text[] IS NULL OR symbol = ANY($2))
                   AND off_notionals IS NOT NULL",
            )
            .bind(sessions)
            .bind(&names)
            .fetch_all(&self.pool)
            .await?;
            for (name, session_date, packed) in rows {
                let broken = |problem| {
                    StoreError::broken("tape_books", format!("{name} {session_date}"), problem)
                };
                let symbol = Symbol::new(&name).map_err(|_| broken("its symbol is no ticker"))?;
                let notionals = unpack(&packed).map_err(broken)?;
                all.entry(symbol).or_default().merge(&notionals);
            }
        }
        Ok(all)
    }
}

/// A session's trades by bucket.
pub(super) fn pack(notionals: &Notionals) -> Vec<u8> {
    let (buckets, trades): (Vec<i128>, Vec<i128>) = notionals
        .buckets()
        .map(|(bucket, trades)| (i128::from(bucket), i128::from(trades)))
        .unzip();
    let mut packer = Packer::new(buckets.len());
    packer.column(&buckets);
    packer.column(&trades);
    packer.finish()
}

fn unpack(bytes: &[u8]) -> Result<Notionals, Broken> {
    let (mut packed, rows) = Unpacker::new(bytes)?;
    let (buckets, trades) = (packed.column(rows)?, packed.column(rows)?);
    packed.finish()?;
    let counted = buckets.into_iter().zip(trades).map(|(bucket, trades)| {
        Ok((
            u16::try_from(bucket).map_err(|_| NO_BUCKET)?,
            u32::try_from(trades).map_err(|_| "there are impossibly many trades")?,
        ))
    });
    let counted: Vec<(u16, u32)> = counted.collect::<Result<_, Broken>>()?;
    Notionals::from_buckets(counted).ok_or(NO_BUCKET)
}

const NO_BUCKET: Broken = "there is no such bucket";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use undertow_analysis::tape::BUCKETS;

    use super::*;

    proptest! {
        #[test]
        fn counts_come_back_as_they_were(
            counts in prop::collection::btree_map(0..BUCKETS, 1_u32.., 0..80)
        ) {
            let notionals = Notionals::from_buckets(counts).unwrap();
            prop_assert_eq!(unpack(&pack(&notionals)), Ok(notionals));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = unpack(&bytes);
        }
    }
}
