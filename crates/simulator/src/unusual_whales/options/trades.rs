//! `/api/option-trades`, `/api/stock/{ticker}/flow-recent` and `/api/option-contract/{id}/flow`.

use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::calendar::new_york_date;
use undertow_market::{OptionContract, OptionKind, Symbol};

use super::super::query::Query;
use super::super::{Answer, Refusal};
use super::row::{RestRow, rest};
use super::{Tickers, dollars, is_call};
use crate::market::{Market, OptionDay, SimTrade, TradeSide};

/// Rows of the routes that have no limit of their own.
const RECENT: usize = 50;

/// Which trades are wanted.
struct Wanted<'a> {
    newer_than: Option<DateTime<Utc>>,
    older_than: Option<DateTime<Utc>>,
    premium: RangeInclusive<i64>,
    size: RangeInclusive<i64>,
    kind: Option<OptionKind>,
    side: Option<TradeSide>,
    is_multi_leg: Option<bool>,
    contracts: Vec<&'a str>,
    limit: usize,
}

pub(crate) fn tape(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let wanted = Wanted {
        newer_than: query.instant("newer_than")?,
        older_than: query.instant("older_than")?,
        kind: query.choice(
            "type",
            &[("", None), ("call", Some(OptionKind::Call)), ("put", Some(OptionKind::Put))],
        )?,
        is_multi_leg: query.flag("is_multi_leg")?,
        contracts: query.list("option_contracts"),
        ..Wanted::new(query, query.limit(50, 1..=500)?)?
    };
    let latest = query.latest();
    let asks_for_another = |date: NaiveDate| date != latest;
    let before = wanted.older_than.map(new_york_date).is_some_and(|date| date < latest);
    if before || query.number("date")?.is_some_and(asks_for_another) {
        return Err(Refusal::LatestDayOnly);
    }
    let tickers = Tickers(query.text("ticker_symbol"));
    let days: Vec<_> = tickers
        .of(market)
        .into_iter()
        .filter_map(|symbol| market.options(symbol, latest))
        .collect();
    Ok(Answer::rows(&page(market, &days, &wanted, query.now)))
}

pub(crate) fn recent(
    market: &Market,
    symbol: &Symbol,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let wanted = Wanted::new(query, RECENT)?;
    let days: Vec<_> = market.options(symbol, query.latest()).into_iter().collect();
    Ok(Answer::json(200, &page(market, &days, &wanted, query.now)))
}

pub(crate) fn of_contract(
    market: &Market,
    contract: &OptionContract,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let date = query.date()?;
    let name = contract.to_string();
    let limit = query.limit(RECENT, 1..=usize::MAX)?;
    let wanted = Wanted { contracts: vec![name.as_str()], ..Wanted::new(query, limit)? };
    let days: Vec<_> = market.options(&contract.root, date).into_iter().collect();
    Ok(Answer::rows_of(&page(market, &days, &wanted, query.now), date))
}

impl<'a> Wanted<'a> {
    fn new(query: &Query<'a>, limit: usize) -> Result<Self, Refusal> {
        Ok(Self {
            newer_than: None,
            older_than: None,
            premium: query.range("min_premium", "max_premium")?,
            size: query.range("min_size", "max_size")?,
            kind: None,
            side: query.choice(
                "side",
                &[
                    ("ALL", None),
                    ("ASK", Some(TradeSide::Ask)),
                    ("BID", Some(TradeSide::Bid)),
                    ("MID", Some(TradeSide::Mid)),
                ],
            )?,
            is_multi_leg: None,
            contracts: Vec::new(),
            limit,
        })
    }

    /// Both cursors are strict.
    fn takes(&self, day: &OptionDay, trade: &SimTrade) -> bool {
        let kind = if is_call(day, trade) { OptionKind::Call } else { OptionKind::Put };
        self.older_than.is_none_or(|at| trade.executed_at < at)
            && self.newer_than.is_none_or(|at| trade.executed_at > at)
            && self.premium.contains(&dollars(trade))
            && self.size.contains(&trade.size)
            && self.kind.is_none_or(|wanted| wanted == kind)
            && self.side.is_none_or(|side| side == trade.side)
            && self.is_multi_leg.is_none_or(|wanted| wanted == trade.code.is_multi_leg())
            && (self.contracts.is_empty()
                || self.contracts.contains(&day.lines[trade.line].name.as_ref()))
    }
}

/// Newest first.
fn page<'a>(
    market: &Market,
    days: &'a [Arc<OptionDay>],
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Vec<RestRow<'a>> {
    let newest = |day: &'a Arc<OptionDay>| {
        let trades = day.visible(now).iter().rev().filter(|trade| wanted.takes(day, trade));
        trades.take(wanted.limit).map(move |trade| (day.as_ref(), trade))
    };
    let mut found: Vec<(&OptionDay, &SimTrade)> = days.iter().flat_map(newest).collect();
    found.sort_by_key(|(_, trade)| std::cmp::Reverse((trade.executed_at, trade.id)));
    found.truncate(wanted.limit);
    let row = |(day, trade): (&'a OptionDay, &SimTrade)| {
        let profile = market.profile(&day.symbol)?;
        Some(rest(profile, day, trade, trade.is_canceled(now)))
    };
    found.into_iter().filter_map(row).collect()
}
