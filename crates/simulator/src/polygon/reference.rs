//! `/v3/reference/...`: conditions, splits, dividends and tickers.

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};
use undertow_market::Symbol;
use undertow_market::calendar::new_york_date;

use super::query::{Query, date};
use super::{Refusal, listed, page_of};
use crate::answer::Answer;
use crate::market::{Market, SALE_CONDITIONS, SaleRule};

/// Rows of a page when none are asked for, and most that can be.
const USUAL_ROWS: usize = 10;
const MOST_ROWS: usize = 1_000;
/// The first day of the ex-dividend week, in the middle month of each quarter.
const EX_DAY: u32 = 9;
/// The first year of which dividends are told.
const FIRST_YEAR: i32 = 2016;

pub(super) fn conditions(query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(USUAL_ROWS, MOST_ROWS)?;
    let of_stocks = query.text("asset_class").is_none_or(|class| class == "stocks");
    let of_trades = query.text("data_type").is_none_or(|kind| kind == "trade");
    let id: Option<u16> = query.parsed("id")?;
    let asked = |rule: &&SaleRule| of_stocks && of_trades && id.is_none_or(|id| id == rule.id);
    let rows: Vec<Value> = SALE_CONDITIONS.iter().filter(asked).map(condition).collect();
    let (rows, next_url) = query.cut(rows, limit)?;
    Ok(page_of(query, rows, next_url))
}

fn condition(rule: &SaleRule) -> Value {
    let updates = json!({
        "updates_high_low": rule.updates_high_low,
        "updates_open_close": rule.updates_open_close,
        "updates_volume": rule.updates_volume,
    });
    let mut letters = json!({});
    for (tape, letter) in [("CTA", rule.letters.0), ("UTP", rule.letters.1)] {
        if let Some(letter) = letter {
            letters[tape] = json!(letter);
        }
    }
    let mut row = json!({
        "id": rule.id,
        "type": "sale_condition",
        "name": rule.name,
        "asset_class": "stocks",
        "sip_mapping": letters,
        "update_rules": { "consolidated": updates, "market_center": updates },
        "data_types": ["trade"],
    });
    if rule.is_legacy {
        row["legacy"] = json!(true);
    }
    row
}

/// Newest first, unless they are asked for the other way round. Splits to come are not told.
pub(super) fn splits(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(USUAL_ROWS, MOST_ROWS)?;
    let days = query.bounds("execution_date", date)?;
    let today = new_york_date(query.request.now);
    let ticker = query.text("ticker");
    let mut splits = market.tape_script().splits;
    splits.retain(|split| {
        split.execution_date <= today
            && days.holds(split.execution_date)
            && ticker.is_none_or(|ticker| ticker == split.symbol.as_str())
    });
    splits.sort_by_key(|split| split.execution_date);
    if query.is_descending("order", true)? {
        splits.reverse();
    }
    let row = |split: crate::market::SplitRule| {
        json!({
            "execution_date": split.execution_date,
            "split_from": split.from,
            "split_to": split.to,
            "ticker": split.symbol.as_str(),
        })
    };
    let (rows, next_url) = query.cut(splits.into_iter().map(row).collect(), limit)?;
    Ok(page_of(query, rows, next_url))
}

pub(super) fn dividends(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(USUAL_ROWS, MOST_ROWS)?;
    let days = query.bounds("ex_dividend_date", date)?;
    let ticker = query.text("ticker");
    // The next one is announced already.
    let last = new_york_date(query.request.now) + Days::new(30);
    let mut rows: Vec<(NaiveDate, Value)> = market
        .symbols()
        .filter(|symbol| ticker.is_none_or(|ticker| ticker == symbol.as_str()))
        .flat_map(|symbol| of_symbol(market, symbol, last))
        .filter(|(ex_date, _)| days.holds(*ex_date))
        .collect();
    rows.sort_by_key(|(ex_date, _)| *ex_date);
    if query.is_descending("order", true)? {
        rows.reverse();
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let (rows, next_url) = query.cut(rows, limit)?;
    Ok(page_of(query, rows, next_url))
}

/// Quarterly dividends up to `last`, in the shares of their time.
fn of_symbol(market: &Market, symbol: &Symbol, last: NaiveDate) -> Vec<(NaiveDate, Value)> {
    let cents = market.profile(symbol).map_or(0, |profile| profile.quarterly_dividend_cents);
    if cents == 0 {
        return Vec::new();
    }
    let quarters = (FIRST_YEAR..=last.year()).flat_map(|year| [2, 5, 8, 11].map(|m| (year, m)));
    let ex_date = |(year, month)| {
        let first = NaiveDate::from_ymd_opt(year, month, EX_DAY)?;
        market.calendar().next_session(first).filter(|ex_date| *ex_date <= last)
    };
    let row = |ex_date: NaiveDate| {
        let (from, to) = market.split_after(symbol, ex_date, last);
        let row = json!({
            "cash_amount": cents as f64 / 100.0 * to as f64 / from as f64,
            "currency": "USD",
            "declaration_date": ex_date - Days::new(28),
            "dividend_type": "CD",
            "ex_dividend_date": ex_date,
            "frequency": 4,
            "pay_date": ex_date + Days::new(14),
            "record_date": ex_date,
            "ticker": symbol.as_str(),
        });
        (ex_date, row)
    };
    quarters.filter_map(ex_date).map(row).collect()
}

pub(super) fn ticker(market: &Market, ticker: &str, query: &Query<'_>) -> Result<Answer, Refusal> {
    let symbol = listed(market, ticker).ok_or(Refusal::NotFound)?;
    let profile = market.profile(&symbol).ok_or(Refusal::NotFound)?;
    let result = json!({
        "ticker": symbol.as_str(),
        "name": format!("{symbol} (simulated)"),
        "market": "stocks",
        "locale": "us",
        "primary_exchange": match profile.listing_venue { 10 => "XNYS", 12 => "XNAS", _ => "ARCX" },
        "type": if profile.is_fund { "ETF" } else { "CS" },
        "active": true,
        "currency_name": "usd",
    });
    let body = json!({ "results": result, "status": "OK", "request_id": query.request.id });
    Ok(Answer::json(200, &body))
}
