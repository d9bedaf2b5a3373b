//! A trade or an alert as a row of `options_flow`, and back.

use std::fmt::Debug;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::postgres::PgRow;
use undertow_market::{
    FlowAlert, MarketSession, NoSide, OptionContract, OptionKind, OptionTrade, Price, Quote, Side,
    SideState, Symbol, TradeFlags, VendorId,
};
use uuid::Uuid;

use super::hours_of;
use crate::StoreError;
use crate::merge::bounds::{is_real_time, to_microseconds};
use crate::numeric::Numeric;
use crate::prints::read_quote;
use crate::row::{Reading, key_of};
use crate::slots::SlotKind;

pub(super) const TABLE: &str = "options_flow";
/// Most contracts of a row, and most open or traded in a day: what exceeds them is no count.
const MAX_SIZE: i64 = 1_000_000_000;
const MAX_COUNT: i64 = 1_000_000_000_000;
/// No row is worth more than this many dollars.
const MAX_DOLLARS: Decimal = Decimal::from_parts(0xd4a5_1000, 0xe8, 0, false, 0);

/// What is delivered one by one and kept in `options_flow`.
pub(super) trait Flow: Clone + Debug + PartialEq + Send + Sync + 'static {
    const KIND: SlotKind;

    /// The row. None when its premium is beyond any sum.
    fn record(&self) -> Option<Record<'_>>;

    fn symbol(&self) -> &Symbol;

    fn vendor(&self) -> VendorId;

    fn received_at(&self) -> DateTime<Utc>;

    /// What is known after this delivery, when `earlier` was delivered before: the first time of
    /// receipt is kept, and what the later delivery leaves out.
    fn after(&self, earlier: &Self) -> Self;

    fn read(reading: &Reading<'_>) -> Result<Self, StoreError>;
}

/// A row, column by column.
pub(super) struct Record<'r> {
    pub(super) symbol: &'r str,
    pub(super) executed_at: DateTime<Utc>,
    pub(super) id: Uuid,
    pub(super) received_at: DateTime<Utc>,
    pub(super) session_date: NaiveDate,
    pub(super) session: MarketSession,
    pub(super) vendor: VendorId,
    pub(super) contract: &'r OptionContract,
    pub(super) flags: TradeFlags,
    pub(super) side_state: SideState,
    pub(super) size: i64,
    pub(super) premium: Decimal,
    pub(super) price: Option<Price>,
    pub(super) quote: Option<Quote>,
    pub(super) underlying_price: Option<Price>,
    pub(super) implied_volatility: Option<f64>,
    pub(super) delta: Option<f64>,
    pub(super) gamma: Option<f64>,
    pub(super) open_interest: Option<i64>,
    pub(super) day_volume: Option<i64>,
    pub(super) condition: Option<&'r str>,
    pub(super) exchange: Option<&'r str>,
    /// Trades of an alert.
    pub(super) trades: Option<i64>,
    pub(super) trades_between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    pub(super) rule: Option<&'r str>,
    pub(super) ask_premium: Option<Decimal>,
    pub(super) bid_premium: Option<Decimal>,
}

impl Record<'_> {
    pub(super) fn is_alert(&self) -> bool {
        self.trades.is_some()
    }

    /// Why no column can hold it.
    pub(super) fn flaw(&self) -> Option<&'static str> {
        let counts = [self.open_interest, self.day_volume, self.trades];
        let premiums = [Some(self.premium), self.ask_premium, self.bid_premium];
        let numbers = [self.implied_volatility, self.delta, self.gamma];
        let texts = [self.condition, self.exchange, self.rule];
        if ![self.executed_at, self.received_at].into_iter().all(is_real_time) {
            return Some("a time lies outside 1990 to 2099");
        }
        // The rows of a day are looked for in its hours.
        if !hours_of(self.session_date).contains(&self.executed_at) {
            return Some("the trading day is not that of the time");
        }
        if !(1..=MAX_SIZE).contains(&self.size) {
            return Some("the number of contracts is impossible");
        }
        if !counts.into_iter().flatten().all(|count| (0..=MAX_COUNT).contains(&count)) {
            return Some("a count is impossible");
        }
        if !premiums.into_iter().flatten().all(|p| p >= Decimal::ZERO && p < MAX_DOLLARS) {
            return Some("a premium is impossible");
        }
        if !numbers.into_iter().flatten().all(f64::is_finite) {
            return Some("a greek or the volatility is no number");
        }
        if self.implied_volatility.is_some_and(|volatility| volatility < 0.0) {
            return Some("the volatility is below zero");
        }
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Some("a text holds a zero byte");
        }
        None
    }
}

impl Flow for OptionTrade {
    const KIND: SlotKind = SlotKind::OptionTrades;

    fn record(&self) -> Option<Record<'_>> {
        let shares = Decimal::from(self.contract.multiplier());
        let contracts = self.price.get().checked_mul(self.size.into())?;
        Some(Record {
            symbol: self.symbol.as_str(),
            executed_at: self.executed_at,
            id: self.id,
            received_at: self.received_at,
            session_date: self.session_date,
            session: self.session,
            vendor: self.vendor,
            contract: &self.contract,
            flags: self.flags,
            side_state: self.side_state(),
            size: self.size,
            premium: contracts.checked_mul(shares)?,
            price: Some(self.price),
            quote: self.quote,
            underlying_price: self.underlying_price,
            implied_volatility: self.implied_volatility,
            delta: self.delta,
            gamma: self.gamma,
            open_interest: self.open_interest,
            day_volume: self.day_volume,
            condition: self.condition.as_deref(),
            exchange: self.exchange.as_deref(),
            trades: None,
            trades_between: None,
            rule: None,
            ask_premium: None,
            bid_premium: None,
        })
    }

    fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    fn vendor(&self) -> VendorId {
        self.vendor
    }

    fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    fn after(&self, earlier: &Self) -> Self {
        let later = self.clone();
        Self {
            executed_at: finer(later.executed_at, earlier.executed_at),
            received_at: later.received_at.min(earlier.received_at),
            quote: later.quote.or(earlier.quote),
            underlying_price: later.underlying_price.or(earlier.underlying_price),
            implied_volatility: later.implied_volatility.or(earlier.implied_volatility),
            delta: later.delta.or(earlier.delta),
            gamma: later.gamma.or(earlier.gamma),
            open_interest: later.open_interest.or(earlier.open_interest),
            day_volume: later.day_volume.or(earlier.day_volume),
            condition: later.condition.or_else(|| earlier.condition.clone()),
            exchange: later.exchange.or_else(|| earlier.exchange.clone()),
            ..later
        }
    }

    fn read(reading: &Reading<'_>) -> Result<Self, StoreError> {
        let trade = Self {
            vendor: reading.vendor()?,
            id: reading.get("id")?,
            symbol: reading.symbol()?,
            contract: read_contract(reading)?,
            session_date: reading.get("session_date")?,
            session: reading.session()?,
            executed_at: reading.get("executed_at")?,
            received_at: reading.get("received_at")?,
            price: reading.exact("price")?,
            size: reading.get("size")?,
            quote: read_quote(reading)?,
            underlying_price: reading.optional_price("underlying_price")?,
            implied_volatility: reading.get("implied_volatility")?,
            delta: reading.get("delta")?,
            gamma: reading.get("gamma")?,
            open_interest: reading.get("open_interest")?,
            day_volume: reading.get("day_volume")?,
            flags: read_flags(reading)?,
            condition: reading.text("condition")?,
            exchange: reading.text("exchange")?,
        };
        // A CHECK for each row would multiply exact numbers; who reads the row checks as well.
        let premium = reading.decimal("premium")?;
        let is_right = trade.record().is_some_and(|record| record.premium == premium);
        if is_right { Ok(trade) } else { Err(reading.broken("premium is not that of its columns")) }
    }
}

impl Flow for FlowAlert {
    const KIND: SlotKind = SlotKind::FlowAlerts;

    fn record(&self) -> Option<Record<'_>> {
        Some(Record {
            symbol: self.symbol.as_str(),
            executed_at: self.created_at,
            id: self.id,
            received_at: self.received_at,
            session_date: self.session_date,
            session: self.session,
            vendor: self.vendor,
            contract: &self.contract,
            flags: self.flags,
            side_state: alert_side(self),
            size: self.size,
            premium: self.premium,
            price: self.price,
            quote: None,
            underlying_price: self.underlying_price,
            implied_volatility: self.implied_volatility,
            delta: None,
            gamma: None,
            open_interest: self.open_interest,
            day_volume: self.day_volume,
            condition: None,
            exchange: None,
            trades: Some(self.trades),
            trades_between: self.trades_between,
            rule: self.rule.as_deref(),
            ask_premium: self.ask_premium,
            bid_premium: self.bid_premium,
        })
    }

    fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    fn vendor(&self) -> VendorId {
        self.vendor
    }

    fn received_at(&self) -> DateTime<Utc> {
        self.received_at
    }

    fn after(&self, earlier: &Self) -> Self {
        let later = self.clone();
        Self {
            created_at: finer(later.created_at, earlier.created_at),
            received_at: later.received_at.min(earlier.received_at),
            trades_between: later.trades_between.map(span_kept).or(earlier.trades_between),
            rule: later.rule.or_else(|| earlier.rule.clone()),
            price: later.price.or(earlier.price),
            underlying_price: later.underlying_price.or(earlier.underlying_price),
            ask_premium: later.ask_premium.or(earlier.ask_premium),
            bid_premium: later.bid_premium.or(earlier.bid_premium),
            implied_volatility: later.implied_volatility.or(earlier.implied_volatility),
            open_interest: later.open_interest.or(earlier.open_interest),
            day_volume: later.day_volume.or(earlier.day_volume),
            ..later
        }
    }

    fn read(reading: &Reading<'_>) -> Result<Self, StoreError> {
        let first: Option<DateTime<Utc>> = reading.get("first_trade_at")?;
        Ok(Self {
            vendor: reading.vendor()?,
            id: reading.get("id")?,
            symbol: reading.symbol()?,
            contract: read_contract(reading)?,
            session_date: reading.get("session_date")?,
            session: reading.session()?,
            created_at: reading.get("executed_at")?,
            received_at: reading.get("received_at")?,
            trades_between: first.zip(reading.get("last_trade_at")?),
            rule: reading.text("rule")?,
            price: reading.optional_price("price")?,
            underlying_price: reading.optional_price("underlying_price")?,
            size: reading.get("size")?,
            trades: reading.get("trades")?,
            premium: reading.decimal("premium")?,
            ask_premium: reading.optional_decimal("ask_premium")?,
            bid_premium: reading.optional_decimal("bid_premium")?,
            implied_volatility: reading.get("implied_volatility")?,
            open_interest: reading.get("open_interest")?,
            day_volume: reading.get("day_volume")?,
            flags: read_flags(reading)?,
        })
    }
}

/// One channel tells microseconds and the other cuts them off. Of two times that tell as much
/// the later delivery's counts.
fn finer(later: DateTime<Utc>, earlier: DateTime<Utc>) -> DateTime<Utc> {
    let (later, earlier) = (to_microseconds(later), to_microseconds(earlier));
    let is_fine = |at: DateTime<Utc>| at.timestamp_micros() % 1_000 != 0;
    if is_fine(earlier) && !is_fine(later) { earlier } else { later }
}

fn span_kept((first, last): (DateTime<Utc>, DateTime<Utc>)) -> (DateTime<Utc>, DateTime<Utc>) {
    (to_microseconds(first), to_microseconds(last))
}

/// An alert has no place against a quote, only a side that paid more.
fn alert_side(alert: &FlowAlert) -> SideState {
    match alert.side() {
        Side::Buy => SideState::NearAsk,
        Side::Sell => SideState::NearBid,
        Side::Unknown if alert.ask_premium.is_some() && alert.bid_premium.is_some() => {
            SideState::Mid
        }
        Side::Unknown => SideState::None(NoSide::NoQuote),
    }
}

pub(super) fn reading(row: &PgRow) -> Reading<'_> {
    Reading { row, table: TABLE, key: |row| key_of(row, &["symbol", "executed_at"]) }
}

pub(crate) fn read_contract(reading: &Reading<'_>) -> Result<OptionContract, StoreError> {
    Ok(OptionContract {
        root: reading.named("root")?,
        expiry: reading.get("expiry")?,
        kind: read_kind(reading)?,
        strike: reading.exact("strike")?,
    })
}

pub(crate) fn read_kind(reading: &Reading<'_>) -> Result<OptionKind, StoreError> {
    Ok(if reading.get("is_put")? { OptionKind::Put } else { OptionKind::Call })
}

fn read_flags(reading: &Reading<'_>) -> Result<TradeFlags, StoreError> {
    let bits: i32 = reading.get("flags")?;
    let known = u16::try_from(bits).ok().and_then(TradeFlags::from_bits);
    known.ok_or_else(|| reading.broken(format!("{bits} holds an unknown flag")))
}

pub(super) fn number(price: Option<Price>) -> Option<Numeric> {
    price.map(|price| price.get().into())
}
