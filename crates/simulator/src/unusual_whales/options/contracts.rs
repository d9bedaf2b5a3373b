//! `/api/stock/{ticker}/option-contracts`: every listed contract of the latest session, the most
//! traded first. It tells no strike, expiry or kind but in the contract's symbol.

use std::cmp::Reverse;

use chrono::NaiveDate;
use serde::Serialize;
use undertow_market::{OptionKind, Symbol};

use super::super::query::Query;
use super::super::{Answer, Refusal};
use super::{dollars, plain};
use crate::market::{Market, Moment, OptionDay, SHARES, SimTrade, Volumes};
use crate::ticks::Ticks;

/// Most rows of a page.
const PAGE: usize = 500;

/// What a contract's trades add up to.
#[derive(Clone, Default)]
struct Traded<'a> {
    volumes: Volumes,
    sweep: i64,
    floor: i64,
    premium: i64,
    /// Lowest and highest.
    prices: Option<(Ticks, Ticks)>,
    last: Option<&'a SimTrade>,
}

impl<'a> Traded<'a> {
    fn add(&mut self, trade: &'a SimTrade) {
        self.volumes.add(trade, 1);
        self.premium += dollars(trade);
        self.sweep += if trade.code.is_sweep() { trade.size } else { 0 };
        self.floor += if trade.code.is_floor() { trade.size } else { 0 };
        let (low, high) = self.prices.unwrap_or((trade.price, trade.price));
        self.prices = Some((low.min(trade.price), high.max(trade.price)));
        self.last = Some(trade);
    }
}

#[derive(Serialize)]
struct Row<'a> {
    option_symbol: &'a str,
    ask_volume: i64,
    bid_volume: i64,
    mid_volume: i64,
    no_side_volume: i64,
    floor_volume: i64,
    sweep_volume: i64,
    multi_leg_volume: i64,
    stock_multi_leg_volume: i64,
    volume: i64,
    open_interest: i64,
    prev_oi: i64,
    total_premium: String,
    nbbo_bid: String,
    nbbo_ask: String,
    last_price: Option<String>,
    avg_price: Option<String>,
    high_price: Option<String>,
    low_price: Option<String>,
    implied_volatility: Option<String>,
}

/// Which contracts are wanted.
struct Wanted<'a> {
    expiry: Option<NaiveDate>,
    kind: Option<OptionKind>,
    names: Vec<&'a str>,
    volume_above_open: bool,
    traded_only: bool,
    open_only: bool,
    no_zero_days: bool,
    out_only: bool,
    days: (i64, i64),
}

pub(crate) fn list(market: &Market, symbol: &Symbol, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(PAGE, 1..=PAGE)?;
    let page = query.number::<usize>("page")?.unwrap_or(0);
    let wanted = Wanted::new(query)?;
    let Some(day) = market.options(symbol, query.latest()) else {
        return Ok(Answer::no_rows());
    };
    let mut traded = vec![Traded::default(); day.lines.len()];
    for trade in day.live(query.now) {
        traded[trade.line].add(trade);
    }
    let moment = day.moment(query.now);
    let mut places: Vec<usize> = (0..day.lines.len())
        .filter(|place| wanted.takes(&day, *place, &traded[*place], &moment))
        .collect();
    places.sort_by_key(|place| (Reverse(traded[*place].volumes.total), *place));
    let shown = places.into_iter().skip(page.saturating_mul(limit)).take(limit);
    let rows: Vec<_> = shown.map(|place| row(&day, place, &traded[place], &moment)).collect();
    Ok(Answer::rows(&rows))
}

impl<'a> Wanted<'a> {
    fn new(query: &Query<'a>) -> Result<Self, Refusal> {
        let flag = |name| Ok(query.flag(name)?.unwrap_or(false));
        let (call, put) = (Some(OptionKind::Call), Some(OptionKind::Put));
        Ok(Self {
            expiry: query.number("expiry")?,
            kind: query.choice(
                "option_type",
                &[("", None), ("call", call), ("Call", call), ("put", put), ("Put", put)],
            )?,
            names: query.list("option_symbol"),
            volume_above_open: flag("vol_greater_oi")?,
            traded_only: flag("exclude_zero_vol_chains")?,
            open_only: flag("exclude_zero_oi_chains")?,
            no_zero_days: flag("exclude_zero_dte")?,
            out_only: flag("maybe_otm_only")?,
            days: (
                query.number("min_dte")?.unwrap_or(0),
                query.number("max_dte")?.unwrap_or(i64::MAX),
            ),
        })
    }

    fn takes(&self, day: &OptionDay, place: usize, traded: &Traded<'_>, moment: &Moment) -> bool {
        let line = &day.lines[place];
        let days = line.contract.days_to_expiry(day.session_date);
        let volume = traded.volumes.total;
        let is_call = line.contract.kind == OptionKind::Call;
        let is_out = (line.strike.dollars() > moment.spot) == is_call;
        self.expiry.is_none_or(|expiry| expiry == line.contract.expiry)
            && self.kind.is_none_or(|kind| kind == line.contract.kind)
            && (self.names.is_empty() || self.names.contains(&line.name.as_ref()))
            && (!self.volume_above_open || volume > line.open_interest)
            && (!self.traded_only || volume > 0)
            && (!self.open_only || line.open_interest > 0)
            && (!self.no_zero_days || days > 0)
            && (!self.out_only || is_out)
            && (self.days.0..=self.days.1).contains(&days)
    }
}

fn row<'a>(day: &'a OptionDay, place: usize, traded: &Traded<'_>, moment: &Moment) -> Row<'a> {
    let line = &day.lines[place];
    let (bid, ask) = day.quote(place, moment);
    let volumes = traded.volumes;
    let average = |_| traded.premium as f64 / (volumes.total * SHARES) as f64;
    Row {
        option_symbol: &line.name,
        ask_volume: volumes.ask,
        bid_volume: volumes.bid,
        mid_volume: volumes.mid,
        no_side_volume: volumes.no_side,
        floor_volume: traded.floor,
        sweep_volume: traded.sweep,
        multi_leg_volume: volumes.multi_leg,
        stock_multi_leg_volume: volumes.stock_leg,
        volume: volumes.total,
        open_interest: line.open_interest,
        prev_oi: line.previous_open_interest,
        total_premium: format!("{}.00", traded.premium),
        nbbo_bid: plain(bid),
        nbbo_ask: plain(ask),
        last_price: traded.last.map(|trade| trade.price.to_string()),
        avg_price: traded.last.map(average).map(|price| price.to_string()),
        high_price: traded.prices.map(|(_, high)| high.to_string()),
        low_price: traded.prices.map(|(low, _)| low.to_string()),
        implied_volatility: traded.last.map(|trade| trade.implied_volatility.to_string()),
    }
}
