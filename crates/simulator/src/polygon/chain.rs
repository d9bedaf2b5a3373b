//! `/v3/snapshot/options/{underlying}` and `/v3/reference/options/contracts`: the other vendor's
//! options, as this one shows them.

use std::cmp::Ordering;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use undertow_market::calendar::new_york_date;
use undertow_market::{OptionContract, OptionKind, Symbol};

use super::query::{Bounds, Query, date};
use super::{Refusal, bad, listed, page_of, rounded};
use crate::answer::Answer;
use crate::market::{Market, Moment, OptionDay, SHARES, SimTrade, nanos};
use crate::ticks::Ticks;

/// Rows of a page when none are asked for, and most that can be.
const USUAL_ROWS: usize = 10;
const MOST_QUOTES: usize = 250;
const MOST_CONTRACTS: usize = 1_000;
/// Options deeper in the money than this have neither a volatility nor greeks.
const DEEP: f64 = 0.985;
/// Whose options were adjusted once: they deliver cash beside the shares.
const ADJUSTED: &str = "AAPL";
/// Expired contracts that are told reach back so far.
const EXPIRED_DAYS: Days = Days::new(30);

/// A contract on a page.
struct Entry<'a> {
    ticker: String,
    contract: &'a OptionContract,
    strike: Ticks,
    /// Its line of the day.
    line: usize,
    is_adjusted: bool,
}

/// Which contracts are asked for, and in which order.
struct Wanted {
    strikes: Bounds<f64>,
    expiries: Bounds<NaiveDate>,
    kind: Option<OptionKind>,
    order: Order,
    is_descending: bool,
}

#[derive(Clone, Copy)]
enum Order {
    Ticker,
    Expiry,
    Strike,
}

impl Wanted {
    fn read(query: &Query<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            strikes: query.bounds("strike_price", |text| text.parse().ok())?,
            expiries: query.bounds("expiration_date", date)?,
            kind: match query.text("contract_type") {
                None => None,
                Some("call") => Some(OptionKind::Call),
                Some("put") => Some(OptionKind::Put),
                Some(text) => return Err(bad("contract_type", text)),
            },
            order: match query.text("sort") {
                None | Some("ticker" | "underlying_ticker") => Order::Ticker,
                Some("expiration_date") => Order::Expiry,
                Some("strike_price") => Order::Strike,
                Some(text) => return Err(bad("sort", text)),
            },
            is_descending: query.is_descending("order", false)?,
        })
    }

    fn takes(&self, entry: &Entry<'_>) -> bool {
        self.strikes.holds(entry.strike.dollars())
            && self.expiries.holds(entry.contract.expiry)
            && self.kind.is_none_or(|kind| kind == entry.contract.kind)
    }

    fn compare(&self, a: &Entry<'_>, b: &Entry<'_>) -> Ordering {
        let by = match self.order {
            Order::Ticker => Ordering::Equal,
            Order::Expiry => a.contract.expiry.cmp(&b.contract.expiry),
            Order::Strike => a.strike.cmp(&b.strike),
        };
        let order = by.then_with(|| a.ticker.cmp(&b.ticker));
        if self.is_descending { order.reverse() } else { order }
    }

    fn of<'a>(&self, day: &'a OptionDay) -> Vec<Entry<'a>> {
        let mut entries = entries(day);
        entries.retain(|entry| self.takes(entry));
        entries.sort_by(|a, b| self.compare(a, b));
        entries
    }
}

/// Every contract of a day, and an adjusted pair of one symbol.
fn entries(day: &OptionDay) -> Vec<Entry<'_>> {
    let entry = |line: usize, root: &str, is_adjusted: bool| {
        let listed = &day.lines[line];
        let name = &listed.name[day.symbol.as_str().len()..];
        Entry {
            ticker: format!("O:{root}{name}"),
            contract: &listed.contract,
            strike: listed.strike,
            line,
            is_adjusted,
        }
    };
    let root = day.symbol.as_str();
    let mut entries: Vec<Entry<'_>> =
        (0..day.lines.len()).map(|line| entry(line, root, false)).collect();
    if root == ADJUSTED {
        let first = monthly_middle(day);
        let pair = first..(first + 2).min(day.lines.len());
        entries.extend(pair.map(|line| entry(line, &format!("{root}1"), true)));
    }
    entries
}

/// The call in the middle of the strikes of an expiry some weeks away; its put follows.
fn monthly_middle(day: &OptionDay) -> usize {
    let far = |line: &crate::market::Line| line.contract.days_to_expiry(day.session_date) >= 25;
    let begin = day.lines.partition_point(|line| !far(line));
    let Some(expiry) = day.lines.get(begin).map(|line| line.contract.expiry) else {
        return 0;
    };
    let end = day.lines.partition_point(|line| line.contract.expiry <= expiry);
    begin + (end - begin) / 4 * 2
}

/// What one contract's trades add up to.
#[derive(Clone, Default)]
struct Traded<'a> {
    volume: i64,
    ticks: i64,
    first: Option<&'a SimTrade>,
    last: Option<&'a SimTrade>,
    range: Option<(Ticks, Ticks)>,
}

impl<'a> Traded<'a> {
    fn add(&mut self, trade: &'a SimTrade) {
        self.volume += trade.size;
        self.ticks += trade.size * trade.price.0;
        self.first = self.first.or(Some(trade));
        self.last = Some(trade);
        let (low, high) = self.range.unwrap_or((trade.price, trade.price));
        self.range = Some((low.min(trade.price), high.max(trade.price)));
    }
}

#[derive(Serialize)]
struct Quoted {
    ask: f64,
    ask_size: i64,
    bid: f64,
    bid_size: i64,
    last_updated: i64,
    midpoint: f64,
    timeframe: &'static str,
}

/// A day of options at a moment, ready to be shown.
struct Snapshot<'a> {
    day: &'a OptionDay,
    moment: Moment,
    now: DateTime<Utc>,
    traded: Vec<Traded<'a>>,
    query: &'a Query<'a>,
}

impl<'a> Snapshot<'a> {
    fn new(day: &'a OptionDay, query: &'a Query<'a>) -> Self {
        let now = query.request.now;
        let mut traded = vec![Traded::default(); day.lines.len()];
        for trade in day.live(now) {
            traded[trade.line].add(trade);
        }
        Self { day, moment: day.moment(now), now, traded, query }
    }

    fn row(&self, entry: &Entry<'_>) -> Value {
        let line = &self.day.lines[entry.line];
        let mut row = json!({
            "day": {},
            "details": {
                "contract_type": kind_name(entry.contract.kind),
                "exercise_style": "american",
                "expiration_date": entry.contract.expiry,
                "shares_per_contract": SHARES,
                "strike_price": entry.strike.dollars(),
                "ticker": entry.ticker,
            },
            "open_interest": line.open_interest,
        });
        if entry.is_adjusted {
            // Nobody trades them any more.
            row["open_interest"] = json!(12);
            row["underlying_asset"] = json!({ "ticker": self.day.symbol.as_str() });
            return row;
        }
        let (bid, ask) = self.day.quote(entry.line, &self.moment);
        let middle = (bid.dollars() + ask.dollars()) / 2.0;
        let is_call = entry.contract.kind == OptionKind::Call;
        let break_even = entry.strike.dollars() + if is_call { middle } else { -middle };
        row["break_even_price"] = json!(rounded(break_even));
        self.add_volatility(&mut row, entry);
        self.add_trades(&mut row, entry);
        if self.query.request.has_quotes {
            row["last_quote"] = json!(self.quoted(entry.line, bid, ask));
        }
        row["underlying_asset"] = self.underlying(break_even);
        row
    }

    /// Deep in the money the vendor finds no volatility, and then it tells no greeks either.
    fn add_volatility(&self, row: &mut Value, entry: &Entry<'_>) {
        let terms = self.day.terms(entry.line, &self.moment);
        let greeks = terms.greeks();
        if greeks.delta.abs() > DEEP {
            return;
        }
        row["implied_volatility"] = json!(terms.volatility);
        row["greeks"] = json!({
            "delta": greeks.delta,
            "gamma": greeks.gamma,
            "theta": greeks.theta,
            "vega": greeks.vega,
        });
    }

    fn add_trades(&self, row: &mut Value, entry: &Entry<'_>) {
        let traded = &self.traded[entry.line];
        let (Some(first), Some(last), Some((low, high))) =
            (traded.first, traded.last, traded.range)
        else {
            return;
        };
        let average = Ticks(1).dollars() * traded.ticks as f64 / traded.volume.max(1) as f64;
        row["day"] = json!({
            "close": last.price.dollars(),
            "high": high.dollars(),
            "last_updated": nanos(last.executed_at),
            "low": low.dollars(),
            "open": first.price.dollars(),
            "volume": traded.volume,
            "vwap": rounded(average),
        });
        row["last_trade"] = json!({
            "conditions": [209],
            "exchange": 309,
            "price": last.price.dollars(),
            "sip_timestamp": nanos(last.executed_at),
            "size": last.size,
            "timeframe": self.query.request.timeframe(),
        });
    }

    fn quoted(&self, line: usize, bid: Ticks, ask: Ticks) -> Quoted {
        let quoted_at = self.moment.at.min(self.now);
        Quoted {
            ask: ask.dollars(),
            ask_size: 10 + line as i64 % 90,
            bid: bid.dollars(),
            bid_size: 10 + line as i64 % 70,
            last_updated: nanos(quoted_at),
            midpoint: rounded((bid.dollars() + ask.dollars()) / 2.0),
            timeframe: self.query.request.timeframe(),
        }
    }

    /// The stock's price follows the plan for stocks.
    fn underlying(&self, break_even: f64) -> Value {
        let told_at = self.query.request.stocks_now();
        let moment = self.day.moment(told_at);
        let price = Ticks::nearest_cent(moment.spot).dollars();
        json!({
            "change_to_break_even": rounded(break_even - price),
            "last_updated": nanos(moment.at.min(told_at)),
            "price": price,
            "ticker": self.day.symbol.as_str(),
            "timeframe": self.query.request.timeframe(),
        })
    }
}

pub(super) fn page(market: &Market, ticker: &str, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(USUAL_ROWS, MOST_QUOTES)?;
    let wanted = Wanted::read(query)?;
    let latest = market.calendar().latest_session(query.request.now);
    let day = listed(market, ticker)
        .zip(latest)
        .and_then(|(symbol, latest)| market.options(&symbol, latest));
    let Some(day) = day else {
        return Ok(page_of::<Value>(query, Vec::new(), None));
    };
    let (shown, next_url) = query.cut(wanted.of(&day), limit)?;
    let snapshot = Snapshot::new(&day, query);
    let rows: Vec<Value> = shown.iter().map(|entry| snapshot.row(entry)).collect();
    Ok(page_of(query, rows, next_url))
}

pub(super) fn one(
    market: &Market,
    ticker: &str,
    contract: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let symbol = listed(market, ticker).ok_or(Refusal::NotFound)?;
    let latest = market.calendar().latest_session(query.request.now).ok_or(Refusal::NotFound)?;
    let day = market.options(&symbol, latest).ok_or(Refusal::NotFound)?;
    let entry = entries(&day).into_iter().find(|entry| entry.ticker == contract);
    let row = Snapshot::new(&day, query).row(&entry.ok_or(Refusal::NotFound)?);
    let body = json!({ "request_id": query.request.id, "results": row, "status": "OK" });
    Ok(Answer::json(200, &body))
}

/// A contract as the reference tells it.
fn reference(entry: &Entry<'_>, symbol: &Symbol) -> Value {
    let mut row = json!({
        "cfi": if entry.contract.kind == OptionKind::Call { "OCASPS" } else { "OPASPS" },
        "contract_type": kind_name(entry.contract.kind),
        "exercise_style": "american",
        "expiration_date": entry.contract.expiry,
        "primary_exchange": "BATO",
        "shares_per_contract": SHARES,
        "strike_price": entry.strike.dollars(),
        "ticker": entry.ticker,
        "underlying_ticker": symbol.as_str(),
    });
    if entry.is_adjusted {
        row["additional_underlyings"] =
            json!([{ "amount": 6.53, "type": "currency", "underlying": "USD" }]);
    }
    row
}

pub(super) fn contracts(market: &Market, query: &Query<'_>) -> Result<Answer, Refusal> {
    let limit = query.limit(USUAL_ROWS, MOST_CONTRACTS)?;
    let wanted = Wanted::read(query)?;
    let today = new_york_date(query.request.now);
    let is_expired = query.parsed("expired")?.unwrap_or(false);
    let as_of = match query.text("as_of") {
        Some(text) => date(text).ok_or_else(|| bad("as_of", text))?.min(today),
        None if is_expired => today - EXPIRED_DAYS,
        None => today,
    };
    let asked = query.text("underlying_ticker");
    let symbols: Vec<&Symbol> = market
        .symbols()
        .filter(|symbol| asked.is_none_or(|asked| asked == symbol.as_str()))
        .collect();
    let mut rows = Vec::new();
    for symbol in symbols {
        let session = market.calendar().sessions_ending(as_of, 1).first().copied();
        let Some(day) = session.and_then(|session| market.options(symbol, session)) else {
            continue;
        };
        let exact = query.text("ticker");
        let entries = wanted.of(&day).into_iter().filter(|entry| {
            (!is_expired || entry.contract.expiry < today)
                && (is_expired || entry.contract.expiry >= as_of)
                && exact.is_none_or(|exact| exact == entry.ticker)
        });
        rows.extend(entries.map(|entry| reference(&entry, symbol)));
    }
    let (rows, next_url) = query.cut(rows, limit)?;
    Ok(page_of(query, rows, next_url))
}

pub(super) fn contract(
    market: &Market,
    ticker: &str,
    query: &Query<'_>,
) -> Result<Answer, Refusal> {
    let session = market.calendar().latest_session(query.request.now).ok_or(Refusal::NotFound)?;
    let found = market.symbols().find_map(|symbol| {
        let root = ticker.strip_prefix("O:")?.strip_prefix(symbol.as_str())?;
        if !root.starts_with(|letter: char| letter.is_ascii_digit()) {
            return None;
        }
        let day = market.options(symbol, session)?;
        let entry = entries(&day).into_iter().find(|entry| entry.ticker == ticker)?;
        Some(reference(&entry, symbol))
    });
    let row = found.ok_or(Refusal::NotFound)?;
    let body = json!({ "results": row, "status": "OK", "request_id": query.request.id });
    Ok(Answer::json(200, &body))
}

fn kind_name(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Call => "call",
        OptionKind::Put => "put",
    }
}
