//! Table `options_flow`: option trades and the alerts that a vendor makes of them.
//!
//! Both are read by the same filter and never summed together: what an alert counts was delivered
//! as trades too. Sums over trades are made by the database, see [`sums`].

mod merge;
mod record;
pub mod sums;
mod write;

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use undertow_analysis::flow::{Opening, Tenor};
use undertow_market::{
    FlowAlert, OptionContract, OptionKind, OptionTrade, Side, Symbol, TradeFlags,
};
use uuid::Uuid;

use crate::numeric::Numeric;
use crate::prints::side_states;
use crate::{Store, StoreError};

pub use merge::MAX_BATCH_FLOW;
use record::{Flow, reading};
pub(crate) use record::{read_contract, read_kind};

/// Most rows that one query returns.
pub const MAX_FLOW_ROWS: u32 = 20_000;
/// Most trades of a session that are read at once, for grouping.
pub const MAX_SESSION_TRADES: u32 = 500_000;

/// One row of the flow.
#[derive(Clone, Debug, PartialEq)]
pub enum FlowRow {
    /// A trade.
    Trade(OptionTrade),
    /// An alert.
    Alert(FlowAlert),
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// Trades.
    Trades,
    /// Alerts.
    Alerts,
}

/// Which rows of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowFilter {
    /// The underlying.
    pub symbol: Symbol,
    /// Trades or alerts.
    pub rows: FlowKind,
    /// Executed at or after this instant; alerts by the instant they were made.
    pub from: DateTime<Utc>,
    /// Before this instant.
    pub to: DateTime<Utc>,
    /// Of this trading day.
    pub session_date: Option<NaiveDate>,
    /// In this contract. Expiry, kind and strikes below then do not count.
    pub contract: Option<OptionContract>,
    /// Calls or puts.
    pub kind: Option<OptionKind>,
    /// Of this expiry.
    pub expiry: Option<NaiveDate>,
    /// At this strike or above, in dollars a share.
    pub min_strike: Option<Decimal>,
    /// At this strike or below.
    pub max_strike: Option<Decimal>,
    /// With so long to live on the trading day.
    pub tenor: Option<Tenor>,
    /// Of this side.
    pub side: Option<Side>,
    /// At least so many dollars.
    pub min_premium: Option<Decimal>,
    /// At least so many contracts.
    pub min_size: Option<i64>,
    /// With at least one of these flags; empty for all.
    pub flags_any: TradeFlags,
    /// With none of these flags.
    pub flags_none: TradeFlags,
    /// That opened at least this surely: probable ones include the provable.
    pub opening: Opening,
    /// At most so many, and never more than [`MAX_FLOW_ROWS`].
    pub limit: u32,
    /// Only what comes after this place, going back in time.
    pub before: Option<FlowPlace>,
}

/// A place in a symbol's flow, ordered by time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowPlace {
    /// When it was executed or made.
    pub at: DateTime<Utc>,
    /// The vendor's id.
    pub id: Uuid,
}

impl FlowRow {
    /// Where the row stands in its symbol's flow.
    #[must_use]
    pub fn place(&self) -> FlowPlace {
        match self {
            Self::Trade(trade) => FlowPlace { at: trade.executed_at, id: trade.id },
            Self::Alert(alert) => FlowPlace { at: alert.created_at, id: alert.id },
        }
    }
}

impl FlowFilter {
    /// All rows of a symbol in a stretch of time.
    #[must_use]
    pub fn new(symbol: Symbol, rows: FlowKind, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self {
            symbol,
            rows,
            from,
            to,
            session_date: None,
            contract: None,
            kind: None,
            expiry: None,
            min_strike: None,
            max_strike: None,
            tenor: None,
            side: None,
            min_premium: None,
            min_size: None,
            flags_any: TradeFlags::empty(),
            flags_none: TradeFlags::empty(),
            opening: Opening::Unknown,
            limit: MAX_FLOW_ROWS,
            before: None,
        }
    }

    /// All rows of a symbol's trading day.
    #[must_use]
    pub fn of_session(symbol: Symbol, rows: FlowKind, session_date: NaiveDate) -> Self {
        let Range { start: from, end: to } = hours_of(session_date);
        Self { session_date: Some(session_date), ..Self::new(symbol, rows, from, to) }
    }
}

/// The instants of a day in New York, whose midnight comes four or five hours after that of UTC.
/// The writer refuses rows from outside of them, so that the key finds a day's rows.
fn hours_of(session_date: NaiveDate) -> Range<DateTime<Utc>> {
    let midnight = session_date.and_time(NaiveTime::MIN).and_utc();
    midnight..midnight + TimeDelta::hours(30)
}

macro_rules! flow_columns {
    () => {
        "vendor::text AS vendor, id, symbol, root, expiry, is_put, strike, session_date, session, \
         executed_at, received_at, price, size, bid, ask, underlying_price, implied_volatility, \
         delta, gamma, open_interest, day_volume, flags, condition, exchange, is_alert, trades, \
         first_trade_at, last_trade_at, rule, premium, ask_premium, bid_premium"
    };
}
use flow_columns;

/// [`Opening::of`] as a number: 2 provable, 1 probable, 0 unknown.
macro_rules! opening {
    () => {
        "CASE WHEN day_volume IS NULL OR open_interest IS NULL THEN 0
              WHEN size > open_interest + greatest(day_volume - size, 0) THEN 2
              WHEN day_volume > open_interest THEN 1 ELSE 0 END"
    };
}
use opening;

/// [`Tenor::of`] as the place in [`Tenor::ALL`].
macro_rules! tenor {
    () => {
        "CASE WHEN expiry - session_date <= 0 THEN 0 WHEN expiry - session_date <= 7 THEN 1
              WHEN expiry - session_date <= 30 THEN 2 ELSE 3 END"
    };
}
use tenor;

macro_rules! select_filtered {
    ($order:literal) => {
        concat!(
            "SELECT ",
            flow_columns!(),
            " FROM trading.options_flow
    WHERE symbol = $1 AND executed_at >= $2 AND executed_at < $3 AND is_alert = $4
      AND ($5::timestamptz IS NULL
           OR (executed_at <= $5 AND (executed_at, id) < ($5, $6::uuid)))
      AND ($7::date IS NULL OR session_date = $7)
      AND ($8::text IS NULL OR root = $8)
      AND ($9::boolean IS NULL OR is_put = $9)
      AND ($10::date IS NULL OR expiry = $10)
      AND ($11::numeric IS NULL OR strike >= $11)
      AND ($12::numeric IS NULL OR strike <= $12)
      AND ($13::integer IS NULL OR $13 = ",
            tenor!(),
            ")
      AND ($14::smallint[] IS NULL OR side_state = ANY($14))
      AND ($15::numeric IS NULL OR premium >= $15)
      AND ($16::bigint IS NULL OR size >= $16)
      AND ($17 = 0 OR (flags & $17) <> 0)
      AND (flags & $18) = 0
      AND ($19 = 0 OR ",
            opening!(),
            " >= $19)
    ORDER BY ",
            $order,
            " LIMIT $20"
        )
    };
}

const SELECT_NEWEST: &str = select_filtered!("executed_at DESC, id DESC");
const SELECT_LARGEST: &str = select_filtered!("premium DESC, executed_at DESC, id DESC");

const SELECT_SESSION: &str = concat!(
    "SELECT ",
    flow_columns!(),
    " FROM trading.options_flow
    WHERE symbol = $1 AND executed_at >= $2 AND executed_at < $3 AND session_date = $4
      AND NOT is_alert AND premium >= $5
    ORDER BY executed_at DESC, id DESC LIMIT $6"
);

impl Store {
    /// Rows that pass a filter, newest first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn flow_rows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError> {
        self.filtered_flow(SELECT_NEWEST, filter).await
    }

    /// Rows that pass a filter, largest in dollars first.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn largest_flow_rows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError> {
        self.filtered_flow(SELECT_LARGEST, filter).await
    }

    async fn filtered_flow(
        &self,
        select: &'static str,
        filter: &FlowFilter,
    ) -> Result<Vec<FlowRow>, StoreError> {
        let contract = filter.contract.as_ref();
        let strike = contract.map(|contract| contract.strike.get());
        let kind = contract.map(|contract| contract.kind).or(filter.kind);
        let rows = sqlx::query(select)
            .bind(filter.symbol.as_str())
            .bind(filter.from)
            .bind(filter.to)
            .bind(filter.rows == FlowKind::Alerts)
            .bind(filter.before.map(|place| place.at))
            .bind(filter.before.map(|place| place.id))
            .bind(filter.session_date)
            .bind(contract.map(|contract| contract.root.as_str()))
            .bind(kind.map(|kind| kind == OptionKind::Put))
            .bind(contract.map(|contract| contract.expiry).or(filter.expiry))
            .bind(strike.or(filter.min_strike).map(Numeric::from))
            .bind(strike.or(filter.max_strike).map(Numeric::from))
            .bind(filter.tenor.map(tenor_code))
            .bind(filter.side.map(side_states))
            .bind(filter.min_premium.map(Numeric::from))
            .bind(filter.min_size)
            .bind(i32::from(filter.flags_any.bits()))
            .bind(i32::from(filter.flags_none.bits()))
            .bind(opening_code(filter.opening))
            .bind(i64::from(filter.limit.min(MAX_FLOW_ROWS)))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_row).collect()
    }

    /// The trades of a session of at least so many dollars, oldest first, cancelled ones included.
    /// Of more than `most` (never above [`MAX_SESSION_TRADES`]) the newest.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn session_trades(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
        min_premium: Decimal,
        most: u32,
    ) -> Result<Vec<OptionTrade>, StoreError> {
        let Range { start: from, end: to } = hours_of(session_date);
        let rows = sqlx::query(SELECT_SESSION)
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .bind(session_date)
            .bind(Numeric::from(min_premium))
            .bind(i64::from(most.min(MAX_SESSION_TRADES)))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().rev().map(|row| OptionTrade::read(&reading(row))).collect()
    }

    /// The newest trading day of a symbol that has option trades or alerts.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn newest_flow_session(
        &self,
        symbol: &Symbol,
    ) -> Result<Option<NaiveDate>, StoreError> {
        let newest = sqlx::query_scalar(
            "SELECT session_date FROM trading.options_flow WHERE symbol = $1
             ORDER BY executed_at DESC LIMIT 1",
        )
        .bind(symbol.as_str())
        .fetch_optional(&self.pool)
        .await?;
        Ok(newest)
    }
}

fn tenor_code(tenor: Tenor) -> i32 {
    match tenor {
        Tenor::Zero => 0,
        Tenor::Week => 1,
        Tenor::Month => 2,
        Tenor::Longer => 3,
    }
}

fn opening_code(opening: Opening) -> i32 {
    match opening {
        Opening::Unknown => 0,
        Opening::Probable => 1,
        Opening::Provable => 2,
    }
}

fn read_row(row: &PgRow) -> Result<FlowRow, StoreError> {
    let reading = reading(row);
    if reading.get("is_alert")? {
        FlowAlert::read(&reading).map(FlowRow::Alert)
    } else {
        OptionTrade::read(&reading).map(FlowRow::Trade)
    }
}
