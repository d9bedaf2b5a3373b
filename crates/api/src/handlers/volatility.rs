//! Implied against historical volatility, and how prints and options move together.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::prelude::ToPrimitive;
use undertow_analysis::correlation::{self, BIN_MINUTES, Lag};
use undertow_analysis::smile::{self, Source};
use undertow_analysis::volatility::{
    Estimator, LENGTHS, Ohlc, Standing, YEAR_SESSIONS, historical,
};
use undertow_market::{Bar, BarInterval, ContractState, Symbol, TermPoint, VolatilityDay};

use super::flow::years_to;
use super::request;
use crate::app::{App, OpenMarket};
use crate::convert::{count, float};
use crate::dto::{
    CorrelationView, GetCorrelation, HistoricalView, LagView, OneSymbol, TermView,
    VolatilityDayView, VolatilityView,
};
use crate::error::ApiError;

/// Sessions of the history that is drawn.
const HISTORY_SESSIONS: u32 = 252;
/// Sessions of the historical volatility that is drawn: the default of the estimators.
const DRAWN_LENGTH: usize = 30;
/// Day bars that are read: the longest estimator, and a year of the drawn one.
const DAY_BARS: u32 = HISTORY_SESSIONS + 60;
/// Sessions of a correlation.
const CORRELATION_SESSIONS: std::ops::RangeInclusive<u32> = 1..=60;
const DEFAULT_CORRELATION_SESSIONS: u32 = 20;
/// Seed of the bootstrap: equal data give equal intervals.
const SEED: u64 = 20_261_121;

pub(crate) async fn get_volatility(
    app: &App,
    request: OneSymbol,
) -> Result<VolatilityView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let now = market.clock.now();
    let today = undertow_market::calendar::new_york_date(now);
    let days = market.store.volatility_days(&symbol, today, HISTORY_SESSIONS + 1).await;
    let days = request::stored(days)?;
    let bars = day_bars(&market, &symbol, now).await?;
    let implied: Vec<&VolatilityDay> = days.iter().filter(|day| day.implied.is_some()).collect();
    let standing = standing(&implied);
    Ok(VolatilityView {
        symbol: symbol.to_string(),
        session_date: implied.last().map(|day| day.session_date.to_string()),
        implied: implied.last().and_then(|day| day.implied),
        rank: standing.and_then(|standing| standing.rank),
        percentile: standing.and_then(|standing| standing.percentile),
        history_sessions: standing
            .map_or(0, |standing| u32::try_from(standing.sessions).unwrap_or(u32::MAX)),
        needed_sessions: u32::try_from(YEAR_SESSIONS).unwrap_or(u32::MAX),
        historical: estimates(&bars),
        term: term(app, &market, &symbol, today).await?,
        history: history(&days, &bars),
    })
}

/// Where the newest implied volatility stands among those before it.
fn standing(implied: &[&VolatilityDay]) -> Option<Standing> {
    let (now, past) = implied.split_last()?;
    let past: Vec<f64> = past.iter().filter_map(|day| day.implied).collect();
    now.implied.map(|now| Standing::of(&past, now))
}

async fn day_bars(
    market: &OpenMarket,
    symbol: &Symbol,
    now: DateTime<Utc>,
) -> Result<Vec<Bar>, ApiError> {
    let bars = market.store.bars(symbol, BarInterval::Day1, DateTime::UNIX_EPOCH, now, DAY_BARS);
    request::stored(bars.await)
}

fn ohlc(bar: &Bar) -> Option<Ohlc> {
    let float = |price: undertow_market::Price| price.get().to_f64();
    Some(Ohlc {
        open: float(bar.open)?,
        high: float(bar.high)?,
        low: float(bar.low)?,
        close: float(bar.close)?,
    })
}

fn estimates(bars: &[Bar]) -> Vec<HistoricalView> {
    let days: Vec<Ohlc> = bars.iter().filter_map(ohlc).collect();
    let of = |estimator: Estimator, sessions: usize| HistoricalView {
        estimator: estimator.as_str().to_owned(),
        sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        value: historical(&days, estimator, sessions),
    };
    Estimator::ALL
        .iter()
        .flat_map(|estimator| LENGTHS.map(|sessions| of(*estimator, sessions)))
        .collect()
}

/// The vendor's term structure, and where it has no point for an expiry of the listed contracts,
/// what their quotes imply.
async fn term(
    app: &App,
    market: &OpenMarket,
    symbol: &Symbol,
    today: NaiveDate,
) -> Result<Vec<TermView>, ApiError> {
    let points = request::stored(market.store.term_points(symbol, today).await)?;
    let listed = request::stored(market.store.contracts(symbol).await)?;
    let told = |expiry: NaiveDate| points.iter().any(|point| point.expiry == expiry);
    let mut term: Vec<TermView> = listed
        .chunk_by(|one, next| one.contract.expiry == next.contract.expiry)
        .filter(|contracts| !told(contracts[0].contract.expiry))
        .filter_map(|contracts| quoted_term(app, contracts))
        .collect();
    term.extend(points.iter().map(told_term));
    term.sort_by(|left, right| left.expiry.cmp(&right.expiry));
    Ok(term)
}

fn told_term(point: &TermPoint) -> TermView {
    TermView {
        expiry: point.expiry.to_string(),
        days: count((point.expiry - point.session_date).num_days()),
        implied: point.implied,
        implied_move: point.implied_move.map(float),
        from: Source::Vendor.as_str().to_owned(),
    }
}

/// The volatility at the money of one expiry's contracts.
fn quoted_term(app: &App, contracts: &[ContractState]) -> Option<TermView> {
    let (first, newest) = (contracts.first()?, contracts.iter().map(|one| one.received_at).max()?);
    let expiry = first.contract.expiry;
    let implied = smile::at_the_money(contracts, years_to(app.calendar(), expiry, newest))?;
    Some(TermView {
        expiry: expiry.to_string(),
        days: count((expiry - first.session_date).num_days()),
        implied: implied.value,
        implied_move: None,
        // Even where each contract's is the vendor's: the point between them is not.
        from: Source::Mid.as_str().to_owned(),
    })
}

/// Day by day: implied as stored, historical from the bars up to that day.
fn history(days: &[VolatilityDay], bars: &[Bar]) -> Vec<VolatilityDayView> {
    let prices: Vec<(NaiveDate, Ohlc)> =
        bars.iter().filter_map(|bar| Some((bar.session_date, ohlc(bar)?))).collect();
    let all: Vec<Ohlc> = prices.iter().map(|(_, ohlc)| *ohlc).collect();
    let historical_on = |date: NaiveDate| {
        let end = prices.partition_point(|(day, _)| *day <= date);
        let is_of_day = end > 0 && prices[end - 1].0 == date;
        is_of_day.then(|| historical(&all[..end], Estimator::YangZhang, DRAWN_LENGTH)).flatten()
    };
    let view = |day: &VolatilityDay| VolatilityDayView {
        date: day.session_date.to_string(),
        implied: day.implied,
        historical: historical_on(day.session_date),
    };
    days.iter().map(view).collect()
}

pub(crate) async fn get_correlation(
    app: &App,
    request: GetCorrelation,
) -> Result<CorrelationView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let sessions = request.sessions.unwrap_or(DEFAULT_CORRELATION_SESSIONS);
    let sessions = request::within("sessions", sessions, CORRELATION_SESSIONS)?;
    let calendar = app.calendar();
    let dates = calendar
        .latest_session(market.clock.now())
        .map(|latest| calendar.sessions_ending(latest, sessions as usize))
        .unwrap_or_default();
    let bins = match (dates.first(), dates.last()) {
        (Some(from), Some(to)) => {
            request::stored(market.store.imbalances(&symbol, *from, *to).await)?
        }
        _ => Vec::new(),
    };
    let measured = tokio::task::spawn_blocking(move || correlation::correlation(&bins, SEED));
    let measured = measured.await.map_err(ApiError::internal)?;
    let none = CorrelationView {
        symbol: symbol.to_string(),
        sessions: 0,
        bins: 0,
        bin_minutes: u32::from(BIN_MINUTES),
        lags: Vec::new(),
        too_little: None,
    };
    Ok(match measured {
        Ok(measured) => CorrelationView {
            sessions: u32::try_from(measured.sessions).unwrap_or(u32::MAX),
            bins: u32::try_from(measured.bins).unwrap_or(u32::MAX),
            lags: measured.lags.iter().map(lag).collect(),
            ..none
        },
        Err(too_little) => CorrelationView { too_little: Some(too_little.to_string()), ..none },
    })
}

fn lag(lag: &Lag) -> LagView {
    LagView {
        lag_minutes: f64::from(lag.lag) * f64::from(BIN_MINUTES),
        pearson: lag.pearson,
        spearman: lag.spearman,
        low: lag.interval.low,
        high: lag.interval.high,
    }
}
