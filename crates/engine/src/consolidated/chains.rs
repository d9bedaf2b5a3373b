//! Asks for the chain of each symbol at its pace, and keeps what it says at the money.
//!
//! Each chain is judged; not each is stored, because five hundred of them every few minutes would
//! be most of the database. Stored is one an hour, and each one of a symbol whose activity or
//! opportunity is worth following, and of each the strikes around the share's price. An
//! opportunity's evidence has its contracts in any case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;
use undertow_analysis::atm::{Atm, Market};
use undertow_analysis::opportunity::{ImpliedInput, SpotInput};
use undertow_analysis::straddle::Pair;
use undertow_market::{ChainQuote, OptionContract, Price, SessionHours, Symbol, new_york_date};
use undertow_store::log::LogLevel;
use undertow_vendor::Priority;
use undertow_vendor::polygon::ChainQuery;

use super::desk::Desk;
use super::metric::{self, OfChain};
use super::standing::{ChainView, Standing};
use crate::common::{CollectError, Place};
use crate::feed::Series;
use crate::journal;
use crate::schedule::{self, Due, Window};
use crate::writer::{Books, Rows, Slot};

/// Between two looks for a chain that is due, at the longest.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(5);
/// Between two chains of a symbol that are stored without being worth following.
const STORE_EVERY: TimeDelta = TimeDelta::hours(1);
/// Expiries that are asked for, in days: enough for thirty days and for the slope to ninety.
const DAYS: std::ops::RangeInclusive<i64> = 7..=120;
/// Strikes that are asked for lie this near the share's price.
const STRIKES_WITHIN: Decimal = Decimal::from_parts(15, 0, 0, false, 2);
/// Strikes of an expiry that are stored, those nearest to the share's price. The money lies between
/// two of them; the rest shows the smile.
const STRIKES_STORED: usize = 13;
/// A plan that does not include chains is asked again this much later.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(6);
/// Activity of so much of what makes an opportunity is worth following.
const NEAR: f64 = 0.5;

/// Where a symbol's chain stands.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    next_at: Option<DateTime<Utc>>,
    stored_at: Option<DateTime<Utc>>,
    /// The session whose last chain is known.
    known: Option<NaiveDate>,
}

/// Asks until the engine stops.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    let mut turns: BTreeMap<Symbol, Turn> = BTreeMap::new();
    loop {
        let now = desk.clock.now();
        let watched = desk.watched();
        turns.retain(|symbol, _| watched.contains(symbol));
        for symbol in watched {
            turns.entry(symbol).or_default();
        }
        let next = turns.iter_mut().min_by_key(|(_, turn)| turn.next_at);
        let due_at = match next {
            Some((symbol, turn)) if turn.next_at.is_none_or(|at| at <= now) => {
                match take(&desk, symbol, turn, now, &stop).await {
                    Ok(()) => now,
                    Err(CollectError::Stopped) => return,
                    Err(error) => {
                        let symbol = symbol.clone();
                        turn.next_at = Some(now + fail(&desk, &symbol, &error).await);
                        if error.is_refused_by_plan() {
                            let again_at = turn.next_at;
                            turns.values_mut().for_each(|turn| turn.next_at = again_at);
                        }
                        now
                    }
                }
            }
            Some((_, turn)) => turn.next_at.unwrap_or(now).min(now + LOOK_EVERY),
            None => now + LOOK_EVERY,
        };
        if !desk.wait_until(due_at, &stop).await {
            return;
        }
    }
}

async fn take(
    desk: &Desk,
    symbol: &Symbol,
    turn: &mut Turn,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let every = TimeDelta::seconds(i64::from(desk.tape.chain_every_s));
    turn.next_at = Some(now + every);
    let Some(hours) = session(desk, now) else { return Ok(()) };
    let open = matches!(schedule::due(&desk.calendar, now, Window::Options), Due::Now(_));
    if turn.known != Some(hours.date) {
        // What an earlier run of the program took stands until it is asked anew.
        if let Some(chain) = desk.store.latest_chain(symbol, now).await?
            && chain.taken_at >= hours.open_at
        {
            turn.stored_at = Some(chain.taken_at);
            say(desk, symbol, &hours, &chain.quotes, chain.taken_at).await?;
            turn.known = Some(hours.date);
        }
    }
    if !open && turn.known == Some(hours.date) {
        return Ok(());
    }
    ask(desk, symbol, turn, &hours, stop).await?;
    turn.known = Some(hours.date);
    Ok(())
}

/// The session whose options trade now or traded last.
fn session(desk: &Desk, now: DateTime<Utc>) -> Option<SessionHours> {
    let latest = desk.calendar.session(desk.calendar.latest_session(now)?)?;
    if now >= latest.open_at {
        return Some(latest);
    }
    desk.calendar.session(desk.calendar.previous_session(latest.date)?)
}

async fn ask(
    desk: &Desk,
    symbol: &Symbol,
    turn: &mut Turn,
    hours: &SessionHours,
    stop: &CancellationToken,
) -> Result<(), CollectError> {
    let now = desk.clock.now();
    let today = new_york_date(now);
    let standing = desk.standings.of(symbol);
    let query = ChainQuery {
        symbol: symbol.clone(),
        expiries: today + TimeDelta::days(*DAYS.start())..=today + TimeDelta::days(*DAYS.end()),
        strikes: price(desk, symbol, &standing).and_then(around),
    };
    let page = desk.asked(desk.client.chain(&query, Priority::Live), stop).await?;
    let taken_at = page.received_at;
    say(desk, symbol, hours, &page.rows, taken_at).await?;
    desk.feeds.update(symbol, Series::Chain, |feed| {
        feed.since.get_or_insert(now);
        feed.asked_at = Some(taken_at);
        feed.rows += page.rows.len() as u64;
        (feed.problem, feed.refused) = (None, false);
    });
    let is_due = turn.stored_at.is_none_or(|at| taken_at - at >= STORE_EVERY);
    if !is_due && !is_worth_following(desk, symbol, &standing) && page.rejects.is_empty() {
        return Ok(());
    }
    let place = Place { series: Series::Chain, symbol: symbol.clone(), session_date: hours.date };
    let slot = Slot {
        delivered: page.delivered,
        rejected: page.rejects.len(),
        ..Slot::between(hours.open_at, taken_at.clamp(hours.open_at, hours.close_at))
    };
    let books = Books { slot: Some(slot).filter(|of| of.from < of.to), ..Books::default() };
    let rows = Rows::Chain(near_the_money(page.rows).into(), taken_at);
    desk.writer.rows(&place, rows, page.rejects, books).await?;
    turn.stored_at = Some(taken_at);
    Ok(())
}

/// Of each expiry the contracts of the [`STRIKES_STORED`] strikes nearest to the share's price;
/// all of them where the chain does not tell it.
fn near_the_money(mut quotes: Vec<ChainQuote>) -> Vec<ChainQuote> {
    let Some(spot) = quotes.iter().find_map(|quote| quote.underlying_price) else { return quotes };
    let distance = |strike: Price| (strike.get() - spot.get()).abs();
    let mut strikes: BTreeMap<NaiveDate, BTreeSet<(Decimal, Price)>> = BTreeMap::new();
    for OptionContract { expiry, strike, .. } in quotes.iter().map(|quote| &quote.contract) {
        let near = strikes.entry(*expiry).or_default();
        near.insert((distance(*strike), *strike));
        if near.len() > STRIKES_STORED {
            near.pop_last();
        }
    }
    quotes.retain(|ChainQuote { contract: OptionContract { expiry, strike, .. }, .. }| {
        strikes.get(expiry).is_some_and(|near| near.contains(&(distance(*strike), *strike)))
    });
    quotes
}

/// The share's newest price that is known.
fn price(desk: &Desk, symbol: &Symbol, standing: &Standing) -> Option<Price> {
    let tape = desk.books.so_far(symbol).and_then(|(_, so_far)| so_far.price);
    let chain = standing.chain.as_ref().and_then(|chain| chain.spot);
    let close = standing.realized.as_ref().and_then(|days| days.closes.prices.last().copied());
    let close = || Price::new(Decimal::from_f64_retain(close?)?).ok();
    tape.or(chain).map(|spot| spot.price).or_else(close)
}

fn around(price: Price) -> Option<(Price, Price)> {
    let of = |factor: Decimal| Price::new((price.get() * factor).round_dp(2)).ok();
    Some((of(Decimal::ONE - STRIKES_WITHIN)?, of(Decimal::ONE + STRIKES_WITHIN)?))
}

/// Whether each chain of a symbol is stored.
fn is_worth_following(desk: &Desk, symbol: &Symbol, standing: &Standing) -> bool {
    if standing.state.as_ref().is_some_and(|state| !state.status.is_over()) {
        return true;
    }
    let increase = super::opportunities::increase(desk, symbol, standing);
    increase.is_some_and(|increase| increase >= desk.straddles.activity_increase * NEAR)
}

/// Works out what a chain says at the money, and has the symbol judged again.
async fn say(
    desk: &Desk,
    symbol: &Symbol,
    hours: &SessionHours,
    quotes: &[ChainQuote],
    taken_at: DateTime<Utc>,
) -> Result<(), CollectError> {
    let newest = quotes.iter().find_map(|quote| quote.underlying_price);
    let spot = newest.map(|price| SpotInput { price, at: taken_at });
    let market =
        Market { at: taken_at, spot: spot.map(|spot| spot.price), rate: desk.straddles.rate };
    let atm = Atm::of(quotes, &market);
    let days = desk.straddles.min_days..=desk.straddles.max_days;
    let view = ChainView {
        taken_at,
        implied: ImpliedInput {
            value: atm.thirty_days.map(|implied| implied.value),
            source: atm.thirty_days.map(|implied| implied.source),
            taken_at: Some(taken_at),
            used: atm.around_thirty_days().copied().collect(),
        },
        spot,
        pair: Pair::choose(quotes, &atm, &market, days, &desk.calendar),
    };
    let realized = desk.standings.of(symbol).realized;
    let figures = OfChain {
        implied: view.implied.value,
        slope: atm.slope,
        historical: realized.and_then(|realized| realized.historical.value),
    };
    desk.store.put_metrics(&metric::of_chain(symbol, hours.close_at, figures)).await?;
    desk.standings.change(symbol, |standing| standing.chain = Some(Arc::new(view)));
    desk.assess_soon.notify_one();
    Ok(())
}

/// Says once what went wrong; returns how long to wait.
async fn fail(desk: &Desk, symbol: &Symbol, error: &CollectError) -> TimeDelta {
    tracing::warn!(%symbol, %error, "a chain could not be asked for");
    let refused = error.is_refused_by_plan();
    let first = desk.feeds.problem(symbol, Series::Chain).is_none();
    desk.feeds.update(symbol, Series::Chain, |feed| {
        feed.problem = Some(error.to_string());
        feed.refused = refused;
    });
    if first {
        let message = format!("{symbol}: the option chain could not be asked for: {error}");
        journal::note(desk, LogLevel::Warning, "chains", message).await;
    }
    if refused { AFTER_REFUSAL } else { error.wait() }
}

#[cfg(test)]
mod tests {
    use undertow_market::OptionKind;

    use super::*;

    fn quote(expiry: &str, strike: u32, kind: OptionKind) -> ChainQuote {
        let price = |dollars: u32| Price::new(Decimal::from(dollars)).unwrap();
        ChainQuote {
            symbol: "SPY".parse().unwrap(),
            contract: OptionContract {
                root: "SPY".parse().unwrap(),
                expiry: expiry.parse().unwrap(),
                kind,
                strike: price(strike),
            },
            shares_per_contract: 100,
            is_adjusted: false,
            bid: None,
            ask: None,
            quote_at: None,
            last_price: None,
            day_close: None,
            volume: None,
            open_interest: None,
            implied_volatility: None,
            delta: None,
            gamma: None,
            theta: None,
            vega: None,
            underlying_price: Some(price(600)),
            underlying_is_delayed: None,
            received_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn of_each_expiry_the_strikes_around_the_price_are_stored() {
        let dates = ["2026-06-19", "2026-07-17"];
        let quotes = || -> Vec<ChainQuote> {
            let strikes = |date| (500..=700).step_by(5).map(move |strike| (date, strike));
            let kinds = [OptionKind::Call, OptionKind::Put];
            let of = |(date, strike)| kinds.map(|kind| quote(date, strike, kind));
            dates.into_iter().flat_map(strikes).flat_map(of).collect()
        };
        let stored = near_the_money(quotes());
        assert_eq!(stored.len(), dates.len() * STRIKES_STORED * 2);
        let near = |quote: &ChainQuote| (quote.contract.strike.get() - Decimal::from(600)).abs();
        assert!(stored.iter().all(|quote| near(quote) <= Decimal::from(30)), "{stored:?}");
        let unknown: Vec<ChainQuote> = quotes()
            .into_iter()
            .map(|quote| ChainQuote { underlying_price: None, ..quote })
            .collect();
        assert_eq!(near_the_money(unknown.clone()), unknown);
    }
}
