//! Table `collection_slots`: what became of each stretch of market time that was to be fetched.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use undertow_market::{Symbol, VendorId};

use crate::row::{Reading, key_of};
use crate::{Store, StoreError};

/// Most slots that one query returns: a session of one symbol polled every five seconds.
pub const MAX_SLOTS: u32 = 20_000;

/// What is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SlotKind {
    /// Off-exchange prints.
    Prints,
    /// Bars.
    Bars,
    /// Option trades.
    OptionTrades,
    /// Alerts of options flow.
    FlowAlerts,
    /// Options flow by strike.
    FlowStrikes,
    /// Options flow by expiry.
    FlowExpiries,
    /// Net premium by minute.
    NetPremium,
    /// Tide of the market or of a fund's holdings.
    Tide,
    /// Implied and realised volatility by day.
    Volatility,
    /// Implied volatility by expiry.
    TermStructure,
    /// Greeks by strike.
    Gamma,
    /// Listed option contracts.
    Contracts,
    /// Volume of a day by price.
    PriceVolumes,
    /// The consolidated tape.
    Tape,
    /// Days of stocks.
    DayBars,
    /// Option chains.
    Chain,
    /// Splits and dividends.
    CorporateActions,
}

/// How a slot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotState {
    /// Read, and there was something in it.
    Stored,
    /// Read, and there was nothing in it.
    Empty,
    /// Could not be read.
    Failed,
    /// Was not read, on purpose or because we were not there.
    Skipped,
}

/// The end of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotResult {
    /// Whose data.
    pub vendor: VendorId,
    /// What data.
    pub kind: SlotKind,
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// The market time that it covers begins here,
    pub slot_start: DateTime<Utc>,
    /// and ends before this.
    pub slot_end: DateTime<Utc>,
    /// How it ended.
    pub state: SlotState,
    /// Why, for a failed or skipped slot and for a gap.
    pub reason: Option<String>,
    /// Rows that the vendor delivered.
    pub delivered: u32,
    /// Rows of those that went to quarantine.
    pub rejected: u32,
    /// It was read, but the vendor could not give all of it.
    pub gap: bool,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// Which slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotFilter {
    /// Whose data.
    pub vendor: VendorId,
    /// What data.
    pub kind: SlotKind,
    /// The ticker; none for all.
    pub symbol: Option<Symbol>,
    /// First trading day.
    pub from: NaiveDate,
    /// Last trading day.
    pub to: NaiveDate,
}

/// A stretch of market time whose data is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// It begins here,
    pub from: DateTime<Utc>,
    /// and ends before this.
    pub to: DateTime<Utc>,
    /// Why; where slots of several kinds of failure meet, one of their reasons.
    pub reason: String,
}

/// How well one symbol's trading day is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The ticker.
    pub symbol: Symbol,
    /// The trading day in New York.
    pub session_date: NaiveDate,
    /// Slots with rows.
    pub stored: i64,
    /// Slots without rows.
    pub empty: i64,
    /// Slots that failed and were not made good.
    pub failed: i64,
    /// Slots that were skipped and not made good.
    pub skipped: i64,
    /// Slots of which the vendor could not give all.
    pub gaps: i64,
    /// Rows that the vendor delivered, in all slots.
    pub delivered: i64,
    /// Rows of those that went to quarantine.
    pub rejected: i64,
    /// Market time that was read, in seconds; overlapping slots count once.
    pub covered_seconds: i64,
}

impl SlotKind {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Prints,
        Self::Bars,
        Self::OptionTrades,
        Self::FlowAlerts,
        Self::FlowStrikes,
        Self::FlowExpiries,
        Self::NetPremium,
        Self::Tide,
        Self::Volatility,
        Self::TermStructure,
        Self::Gamma,
        Self::Contracts,
        Self::PriceVolumes,
        Self::Tape,
        Self::DayBars,
        Self::Chain,
        Self::CorporateActions,
    ];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prints => "prints",
            Self::Bars => "bars",
            Self::OptionTrades => "option_trades",
            Self::FlowAlerts => "flow_alerts",
            Self::FlowStrikes => "flow_strikes",
            Self::FlowExpiries => "flow_expiries",
            Self::NetPremium => "net_premium",
            Self::Tide => "tide",
            Self::Volatility => "volatility",
            Self::TermStructure => "term_structure",
            Self::Gamma => "gamma",
            Self::Contracts => "contracts",
            Self::PriceVolumes => "price_volumes",
            Self::Tape => "tape",
            Self::DayBars => "day_bars",
            Self::Chain => "chain",
            Self::CorporateActions => "corporate_actions",
        }
    }
}

impl SlotState {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Empty => "empty",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the slot's data is here.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::Stored | Self::Empty)
    }
}

impl fmt::Display for SlotKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SlotKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| format!("\"{text}\" is not a kind of slot"))
    }
}

impl FromStr for SlotState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Stored, Self::Empty, Self::Failed, Self::Skipped];
        let known = all.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| format!("\"{text}\" is not a state of a slot"))
    }
}

impl Store {
    /// Writes down how a slot ended, outside a merge. A failure never replaces a success.
    ///
    /// # Errors
    /// The database refuses: among other reasons, a failure or a gap without a reason.
    pub async fn put_slot(&self, slot: &SlotResult) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        put_slot(&mut connection, slot).await
    }

    /// Slots by symbol and time, at most [`MAX_SLOTS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn slots(&self, filter: &SlotFilter) -> Result<Vec<SlotResult>, StoreError> {
        let rows = sqlx::query(
            "SELECT vendor::text AS vendor, kind, symbol, session_date, slot_start, slot_end, state,
                    reason, delivered, rejected, gap, finished_at
             FROM trading.collection_slots
             WHERE vendor = $1::trading.vendor AND kind = $2 AND ($3::text IS NULL OR symbol = $3)
               AND session_date BETWEEN $4 AND $5
             ORDER BY symbol, session_date, slot_start LIMIT $6",
        )
        .bind(filter.vendor.as_str())
        .bind(filter.kind.as_str())
        .bind(filter.symbol.as_ref().map(Symbol::as_str))
        .bind(filter.from)
        .bind(filter.to)
        .bind(i64::from(MAX_SLOTS))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(read_slot).collect()
    }

    /// What is missing: failed and skipped time that no slot has read since, and slots of which
    /// the vendor could not give all. At most [`MAX_SLOTS`], by symbol and time.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn gaps(&self, filter: &SlotFilter) -> Result<Vec<Gap>, StoreError> {
        let rows = sqlx::query(SELECT_GAPS)
            .bind(filter.vendor.as_str())
            .bind(filter.kind.as_str())
            .bind(filter.symbol.as_ref().map(Symbol::as_str))
            .bind(filter.from)
            .bind(filter.to)
            .bind(i64::from(MAX_SLOTS))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_gap).collect()
    }

    /// How well each symbol and trading day is covered, by symbol and day; at most [`MAX_SLOTS`].
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn coverage(&self, filter: &SlotFilter) -> Result<Vec<Coverage>, StoreError> {
        let rows = sqlx::query(SELECT_COVERAGE)
            .bind(filter.vendor.as_str())
            .bind(filter.kind.as_str())
            .bind(filter.symbol.as_ref().map(Symbol::as_str))
            .bind(filter.from)
            .bind(filter.to)
            .bind(i64::from(MAX_SLOTS))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(read_coverage).collect()
    }
}

/// The slots of a filter, and beside each the time of its day that was read. A slot with a gap
/// is not made good by another slot around it, only by itself.
macro_rules! chosen_slots {
    () => {
        "WITH chosen AS (
            SELECT *, tstzrange(slot_start, slot_end) AS span,
                   state IN ('stored', 'empty') AS is_read
            FROM trading.collection_slots
            WHERE vendor = $1::trading.vendor AND kind = $2 AND ($3::text IS NULL OR symbol = $3)
              AND session_date BETWEEN $4 AND $5
        ), read AS (
            SELECT symbol, session_date,
                   coalesce(range_agg(span) FILTER (WHERE is_read), '{}'::tstzmultirange) AS spans
            FROM chosen GROUP BY symbol, session_date
        ) "
    };
}

const SELECT_GAPS: &str = concat!(
    chosen_slots!(),
    "SELECT symbol, session_date, lower(hole) AS hole_from, upper(hole) AS hole_to, reason
     FROM (
        SELECT symbol, session_date, unnest(range_agg(span) - spans) AS hole,
               min(reason) AS reason
        FROM chosen JOIN read USING (symbol, session_date)
        WHERE NOT is_read GROUP BY symbol, session_date, spans
        UNION ALL
        SELECT symbol, session_date, span, reason FROM chosen WHERE gap AND is_read
     ) holes
     ORDER BY symbol, session_date, hole_from LIMIT $6"
);

const SELECT_COVERAGE: &str = concat!(
    chosen_slots!(),
    "SELECT symbol, session_date,
        count(*) FILTER (WHERE state = 'stored') AS stored,
        count(*) FILTER (WHERE state = 'empty') AS empty,
        count(*) FILTER (WHERE state = 'failed' AND NOT span <@ spans) AS failed,
        count(*) FILTER (WHERE state = 'skipped' AND NOT span <@ spans) AS skipped,
        count(*) FILTER (WHERE gap) AS gaps,
        sum(delivered)::bigint AS delivered,
        sum(rejected)::bigint AS rejected,
        coalesce((SELECT sum(extract(epoch FROM upper(part) - lower(part)))
                  FROM unnest(spans) AS part), 0)::bigint AS covered_seconds
     FROM chosen JOIN read USING (symbol, session_date)
     GROUP BY symbol, session_date, spans ORDER BY symbol, session_date LIMIT $6"
);

pub(crate) async fn put_slot(
    connection: &mut PgConnection,
    slot: &SlotResult,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO trading.collection_slots AS s
            (vendor, kind, symbol, session_date, slot_start, slot_end, state, reason, delivered,
             rejected, gap, finished_at)
         VALUES ($1::trading.vendor, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (vendor, kind, symbol, session_date, slot_start) DO UPDATE SET
            slot_end = excluded.slot_end, state = excluded.state, reason = excluded.reason,
            delivered = excluded.delivered, rejected = excluded.rejected, gap = excluded.gap,
            finished_at = excluded.finished_at
         WHERE excluded.state IN ('stored', 'empty') OR s.state NOT IN ('stored', 'empty')",
    )
    .bind(slot.vendor.as_str())
    .bind(slot.kind.as_str())
    .bind(slot.symbol.as_str())
    .bind(slot.session_date)
    .bind(slot.slot_start)
    .bind(slot.slot_end)
    .bind(slot.state.as_str())
    .bind(slot.reason.as_deref())
    .bind(i64::from(slot.delivered))
    .bind(i64::from(slot.rejected))
    .bind(slot.gap)
    .bind(slot.finished_at)
    .execute(connection)
    .await?;
    Ok(())
}

fn reading(row: &PgRow) -> Reading<'_> {
    Reading { row, table: "collection_slots", key: |row| key_of(row, &["symbol", "session_date"]) }
}

fn count(reading: &Reading<'_>, column: &'static str) -> Result<u32, StoreError> {
    let value: i32 = reading.get(column)?;
    u32::try_from(value).map_err(|_| reading.broken(format!("{column} is below zero")))
}

fn read_slot(row: &PgRow) -> Result<SlotResult, StoreError> {
    let reading = reading(row);
    Ok(SlotResult {
        vendor: reading.vendor()?,
        kind: reading.named("kind")?,
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        slot_start: reading.get("slot_start")?,
        slot_end: reading.get("slot_end")?,
        state: reading.named("state")?,
        reason: reading.get("reason")?,
        delivered: count(&reading, "delivered")?,
        rejected: count(&reading, "rejected")?,
        gap: reading.get("gap")?,
        finished_at: reading.get("finished_at")?,
    })
}

fn read_gap(row: &PgRow) -> Result<Gap, StoreError> {
    let reading = reading(row);
    Ok(Gap {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        from: reading.get("hole_from")?,
        to: reading.get("hole_to")?,
        reason: reading.get("reason")?,
    })
}

fn read_coverage(row: &PgRow) -> Result<Coverage, StoreError> {
    let reading = reading(row);
    Ok(Coverage {
        symbol: reading.symbol()?,
        session_date: reading.get("session_date")?,
        stored: reading.get("stored")?,
        empty: reading.get("empty")?,
        failed: reading.get("failed")?,
        skipped: reading.get("skipped")?,
        gaps: reading.get("gaps")?,
        delivered: reading.get("delivered")?,
        rejected: reading.get("rejected")?,
        covered_seconds: reading.get("covered_seconds")?,
    })
}
