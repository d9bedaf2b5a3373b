//! The off-exchange minutes of whole sessions, packed into their books: a baseline of ninety
//! sessions reads ninety rows instead of ninety thousand (docs/adr/0015).

use chrono::NaiveDate;
use undertow_analysis::activity::{MinuteShares, SessionActivity};
use undertow_market::{Symbol, TapeMinute};

use crate::day_sums::{SHARE_SCALE, shares};
use crate::numeric::Numeric;
use crate::packed::{Broken, Packer, Unpacker};
use crate::{Store, StoreError};

/// Most sessions whose activity one query returns: four years.
pub const MAX_TAPE_SESSIONS: usize = 1_024;
const TOO_LONG: &str = "a minute's shares have too many digits";

impl Store {
    /// Off-exchange shares by minute of the newest whole sessions before a day, oldest first; at
    /// most [`MAX_TAPE_SESSIONS`]. Minutes without such trades are left out. A session that closed
    /// early is among them: who knows the calendar leaves it out.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn tape_activity(
        &self,
        symbol: &Symbol,
        before: NaiveDate,
        sessions: usize,
    ) -> Result<Vec<SessionActivity>, StoreError> {
        let rows: Vec<(NaiveDate, Vec<u8>)> = sqlx::query_as(
            "SELECT session_date, off_minutes FROM trading.tape_books
             WHERE symbol = $1 AND session_date < $2 AND is_whole
             ORDER BY session_date DESC LIMIT $3",
        )
        .bind(symbol.as_str())
        .bind(before)
        .bind(i64::try_from(sessions.min(MAX_TAPE_SESSIONS)).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let read = |(session_date, packed): (NaiveDate, Vec<u8>)| match unpack(&packed) {
            Ok(minutes) => Ok(SessionActivity { session_date, minutes }),
            Err(problem) => Err(broken(symbol, session_date, problem)),
        };
        rows.into_iter().rev().map(read).collect()
    }
}

/// The off-exchange shares of a session's minutes, which come in order.
pub(super) fn pack<'m>(
    minutes: impl Iterator<Item = &'m TapeMinute>,
) -> Result<Vec<u8>, StoreError> {
    let (mut numbers, mut shares) = (Vec::new(), Vec::new());
    for minute in minutes.filter(|minute| minute.off_exchange.trades > 0) {
        let exact = Numeric::from(minute.off_exchange.shares).at_scale(SHARE_SCALE);
        shares.push(exact.ok_or_else(|| broken(&minute.symbol, minute.session_date, TOO_LONG))?);
        numbers.push(minute.minute.into());
    }
    let mut packer = Packer::new(numbers.len());
    packer.column(&numbers);
    packer.scaled(&shares);
    Ok(packer.finish())
}

fn unpack(bytes: &[u8]) -> Result<Vec<MinuteShares>, Broken> {
    let (mut packed, rows) = Unpacker::new(bytes)?;
    let (numbers, exact) = (packed.column(rows)?, packed.scaled(rows)?);
    packed.finish()?;
    let minute = |(number, exact): (i128, i128)| {
        let minute = u16::try_from(number).map_err(|_| "there is no such minute")?;
        Ok(MinuteShares { minute, shares: shares(exact).to_decimal().ok_or(TOO_LONG)? })
    };
    numbers.into_iter().zip(exact).map(minute).collect()
}

fn broken(symbol: &Symbol, session_date: NaiveDate, problem: &str) -> StoreError {
    StoreError::broken("tape_books", format!("{symbol} {session_date}"), problem)
}
