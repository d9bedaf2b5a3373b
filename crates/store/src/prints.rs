//! Table `darkpool_trades`: reading prints. They are written by [`crate::merge`].

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::Acquire;
use sqlx::postgres::PgRow;
use undertow_market::{MarketSession, Print, PrintKey, Quote, Reasons, Side, SideState, Symbol};

use crate::numeric::Numeric;
use crate::row::{Reading, key_of};
use crate::tape::make_months;
use crate::{Store, StoreError};

/// Most prints that one query returns.
pub const MAX_PRINTS: u32 = 20_000;

const TABLE: &str = "darkpool_trades";
/// The side states of each side, as stored.
const BUY_STATES: &[i16] = &[1, 2, 3];
const SELL_STATES: &[i16] = &[5, 6, 7];
const UNKNOWN_STATES: &[i16] = &[4, 10, 11, 12, 13, 14];

/// Which prints of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintFilter {
    /// The ticker.
    pub symbol: Symbol,
    /// On the tape at or after this instant.
    pub from: DateTime<Utc>,
    /// On the tape before this instant.
    pub to: DateTime<Utc>,
    /// At least so many dollars.
    pub min_notional: Option<Decimal>,
    /// Of this side.
    pub side: Option<Side>,
    /// With at least one of these reasons; empty for all prints.
    pub reasons_any: Reasons,
    /// With none of these reasons.
    pub reasons_none: Reasons,
    /// Executed in one of these parts of the day; empty for all.
    pub sessions: Vec<MarketSession>,
    /// At most so many, and never more than [`MAX_PRINTS`].
    pub limit: u32,
    /// Only what comes after this place, going back in time.
    pub before: Option<Place>,
}

/// A place in a symbol's prints, ordered by tape time and identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When the print reached the tape.
    pub reported_at: DateTime<Utc>,
    /// Its identity.
    pub identity: i64,
}

impl PrintFilter {
    /// The newest prints of a symbol in a stretch of tape time.
    #[must_use]
    pub fn new(symbol: Symbol, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self {
            symbol,
            from,
            to,
            min_notional: None,
            side: None,
            reasons_any: Reasons::empty(),
            reasons_none: Reasons::empty(),
            sessions: Vec::new(),
            limit: MAX_PRINTS,
            before: None,
        }
    }
}

macro_rules! print_columns {
    () => {
        "symbol, reported_at, identity, executed_at, received_at, tracking_id, day_volume, \
         session_date, vendor::text AS vendor, reasons, session, price, size, bid, ask, \
         market_center, sale_condition, trade_code, extended_hours_code, settlement"
    };
}

/// The prints that pass a filter, in an order that is given.
macro_rules! select_filtered {
    ($order:literal) => {
        concat!(
            "SELECT ",
            print_columns!(),
            " FROM trading.darkpool_trades
    WHERE symbol = $1 AND reported_at >= $2 AND reported_at < $3
      AND ($4::timestamptz IS NULL
           OR (reported_at <= $4 AND (reported_at, identity) < ($4, $5::bigint)))
      AND ($6::numeric IS NULL OR notional >= $6)
      AND ($7::smallint[] IS NULL OR side_state = ANY($7))
      AND ($8 = 0 OR (reasons & $8) <> 0)
      AND (reasons & $9) = 0
      AND ($10::smallint[] IS NULL OR session = ANY($10))
    ORDER BY ",
            $order,
            " LIMIT $11"
        )
    };
}

const SELECT_NEWEST: &str = select_filtered!("reported_at DESC, identity DESC");
const SELECT_LARGEST: &str = select_filtered!("notional DESC, reported_at DESC, identity DESC");

const SELECT_BY_KEY: &str = concat!(
    "SELECT ",
    print_columns!(),
    " FROM trading.darkpool_trades WHERE symbol = $1 AND reported_at = $2 AND identity = $3"
);

impl Store {
    /// Prints that pass a filter, newest on the tape first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn prints(&self, filter: &PrintFilter) -> Result<Vec<Print>, StoreError> {
        self.filtered(SELECT_NEWEST, filter).await
    }

    /// Prints that pass a filter, largest in dollars first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn largest_prints(&self, filter: &PrintFilter) -> Result<Vec<Print>, StoreError> {
        self.filtered(SELECT_LARGEST, filter).await
    }

    async fn filtered(
        &self,
        select: &'static str,
        filter: &PrintFilter,
    ) -> Result<Vec<Print>, StoreError> {
        let rows = sqlx::query(select)
            .bind(filter.symbol.as_str())
            .bind(filter.from)
            .bind(filter.to)
            .bind(filter.before.map(|place| place.reported_at))
            .bind(filter.before.map(|place| place.identity))
            .bind(filter.min_notional.map(Numeric::from))
            .bind(filter.side.map(side_states))
            .bind(i32::from(filter.reasons_any.bits()))
            .bind(i32::from(filter.reasons_none.bits()))
            .bind(session_codes(&filter.sessions))
            .bind(i64::from(filter.limit.min(MAX_PRINTS)))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_print).collect()
    }

    /// The print with a key.
    ///
    /// # Errors
    /// The database refuses, or the stored row is broken.
    pub async fn print_by_key(&self, key: &PrintKey) -> Result<Option<Print>, StoreError> {
        let row = sqlx::query(SELECT_BY_KEY)
            .bind(key.symbol.as_str())
            .bind(key.reported_at)
            .bind(key.identity)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(read_print).transpose()
    }

    /// Makes the month partitions that hold prints, option trades and alerts, the consolidated
    /// tape and option chains between two instants. The writers do so themselves; doing it ahead keeps the work out of the market's
    /// opening. Returns how many were made.
    ///
    /// # Errors
    /// The instants are out of order or outside 1990 to 2099, or the database refuses.
    pub async fn ensure_partitions(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<u32, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let made: i32 = sqlx::query_scalar(
            "SELECT trading.ensure_partitions('darkpool_trades', $1, $2)
                  + trading.ensure_partitions('options_flow', $1, $2)
                  + trading.ensure_partitions('chain_quotes', $1, $2)",
        )
        .bind(from)
        .bind(to)
        .fetch_one(&mut *connection)
        .await?;
        let mut transaction = connection.begin().await?;
        let (first, last) = (from.date_naive(), to.date_naive());
        let of_tape = make_months(&mut transaction, first, last).await?;
        transaction.commit().await?;
        Ok(made.unsigned_abs() + of_tape)
    }
}

/// The session codes of a filter; none when it lets all pass.
pub(crate) fn session_codes(sessions: &[MarketSession]) -> Option<Vec<i16>> {
    let codes = sessions.iter().map(|session| i16::from(session.code())).collect();
    (!sessions.is_empty()).then_some(codes)
}

pub(crate) fn side_states(side: Side) -> &'static [i16] {
    match side {
        Side::Buy => BUY_STATES,
        Side::Sell => SELL_STATES,
        Side::Unknown => UNKNOWN_STATES,
    }
}

fn read_print(row: &PgRow) -> Result<Print, StoreError> {
    let key = |row: &PgRow| key_of(row, &["symbol", "reported_at", "identity"]);
    let reading = Reading { row, table: TABLE, key };
    let print = Print {
        vendor: reading.vendor()?,
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        session: reading.session()?,
        executed_at: reading.get("executed_at")?,
        reported_at: reading.get("reported_at")?,
        received_at: reading.get("received_at")?,
        tracking_id: reading.get("tracking_id")?,
        price: reading.exact("price")?,
        size: reading.exact("size")?,
        day_volume: reading.get("day_volume")?,
        quote: read_quote(&reading)?,
        reasons: read_reasons(&reading)?,
        market_center: reading.text("market_center")?,
        sale_condition: reading.text("sale_condition")?,
        trade_code: reading.text("trade_code")?,
        extended_hours_code: reading.text("extended_hours_code")?,
        settlement: reading.text("settlement")?,
    };
    if print.identity() == reading.get::<i64>("identity")? {
        Ok(print)
    } else {
        Err(reading.broken("identity is not that of its columns"))
    }
}

pub(crate) fn read_quote(reading: &Reading<'_>) -> Result<Option<Quote>, StoreError> {
    match (reading.optional_price("bid")?, reading.optional_price("ask")?) {
        (Some(bid), Some(ask)) => Ok(Some(Quote { bid, ask })),
        (None, None) => Ok(None),
        _ => Err(reading.broken("half a quote")),
    }
}

pub(crate) fn read_reasons(reading: &Reading<'_>) -> Result<Reasons, StoreError> {
    let bits: i32 = reading.get("reasons")?;
    let known = u16::try_from(bits).ok().and_then(Reasons::from_bits);
    known.ok_or_else(|| reading.broken(format!("{bits} holds an unknown reason")))
}

/// How a side state is stored.
pub(crate) fn side_code(state: SideState) -> i16 {
    i16::from(state.code())
}
