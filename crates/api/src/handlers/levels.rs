//! Off-exchange levels, with the measured hold rate of their kind.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use undertow_analysis::bins::{bin_width, cell_width};
use undertow_analysis::coverage::Sides;
use undertow_analysis::kinds::{self, History, Kind};
use undertow_analysis::levels::{Cell, Level, LevelParams, Levels, levels};
use undertow_analysis::range::atr14;
use undertow_analysis::touch::HoldRate;
use undertow_market::{Bar, BarInterval, MarketSession, Price, Symbol};
use undertow_store::levels::LevelFilter;

use super::{books, request};
use crate::app::{App, OpenMarket};
use crate::columns::Columns;
use crate::convert::{count, float, ms_or_nan};
use crate::dto::{GetLevels, LevelsMeta};
use crate::error::ApiError;

/// Sessions and levels of one answer.
const SESSIONS: std::ops::RangeInclusive<u32> = 1..=120;
const LIMIT: std::ops::RangeInclusive<u32> = 1..=2_000;
/// Day bars that an average true range settles over.
const ATR_DAY_BARS: u32 = 60;
/// Measured hold rates that are kept.
const MAX_KEPT: usize = 64;
/// Seed of the random null and of the bootstrap: equal data give equal rates.
const SEED: u64 = 20_261_121;

/// Measured hold rates, kept for the session: they only change when a session ends.
#[derive(Default)]
pub(crate) struct HoldRates(Mutex<HashMap<HoldKey, Rates>>);

type Rates = Arc<Vec<(Kind, HoldRate)>>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct HoldKey {
    symbol: Symbol,
    width: Decimal,
    sessions: Vec<NaiveDate>,
    cells: usize,
}

/// What levels of a symbol are made from.
pub(super) struct Ground {
    pub(super) symbol: Symbol,
    pub(super) sessions: Vec<NaiveDate>,
    pub(super) day_bars: Vec<Bar>,
    pub(super) atr14: Option<Decimal>,
    pub(super) width: Decimal,
}

pub(crate) async fn get_levels(app: &App, request: GetLevels) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let sessions = request::within("sessions", request.sessions, SESSIONS)?;
    let limit = request::within("limit", request.limit, LIMIT)? as usize;
    let ground = ground(app, &market, symbol, sessions, request.width).await?;
    let cells = cells(&market, &ground, request.extended_hours).await?;
    let mut params = LevelParams::with_bin_width(ground.width);
    params.half_life_sessions = app.options().settings.levels.half_life_sessions;
    let rates = match request.hold_rates {
        true => hold_rates(&market, &ground, &cells, &params).await?,
        false => Rates::default(),
    };
    let found = levels(&cells, &ground.sessions, &params);
    let gaps = match (ground.sessions.first(), ground.sessions.last()) {
        (Some(from), Some(to)) => books::count_gaps(&market, &ground.symbol, *from, *to).await?,
        _ => 0,
    };
    let meta = meta(&ground, &cells, &found, &params, gaps);
    let mut chosen: Vec<&Level> = found.levels.iter().collect();
    chosen.sort_by_key(|level| level.rank);
    chosen.truncate(limit);
    columns(&chosen, &found, &meta, ground.width, &rates)
}

/// The sessions up to now, and the bin width: as asked for, or from the average true range.
pub(super) async fn ground(
    app: &App,
    market: &OpenMarket,
    symbol: Symbol,
    sessions: u32,
    width: Option<f64>,
) -> Result<Ground, ApiError> {
    let now = market.clock.now();
    let calendar = app.calendar();
    let sessions = calendar
        .latest_session(now)
        .map(|latest| calendar.sessions_ending(latest, sessions as usize))
        .unwrap_or_default();
    let wanted = ATR_DAY_BARS + u32::try_from(sessions.len()).unwrap_or(0);
    let day_bars = request::stored(
        market.store.bars(&symbol, BarInterval::Day1, DateTime::UNIX_EPOCH, now, wanted).await,
    )?;
    let atr14 = atr14(&day_bars);
    let highest = highest(market, &symbol, &day_bars, now).await?;
    let width = match width {
        Some(width) => asked_width(width, highest)?,
        None => {
            let k = Decimal::from_f64(app.options().settings.levels.atr_multiple);
            bin_width(atr14, highest, k.unwrap_or(undertow_analysis::bins::DEFAULT_K))
        }
    };
    Ok(Ground { symbol, sessions, day_bars, atr14, width })
}

/// A price that stands for the symbol: the highest of its day bars, else its newest bar.
async fn highest(
    market: &OpenMarket,
    symbol: &Symbol,
    day_bars: &[Bar],
    now: DateTime<Utc>,
) -> Result<Price, ApiError> {
    if let Some(highest) = day_bars.iter().map(|bar| bar.high).max() {
        return Ok(highest);
    }
    let newest =
        market.store.bars(symbol, BarInterval::Minute1, DateTime::UNIX_EPOCH, now, 1).await;
    match request::stored(newest)?.first() {
        Some(bar) => Ok(bar.high),
        None => Price::new(Decimal::ONE_HUNDRED).map_err(ApiError::internal),
    }
}

/// A width that was asked for, brought to whole pairs of cells (see [`undertow_analysis::bins`]).
fn asked_width(width: f64, highest: Price) -> Result<Decimal, ApiError> {
    let pair = cell_width(highest) * Decimal::TWO;
    let asked = Decimal::from_f64(width).filter(|width| *width > Decimal::ZERO);
    let asked = asked.filter(|width| *width <= highest.get());
    let asked = asked.ok_or_else(|| {
        ApiError::invalid(format!("width = {width}: use dollars above 0, below the price"))
    })?;
    Ok((asked / pair).round().max(Decimal::ONE) * pair)
}

pub(super) async fn cells(
    market: &OpenMarket,
    ground: &Ground,
    extended_hours: bool,
) -> Result<Vec<Cell>, ApiError> {
    let (Some(from), Some(to)) = (ground.sessions.first(), ground.sessions.last()) else {
        return Ok(Vec::new());
    };
    let sessions = if extended_hours { Vec::new() } else { vec![MarketSession::Regular] };
    let filter = LevelFilter { symbol: ground.symbol.clone(), from: *from, to: *to, sessions };
    request::stored(market.store.level_cells(&filter).await)
}

async fn hold_rates(
    market: &OpenMarket,
    ground: &Ground,
    cells: &[Cell],
    params: &LevelParams,
) -> Result<Rates, ApiError> {
    // The session that is still open is left out: it changes with every print.
    let Some((today, past)) = ground.sessions.split_last() else { return Ok(Rates::default()) };
    let past_cells: Vec<Cell> =
        cells.iter().filter(|cell| cell.session_date < *today).cloned().collect();
    let key = HoldKey {
        symbol: ground.symbol.clone(),
        width: ground.width,
        sessions: past.to_vec(),
        cells: past_cells.len(),
    };
    if let Some(known) = market.hold_rates.get(&key) {
        return Ok(known);
    }
    let minute_bars = minute_bars(market, ground, past).await?;
    let (sessions, day_bars, params) = (past.to_vec(), ground.day_bars.clone(), params.clone());
    let measured = tokio::task::spawn_blocking(move || {
        let history = History {
            cells: &past_cells,
            minute_bars: &minute_bars,
            day_bars: &day_bars,
            sessions: &sessions,
        };
        let measure = |kind| (kind, kinds::measure(history, &params, kind, SEED));
        Kind::ALL.map(measure).to_vec()
    });
    let rates = Arc::new(measured.await.map_err(ApiError::internal)?);
    market.hold_rates.keep(key, Arc::clone(&rates));
    Ok(rates)
}

/// The one-minute bars of the regular sessions.
async fn minute_bars(
    market: &OpenMarket,
    ground: &Ground,
    sessions: &[NaiveDate],
) -> Result<Vec<Bar>, ApiError> {
    let Some(first) = sessions.first() else { return Ok(Vec::new()) };
    let from = undertow_market::calendar::new_york_instant(*first, chrono::NaiveTime::MIN);
    let now = market.clock.now();
    let bars = market.store.bars(&ground.symbol, BarInterval::Minute1, from, now, u32::MAX).await;
    let mut bars = request::stored(bars)?;
    bars.retain(|bar| {
        bar.session == MarketSession::Regular && sessions.contains(&bar.session_date)
    });
    Ok(bars)
}

impl HoldRates {
    fn get(&self, key: &HoldKey) -> Option<Rates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: HoldKey, rates: Rates) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key, rates);
    }
}

fn meta(
    ground: &Ground,
    cells: &[Cell],
    found: &Levels,
    params: &LevelParams,
    gaps: u32,
) -> LevelsMeta {
    let mut dates: Vec<NaiveDate> = cells.iter().map(|cell| cell.session_date).collect();
    dates.sort_unstable();
    dates.dedup();
    let sum = |value: fn(&Cell) -> Decimal| cells.iter().map(value).sum::<Decimal>();
    let sides = Sides {
        buy: sum(|cell| cell.buy_notional),
        sell: sum(|cell| cell.sell_notional),
        unknown: sum(|cell| cell.unknown_notional),
    };
    let all = found.notional + found.excluded_notional;
    LevelsMeta {
        symbol: ground.symbol.to_string(),
        from: dates.first().map(ToString::to_string),
        to: dates.last().map(ToString::to_string),
        sessions: u32::try_from(dates.len()).unwrap_or(u32::MAX),
        width: float(ground.width),
        atr14: ground.atr14.map(float),
        poc: found.poc.map(float),
        value_area_low: found.value_area.map(|area| float(area.low)),
        value_area_high: found.value_area.map(|area| float(area.high)),
        median_daily_notional: found.median_daily_notional.map(float),
        half_life_sessions: params.half_life_sessions,
        total_notional: float(found.notional),
        side_coverage: sides.coverage(),
        excluded_share: found.excluded_notional.checked_div(all).map(float),
        gaps,
    }
}

fn columns(
    chosen: &[&Level],
    found: &Levels,
    meta: &LevelsMeta,
    width: Decimal,
    rates: &[(Kind, HoldRate)],
) -> Result<Columns, ApiError> {
    let half = width / Decimal::TWO;
    let column =
        |value: &dyn Fn(&Level) -> f64| chosen.iter().map(|level| value(level)).collect::<Vec<_>>();
    let zone = |level: &Level| {
        found.zones.iter().position(|zone| zone.low <= level.price && level.price <= zone.high)
    };
    let rate = |level: &Level| {
        let kind = zone(level).and_then(|index| Kind::of_rank(found.zones[index].rank))?;
        rates.iter().find(|(known, _)| *known == kind).map(|(_, rate)| rate)
    };
    let of_rate = |level: &Level, value: fn(&HoldRate) -> Option<f64>| {
        rate(level).and_then(value).unwrap_or(f64::NAN)
    };
    Ok(Columns::new(chosen.len(), meta)?
        .with("low", column(&|level| float(level.price - half)))
        .with("price", column(&|level| float(level.price)))
        .with("high", column(&|level| float(level.price + half)))
        .with("shares", column(&|level| float(level.shares)))
        .with("notional", column(&|level| float(level.notional)))
        .with("prints", column(&|level| count(level.prints)))
        .with("vwap", column(&|level| float(level.vwap)))
        .with("buy_notional", column(&|level| float(level.buy_notional)))
        .with("sell_notional", column(&|level| float(level.sell_notional)))
        .with("unknown_notional", column(&|level| float(level.unknown_notional)))
        .with("largest_notional", column(&|level| float(level.largest_notional)))
        .with("first_ms", column(&|level| ms_or_nan(level.first_at)))
        .with("last_ms", column(&|level| ms_or_nan(level.last_at)))
        .with("excluded_shares", column(&|level| float(level.excluded_shares)))
        .with("excluded_notional", column(&|level| float(level.excluded_notional)))
        .with("strength", column(&|level| level.strength))
        .with("rank", column(&|level| count(level.rank as u64)))
        .with("percentile", column(&|level| level.percentile))
        .with("zone", column(&|level| zone(level).map_or(f64::NAN, |index| count(index as u64))))
        .with("value_area", column(&|level| f64::from(u8::from(level.in_value_area))))
        .with(
            "touches",
            column(&|level| of_rate(level, |rate| Some(f64::from(rate.tally.decided())))),
        )
        .with("holds", column(&|level| of_rate(level, |rate| Some(f64::from(rate.tally.held)))))
        .with("hold_rate", column(&|level| of_rate(level, |rate| rate.tally.rate())))
        .with(
            "hold_low",
            column(&|level| of_rate(level, |rate| rate.interval.map(|range| range.low))),
        )
        .with(
            "hold_high",
            column(&|level| of_rate(level, |rate| rate.interval.map(|range| range.high))),
        )
        .with("null_rate", column(&|level| of_rate(level, best_null)))
        .with(
            "beats",
            column(&|level| {
                of_rate(level, |rate| {
                    rate.is_enough().then(|| f64::from(u8::from(rate.beats_nulls())))
                })
            }),
        ))
}

/// The rate of the null that held most often: the one to beat.
fn best_null(rate: &HoldRate) -> Option<f64> {
    rate.nulls.iter().filter_map(|null| null.tally.rate()).reduce(f64::max)
}
