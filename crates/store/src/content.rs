//! What a table holds, as one value: to prove that a replay changed nothing.

use chrono::NaiveDate;
use undertow_market::Symbol;

use crate::{Store, StoreError};

/// A table whose content can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentTable {
    /// Prints.
    Prints,
    /// Bars.
    Bars,
    /// Sums by price.
    LevelCells,
    /// Sums by minute.
    ActivityMinutes,
    /// Option trades and alerts.
    OptionsFlow,
    /// Options flow by strike.
    FlowByStrike,
    /// Options flow by expiry.
    FlowByExpiry,
    /// Net premium by minute.
    NetPremium,
    /// The tide of the market and that of the symbol's holdings.
    Tide,
    /// Volatility by day.
    VolatilityDays,
    /// Volatility by expiry.
    TermStructure,
    /// Greeks by strike.
    Gamma,
    /// Option contracts.
    Contracts,
    /// Volume by price.
    PriceVolumes,
    /// The tape by minute.
    TapeMinutes,
    /// What carries a reason against its price, by minute.
    TapeApart,
    /// The tape by price.
    TapeCells,
    /// Large off-exchange trades of the tape.
    TapePrints,
    /// How far the tape was read. Not where it was read: every channel gives the same rows.
    TapeBooks,
    /// Usual off-exchange volume by minute.
    TapeBaselines,
    /// Stocks against their own past.
    StockPositions,
    /// Days of stocks.
    DayBars,
    /// Splits.
    Splits,
    /// Dividends.
    Dividends,
    /// Option chains.
    ChainQuotes,
    /// Straddle opportunities.
    Opportunities,
}

/// How many rows there are and a sum of their hashes. It does not depend on the order of rows,
/// nor on when we received or changed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentHash {
    /// Rows.
    pub rows: i64,
    /// Sum of the rows' 64-bit hashes.
    pub hash: String,
}

macro_rules! hash_of {
    ($columns:literal, $table:literal) => {
        hash_of!($columns, $table, "symbol = $1")
    };
    ($columns:expr, $table:literal, $whose:literal) => {
        hash_of!($columns, $table, $whose, "session_date")
    };
    ($columns:expr, $table:literal, $whose:literal, $day:literal) => {
        concat!(
            "SELECT count(*), coalesce(sum(hashtextextended(ROW(",
            $columns,
            ")::text, 0)), 0)::text FROM trading.",
            $table,
            " WHERE ",
            $whose,
            " AND ",
            $day,
            " BETWEEN $2 AND $3"
        )
    };
}

/// Equal sums are packed into equal bytes, unless a migration packed them and nothing was added
/// since. How many rows were packed stands behind the first byte.
macro_rules! hash_of_packed {
    ($column:literal) => {
        concat!(
            "SELECT coalesce(sum(('x' || encode(substring(",
            $column,
            " FROM 2 FOR 4), 'hex'))::bit(32)::integer), 0),
                coalesce(sum(hashtextextended(ROW(symbol, session_date, ",
            $column,
            ")::text, 0)), 0)::text
             FROM trading.darkpool_day_sums
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3"
        )
    };
}

macro_rules! sums {
    () => {
        "trim_scale(call_premium), trim_scale(call_ask_premium), trim_scale(call_bid_premium),
         call_volume, call_ask_volume, call_bid_volume, call_trades, trim_scale(put_premium),
         trim_scale(put_ask_premium), trim_scale(put_bid_premium), put_volume, put_ask_volume,
         put_bid_volume, put_trades"
    };
}

impl Store {
    /// The content of one symbol's trading days.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn content_hash(
        &self,
        table: ContentTable,
        symbol: &Symbol,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<ContentHash, StoreError> {
        let (rows, hash) = sqlx::query_as(statement(table))
            .bind(symbol.as_str())
            .bind(from)
            .bind(to)
            .fetch_one(&self.pool)
            .await?;
        Ok(ContentHash { rows, hash })
    }
}

/// Numbers go through trim_scale: 1.5 and 1.50 are the same number.
fn statement(table: ContentTable) -> &'static str {
    match table {
        ContentTable::Prints => PRINTS,
        ContentTable::Bars => BARS,
        ContentTable::LevelCells => LEVEL_CELLS,
        ContentTable::ActivityMinutes => ACTIVITY_MINUTES,
        ContentTable::FlowByStrike => FLOW_BY_STRIKE,
        ContentTable::FlowByExpiry => FLOW_BY_EXPIRY,
        ContentTable::NetPremium => NET_PREMIUM,
        ContentTable::Tide => TIDE,
        ContentTable::VolatilityDays => VOLATILITY_DAYS,
        ContentTable::TermStructure => TERM_STRUCTURE,
        ContentTable::Gamma => GAMMA,
        ContentTable::Contracts => CONTRACTS,
        ContentTable::PriceVolumes => PRICE_VOLUMES,
        ContentTable::OptionsFlow => OPTIONS_FLOW,
        ContentTable::TapeMinutes => TAPE_MINUTES,
        ContentTable::TapeApart => TAPE_APART,
        ContentTable::TapeCells => TAPE_CELLS,
        ContentTable::TapePrints => TAPE_PRINTS,
        ContentTable::TapeBooks => TAPE_BOOKS,
        ContentTable::TapeBaselines => TAPE_BASELINES,
        ContentTable::StockPositions => STOCK_POSITIONS,
        ContentTable::DayBars => DAY_BARS,
        ContentTable::Splits => SPLITS,
        ContentTable::Dividends => DIVIDENDS,
        ContentTable::ChainQuotes => CHAIN_QUOTES,
        ContentTable::Opportunities => OPPORTUNITIES,
    }
}

const PRINTS: &str = hash_of!(
    "symbol, reported_at, identity, executed_at, tracking_id, day_volume, session_date,
     vendor, reasons, session, side_state, canceled, trim_scale(price), trim_scale(size),
     trim_scale(notional), trim_scale(bid), trim_scale(ask), market_center,
     sale_condition, trade_code, extended_hours_code, settlement",
    "darkpool_trades"
);

const BARS: &str = hash_of!(
    "symbol, \"interval\", start_at, session_date, session, vendor, trim_scale(open),
     trim_scale(high), trim_scale(low), trim_scale(close), volume",
    "bars"
);

const LEVEL_CELLS: &str = hash_of_packed!("cells");

const ACTIVITY_MINUTES: &str = hash_of_packed!("minutes");

const FLOW_BY_STRIKE: &str = hash_of!(
    concat!("symbol, session_date, trim_scale(strike), ", sums!()),
    "flow_by_strike",
    "symbol = $1"
);

const FLOW_BY_EXPIRY: &str =
    hash_of!(concat!("symbol, session_date, expiry, ", sums!()), "flow_by_expiry", "symbol = $1");

const NET_PREMIUM: &str = hash_of!(
    "symbol, session_date, at, trim_scale(net_call_premium), trim_scale(net_put_premium),
     call_volume, put_volume, trim_scale(net_delta)",
    "net_premium_ticks"
);

const TIDE: &str = hash_of!(
    "scope, session_date, at, trim_scale(net_call_premium), trim_scale(net_put_premium),
     net_volume",
    "market_tide",
    "scope IN ($1, '')"
);

const VOLATILITY_DAYS: &str = hash_of!(
    "symbol, session_date, implied, vendor_rank, vendor_realized, trim_scale(close)",
    "volatility_days"
);

const TERM_STRUCTURE: &str =
    hash_of!("symbol, session_date, expiry, implied, trim_scale(implied_move)", "term_structure");

const GAMMA: &str = hash_of!(
    "symbol, session_date, trim_scale(strike), call_gamma, put_gamma, call_delta, put_delta",
    "gamma_by_strike"
);

const CONTRACTS: &str = hash_of!(
    "symbol, session_date, root, expiry, is_put, trim_scale(strike), open_interest,
     previous_open_interest, volume, trim_scale(bid), trim_scale(ask),
     trim_scale(last_price), implied_volatility, delta, gamma",
    "option_contracts"
);

const PRICE_VOLUMES: &str = hash_of!(
    "symbol, session_date, trim_scale(price), lit_volume, off_exchange_volume",
    "price_volumes"
);

const OPTIONS_FLOW: &str = hash_of!(
    "symbol, executed_at, id, session_date, session, vendor, is_alert, root, expiry, is_put,
     trim_scale(strike), multiplier, flags, side_state, size, trim_scale(premium),
     trim_scale(price), trim_scale(bid), trim_scale(ask), trim_scale(underlying_price),
     implied_volatility, delta, gamma, open_interest, day_volume, condition, exchange,
     trades, first_trade_at, last_trade_at, rule, trim_scale(ask_premium),
     trim_scale(bid_premium)",
    "options_flow"
);

const TAPE_MINUTES: &str = hash_of!(
    "symbol, session_date, minute, lit_trades, trim_scale(lit_shares), trim_scale(lit_notional),
     off_trades, trim_scale(off_shares), trim_scale(off_notional)",
    "tape_minutes"
);

const TAPE_APART: &str = hash_of!(
    "symbol, session_date, minute, is_off_exchange, reasons, trades, trim_scale(shares),
     trim_scale(notional)",
    "tape_apart"
);

const TAPE_CELLS: &str = hash_of!(
    "symbol, session_date, trim_scale(cell_low), lit_trades, trim_scale(lit_shares),
     trim_scale(lit_notional), off_trades, trim_scale(off_shares), trim_scale(off_notional)",
    "tape_cells"
);

const TAPE_PRINTS: &str = hash_of!(
    "symbol, session_date, identity, executed_at, reported_at, trf_id, trade_id, sequence,
     trim_scale(price), trim_scale(size), conditions, correction, reasons",
    "tape_prints"
);

const TAPE_BOOKS: &str = hash_of!(
    "symbol, session_date, complete_to, is_whole, trades, trim_scale(prints_floor), off_minutes,
     off_notionals",
    "tape_books"
);

const TAPE_BASELINES: &str =
    hash_of!("symbol, session_date, sessions, first_minute, mean, low, high", "tape_baselines");

const STOCK_POSITIONS: &str = hash_of!(
    "symbol, session_date, as_of, trim_scale(off_shares), trim_scale(off_notional),
     trim_scale(lit_shares), trim_scale(baseline_mean), ratio, sessions",
    "stock_positions"
);

const DAY_BARS: &str = hash_of!(
    "symbol, session_date, trim_scale(open), trim_scale(high), trim_scale(low),
     trim_scale(close), trim_scale(volume), trim_scale(vwap), trades",
    "market_data"
);

const SPLITS: &str = hash_of!(
    "symbol, execution_date, trim_scale(from_shares), trim_scale(to_shares),
     withdrawn_at IS NULL",
    "splits",
    "symbol = $1",
    "execution_date"
);

const DIVIDENDS: &str = hash_of!(
    "symbol, ex_date, currency, trim_scale(cash), withdrawn_at IS NULL",
    "dividends",
    "symbol = $1",
    "ex_date"
);

const CHAIN_QUOTES: &str = hash_of!(
    "symbol, taken_at, root, expiry, is_put, trim_scale(strike), shares_per_contract,
     is_adjusted, trim_scale(bid), trim_scale(ask), quote_at, trim_scale(last_price),
     trim_scale(day_close), volume, open_interest, implied_volatility, delta, gamma, theta,
     vega, trim_scale(underlying_price), underlying_is_delayed",
    "chain_quotes",
    "symbol = $1",
    "(taken_at AT TIME ZONE 'America/New_York')::date"
);

const OPPORTUNITIES: &str = hash_of!(
    "symbol, session_date, first_at, changed_at, state, reason, evidence",
    "trading_opportunities"
);
