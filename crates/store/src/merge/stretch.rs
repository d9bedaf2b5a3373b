//! Runs of rows that are looked up together.

use chrono::{DateTime, Utc};

/// Rows of one symbol that follow each other.
pub(crate) struct Stretch<'b> {
    pub(crate) symbol: &'b str,
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) last_at: DateTime<Utc>,
}

/// Cuts rows, sorted by symbol and time, into stretches. `joins` tells whether a time still belongs
/// to a stretch. Gives the stretches, and for each row the number of its stretch, from one.
pub(crate) fn cut<'b>(
    rows: impl Iterator<Item = (&'b str, DateTime<Utc>)>,
    joins: impl Fn(&Stretch<'b>, DateTime<Utc>) -> bool,
) -> (Vec<Stretch<'b>>, Vec<i32>) {
    let mut stretches: Vec<Stretch<'b>> = Vec::new();
    let mut numbers = Vec::with_capacity(rows.size_hint().0);
    for (symbol, at) in rows {
        match stretches.last_mut() {
            Some(last) if last.symbol == symbol && joins(last, at) => last.last_at = at,
            _ => stretches.push(Stretch { symbol, first_at: at, last_at: at }),
        }
        numbers.push(i32::try_from(stretches.len()).expect("a batch is bounded"));
    }
    (stretches, numbers)
}
