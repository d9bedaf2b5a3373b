//! What comes after a new minute of 500 stocks: judging each by its chain, its past days and its
//! baseline, and writing what came of it to a real Postgres.
//!
//!     cargo run --release -p undertow-engine --example assess_bench
//!     cargo run --release -p undertow-engine --example assess_bench -- --changed 25
//!
//! Each stock has a baseline of 90 sessions, 252 past days, and a chain of six expiries with 13
//! strikes each, from which implied volatility and the straddle come. `--changed` of the stocks
//! stand out and change at each minute, so that their opportunity is written; at most all of them
//! do, which is the default and no real minute's. The steps are those of the engine's `turn`, with
//! its functions; the server is durable, as the app ships it.
//!
//! Chains, days and baselines do not come with a minute but by themselves. What one of each takes
//! to work out is told beside it.

#![expect(clippy::print_stdout, reason = "a measurement tells what it finds")]

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use undertow_analysis::activity::{BaselineCurve, MinuteShares, SessionActivity};
use undertow_analysis::atm::{Atm, Market};
use undertow_analysis::opportunity::{
    ActivityInput, Assessment, Change, Closes, Evidence, HistoricalInput, ImpliedInput, Inputs,
    SpotInput, State, Thresholds, assess, next_state,
};
use undertow_analysis::straddle::Pair;
use undertow_analysis::volatility::{Estimator, Ohlc, historical};
use undertow_market::{Calendar, ChainQuote, OptionContract, OptionKind, Price, Symbol};
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};
use undertow_store::opportunities::OpportunityChange;
use undertow_store::positions::StockPosition;
use undertow_store::{Store, StoreOptions};

const SYMBOLS: usize = 500;
const MINUTES: u16 = 30;
/// In New York, early in the regular session.
const FIRST_MINUTE: u16 = 600;
const SESSION: &str = "2026-06-02";
const FIRST_AT: &str = "2026-06-02T14:00:00Z";
const CLOSE: &str = "2026-06-02T20:00:00Z";
/// Weekly and monthly expiries around thirty days, and further ones for the slope.
const EXPIRIES: [&str; 6] =
    ["2026-06-12", "2026-06-26", "2026-07-02", "2026-07-17", "2026-08-21", "2026-09-18"];
const STRIKES: i64 = 13;
const PAST_SESSIONS: u64 = 90;
const PAST_DAYS: u32 = 252;
const RATE: f64 = 0.04;

fn argument(name: &str, otherwise: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// What is known of a stock when a minute ends, as the engine's standing has it.
struct Known {
    symbol: Symbol,
    stands_out: bool,
    baseline: BaselineCurve,
    historical: HistoricalInput,
    closes: Closes,
    implied: ImpliedInput,
    spot: SpotInput,
    pair: Option<Pair>,
    state: Option<State>,
}

/// How long each step took, minute by minute.
#[derive(Default)]
struct Took {
    judging: Vec<Duration>,
    positions: Vec<Duration>,
    changes: Vec<Duration>,
    all: Vec<Duration>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("undertow-bench-").tempdir()?;
    let server = EmbeddedPostgres::start(EmbeddedConfig::new(folder.path())).await?;
    let store = Store::open(server.database("bench").await?, StoreOptions::default()).await?;
    let changed = argument("--changed", SYMBOLS).min(SYMBOLS);
    let mut known = known(changed)?;
    let mut took = Took::default();
    let mut written = 0;
    for minute in 0..MINUTES {
        written += turn(&store, &mut known, minute, &mut took).await?;
    }
    println!("{SYMBOLS} stocks, {MINUTES} minutes, {changed} stand out, {written} changes written");
    tell("judging", took.judging);
    tell("positions written", took.positions);
    tell("changes of opportunities written", took.changes);
    tell("all of it", took.all);
    let open = store.open_opportunities(SESSION.parse()?).await?;
    anyhow::ensure!(open.len() == changed, "{} opportunities are open", open.len());
    server.stop().await?;
    Ok(())
}

fn tell(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let (Some(median), Some(most)) = (took.get(took.len() / 2), took.last()) else { return };
    println!("{what}: median {median:.2?}, most {most:.2?}");
}

/// What the engine does after a minute. Returns how many changes were written.
async fn turn(store: &Store, known: &mut [Known], minute: u16, took: &mut Took) -> Result<usize> {
    let began = Instant::now();
    let thresholds = Thresholds::default();
    let judge = |of: &Known| -> Result<(StockPosition, Inputs, Assessment)> {
        let inputs = inputs(of, minute)?;
        let assessment = assess(&inputs, &thresholds);
        Ok((position(of, &inputs), inputs, assessment))
    };
    let judged = known.iter().map(judge).collect::<Result<Vec<_>>>()?;
    took.judging.push(began.elapsed());

    let since = Instant::now();
    let positions = judged.iter().map(|(position, ..)| position.clone()).collect();
    store.put_stock_positions(positions).await?;
    took.positions.push(since.elapsed());

    let since = Instant::now();
    let mut changes = Vec::new();
    for (of, (_, inputs, assessment)) in known.iter_mut().zip(&judged) {
        let Some(change) = next_state(of.state.as_ref(), assessment, inputs.at) else { continue };
        changes.push(row(&of.symbol, &change, &Evidence::new(inputs, &thresholds))?);
        of.state = Some(change.state);
    }
    let written = changes.len();
    store.put_opportunity_changes(changes).await?;
    took.changes.push(since.elapsed());
    took.all.push(began.elapsed());
    Ok(written)
}

fn inputs(of: &Known, minute: u16) -> Result<Inputs> {
    let at: DateTime<Utc> = FIRST_AT.parse()?;
    let last_final = FIRST_MINUTE + minute;
    let mean = of.baseline.at(last_final).map(|point| point.mean);
    // Away from the last minute's by more than an opportunity's step.
    let times = if of.stands_out { 5 + i64::from(minute % 2) } else { 1 };
    Ok(Inputs {
        symbol: of.symbol.clone(),
        session_date: SESSION.parse()?,
        at: at + TimeDelta::minutes(i64::from(minute) + 1),
        ends_at: CLOSE.parse()?,
        activity: ActivityInput {
            minute: last_final,
            shares: mean.unwrap_or_default() * Decimal::from(times),
            baseline_mean: mean,
            sessions: u32::try_from(of.baseline.session_count())?,
        },
        historical: of.historical,
        implied: of.implied.clone(),
        spot: Some(of.spot),
        rate: RATE,
        pair: of.pair.clone(),
        closes: of.closes.clone(),
    })
}

fn position(of: &Known, inputs: &Inputs) -> StockPosition {
    let ActivityInput { shares, baseline_mean, sessions, .. } = inputs.activity;
    StockPosition {
        symbol: of.symbol.clone(),
        session_date: inputs.session_date,
        as_of: inputs.at,
        off_shares: shares,
        off_notional: shares * of.spot.price.get(),
        lit_shares: shares,
        baseline_mean,
        ratio: Some(1.0),
        sessions,
    }
}

fn row(symbol: &Symbol, change: &Change, evidence: &Evidence) -> Result<OpportunityChange> {
    Ok(OpportunityChange {
        symbol: symbol.clone(),
        session_date: change.state.session_date,
        at: change.state.changed_at,
        state: change.state.status,
        reason: change.state.reason.clone(),
        evidence: serde_json::to_value(evidence)?,
    })
}

/// Works out what is known of each stock, and tells how long one of each takes.
fn known(changed: usize) -> Result<Vec<Known>> {
    let (mut chains, mut days, mut baselines) = (Vec::new(), Vec::new(), Vec::new());
    let calendar = Calendar::nyse();
    let mut all = Vec::with_capacity(SYMBOLS);
    for place in 0..SYMBOLS {
        let symbol = Symbol::new(&format!("S{place}"))?;
        let history = history(place)?;
        let since = Instant::now();
        let baseline = BaselineCurve::before(SESSION.parse()?, &history, 240..=1_199);
        baselines.push(since.elapsed());

        let prices = past(place);
        let since = Instant::now();
        let value = historical(&prices, Estimator::YangZhang, 30);
        days.push(since.elapsed());

        let at: DateTime<Utc> = FIRST_AT.parse()?;
        let spot = Price::new(Decimal::from(100))?;
        let quotes = chain(&symbol, at)?;
        let since = Instant::now();
        let market = Market { at, spot: Some(spot), rate: RATE };
        let atm = Atm::of(&quotes, &market);
        let pair = Pair::choose(&quotes, &atm, &market, 20..=45, &calendar);
        chains.push(since.elapsed());
        all.push(Known {
            symbol,
            stands_out: place < changed,
            baseline,
            historical: HistoricalInput {
                value,
                estimator: Estimator::YangZhang,
                sessions: 30,
                to: SESSION.parse::<NaiveDate>()?.pred_opt(),
            },
            closes: Closes {
                from: None,
                to: None,
                prices: prices.iter().map(|day| day.close).collect(),
            },
            implied: ImpliedInput {
                value: atm.thirty_days.map(|of| of.value),
                source: atm.thirty_days.map(|of| of.source),
                taken_at: Some(at),
                used: atm.around_thirty_days().copied().collect(),
            },
            spot: SpotInput { price: spot, at },
            pair,
            state: None,
        });
    }
    tell("a chain worked out", chains);
    tell("past days worked out", days);
    tell("a baseline worked out", baselines);
    Ok(all)
}

/// Off-exchange shares of each minute of the past sessions.
fn history(place: usize) -> Result<Vec<SessionActivity>> {
    let day: NaiveDate = SESSION.parse()?;
    let session = |back: u64| {
        let shares = |minute: u16| {
            let spread = (place as u64 * 31 + back * 17 + u64::from(minute) * 7) % 900;
            MinuteShares { minute, shares: Decimal::from(100 + spread) }
        };
        let session_date = day.checked_sub_days(Days::new(back)).context("a day before")?;
        Ok(SessionActivity { session_date, minutes: (240..1_200).map(shares).collect() })
    };
    (1..=PAST_SESSIONS).map(session).collect()
}

/// Days of a share that moves two or three percent a day.
fn past(place: usize) -> Vec<Ohlc> {
    let close = |n: u32| 100.0 + f64::from(n * 17 % 23) / 3.0 + place as f64 / 1_000.0;
    let day = |n: u32| {
        let (open, close) = (close(n), close(n + 1));
        Ohlc { open, high: open.max(close) * 1.01, low: open.min(close) * 0.99, close }
    };
    (0..PAST_DAYS).map(day).collect()
}

/// A chain that costs little, so that its volatility is far below that of the past days.
fn chain(symbol: &Symbol, at: DateTime<Utc>) -> Result<Vec<ChainQuote>> {
    let mut quotes = Vec::new();
    for (nth, expiry) in EXPIRIES.into_iter().enumerate() {
        for step in 0..STRIKES {
            for kind in [OptionKind::Call, OptionKind::Put] {
                let strike = 94 + step;
                let inside = if kind == OptionKind::Call { 100 - strike } else { strike - 100 };
                let cents = 100 * inside.max(0) + 180 + 40 * nth as i64;
                quotes.push(quote(symbol, at, expiry.parse()?, strike, kind, cents)?);
            }
        }
    }
    Ok(quotes)
}

fn quote(
    symbol: &Symbol,
    at: DateTime<Utc>,
    expiry: NaiveDate,
    strike: i64,
    kind: OptionKind,
    cents: i64,
) -> Result<ChainQuote> {
    let price = |cents: i64| Price::new(Decimal::new(cents, 2));
    let letter = if kind == OptionKind::Call { 'C' } else { 'P' };
    let contract = format!("{symbol}{}{letter}{:08}", expiry.format("%y%m%d"), strike * 1_000);
    let contract: OptionContract = contract.parse()?;
    Ok(ChainQuote {
        symbol: symbol.clone(),
        contract,
        shares_per_contract: 100,
        is_adjusted: false,
        bid: Some(price(cents - 4)?),
        ask: Some(price(cents + 4)?),
        quote_at: Some(at),
        last_price: Some(price(cents)?),
        day_close: Some(price(cents)?),
        volume: Some(1_000),
        open_interest: Some(5_000),
        implied_volatility: Some(0.2),
        delta: None,
        gamma: None,
        theta: None,
        vega: None,
        underlying_price: Some(price(10_000)?),
        underlying_is_delayed: Some(false),
        received_at: at,
    })
}
