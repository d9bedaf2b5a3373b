//! The health of everything.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use undertow_engine::consolidated::{Consolidated, ConsolidatedHealth, TapeHealth};
use undertow_engine::engine::Health as EngineHealth;
use undertow_engine::feed::{Feed, Freshness, Series};
use undertow_market::{MarketSession, Symbol, VendorId};

use super::backfills;
use crate::app::{App, OpenMarket};
use crate::convert::{count, ms};
use crate::dto::{BudgetView, DatabaseView, FeedView, Health, Nothing, Status};
use crate::error::ApiError;

/// How long a reading of the database's size and version is good for.
const DATABASE_READING: Duration = Duration::from_secs(5);

/// The last reading of the database.
#[derive(Default)]
pub(crate) struct DatabaseReading(Mutex<Option<(Instant, DatabaseView, f64)>>);

pub(crate) async fn get_status(app: &App, _: Nothing) -> Result<Status, ApiError> {
    read(app).await
}

/// Reads the health of everything.
pub(crate) async fn read(app: &App) -> Result<Status, ApiError> {
    let market = app.market()?;
    let health = market.engine.health();
    let now = market.clock.now();
    let (mut database, quarantined) = database(&market).await;
    if let Some(problem) = &health.database_problem {
        database.health = Health::Down;
        database.problem = Some(problem.clone());
    }
    let mut feeds: Vec<FeedView> = health
        .feeds
        .iter()
        .map(|(symbol, series, feed, freshness)| feed_view(symbol, *series, feed, *freshness, now))
        .collect();
    let tape = market.consolidated.as_ref().map(Consolidated::health);
    if let Some(tape) = tape.as_ref().filter(|tape| tape.collecting) {
        feeds.extend(tape.tapes.iter().map(|of| tape_view(of, tape, now)));
    }
    let worst = feeds.iter().map(|feed| feed.health).max().unwrap_or(Health::Healthy);
    let (date, session) = health.session;
    let hours = app.calendar().session(date);
    let ends = hours.and_then(|hours| match session {
        MarketSession::Pre => Some(hours.open_at),
        MarketSession::Regular => Some(hours.close_at),
        MarketSession::Post => Some(hours.post_end_at),
        MarketSession::Closed => None,
    });
    let next_open = hours.map(|hours| hours.open_at).filter(|open| *open > now).or_else(|| {
        let next = app.calendar().next_session(date)?;
        app.calendar().session(next).map(|hours| hours.open_at)
    });
    Ok(Status {
        health: worst.max(database.health),
        summary: summary(&feeds, &database, &health),
        market_ms: ms(now),
        session: session.as_str().to_owned(),
        session_ends_ms: ends.map(ms),
        next_open_ms: next_open.filter(|_| session != MarketSession::Regular).map(ms),
        feeds,
        budget: budget(&market),
        database,
        backfills: backfills::active(&market).iter().map(backfills::view).collect(),
        quarantined,
        collecting: health.collecting || tape.is_some_and(|tape| tape.collecting),
    })
}

/// A symbol's tape. What is wrong with its days and chains is told with it.
fn tape_view(tape: &TapeHealth, of: &ConsolidatedHealth, now: DateTime<Utc>) -> FeedView {
    let own = of.feeds.iter().filter(|(symbol, ..)| *symbol == tape.symbol);
    let beside = own.filter(|(_, _, feed)| !feed.refused).find_map(|(_, series, feed)| {
        Some(format!("{}: {}", series.as_str().replace('_', " "), feed.problem.as_ref()?))
    });
    let problem = tape.problem.clone().or(beside);
    let health = match tape.freshness {
        Freshness::Stale => Health::Down,
        Freshness::Late => Health::Degraded,
        Freshness::Fresh if problem.is_some() => Health::Degraded,
        Freshness::Fresh => Health::Healthy,
    };
    FeedView {
        symbol: tape.symbol.to_string(),
        series: Series::Tape.as_str().to_owned(),
        health,
        asked_ms: Some(ms(tape.read_to)),
        age_s: Some((now - tape.read_to).as_seconds_f64().max(0.0)),
        newest_ms: tape.newest_at.map(ms),
        next_ms: None,
        rows: count(tape.trades),
        problem,
    }
}

fn feed_view(
    symbol: &Symbol,
    series: Series,
    feed: &Feed,
    freshness: Freshness,
    now: DateTime<Utc>,
) -> FeedView {
    FeedView {
        symbol: symbol.to_string(),
        series: series.as_str().to_owned(),
        health: match freshness {
            Freshness::Fresh => Health::Healthy,
            Freshness::Late => Health::Degraded,
            Freshness::Stale => Health::Down,
        },
        asked_ms: feed.asked_at.map(ms),
        age_s: feed.asked_at.map(|at| (now - at).as_seconds_f64().max(0.0)),
        newest_ms: feed.newest_at.map(ms),
        next_ms: feed.next_at.map(ms),
        rows: count(feed.rows),
        problem: feed.problem.clone(),
    }
}

fn summary(feeds: &[FeedView], database: &DatabaseView, health: &EngineHealth) -> String {
    if let Some(problem) = &database.problem {
        return format!(
            "Down: {problem}. Nothing accepted is lost; writing goes on when it answers."
        );
    }
    let bad: Vec<&FeedView> = feeds.iter().filter(|feed| feed.health != Health::Healthy).collect();
    if let Some(first) = bad.first() {
        let what = first.problem.clone().unwrap_or_else(|| "no answer yet".to_owned());
        let name = format!("{} {}", first.symbol, first.series.replace('_', " "));
        let more = if bad.len() > 1 {
            format!(", and {} more feeds", bad.len() - 1)
        } else {
            String::new()
        };
        return format!("{name} is late: {what}{more}. It is asked again by itself.");
    }
    if !health.collecting && feeds.is_empty() {
        return "Healthy: another program collects into this database, or collecting has not begun."
            .to_owned();
    }
    "Healthy: everything is collected as promised.".to_owned()
}

fn budget(market: &OpenMarket) -> BudgetView {
    let state = market.engine.budget();
    BudgetView {
        vendor: VendorId::UnusualWhales.as_str().to_owned(),
        day_limit: state.day_limit.map(f64::from),
        day_used: state.day_used.map(f64::from),
        minute_remaining: state.minute_remaining.map(f64::from),
        minute_resets_ms: state.minute_resets_at.map(ms),
    }
}

async fn database(market: &OpenMarket) -> (DatabaseView, f64) {
    if let Some(known) = market.database.get() {
        return known;
    }
    let kind = market.database_kind.to_owned();
    let view = match market.store.status().await {
        Ok(status) => DatabaseView {
            kind,
            health: if status.durable { Health::Healthy } else { Health::Degraded },
            version: Some(status.server_version),
            bytes: Some(count(status.database_bytes)),
            problem: None,
        },
        Err(error) => DatabaseView {
            kind,
            health: Health::Down,
            version: None,
            bytes: None,
            problem: Some(error.to_string()),
        },
    };
    let counts = market.store.quarantine_counts().await.unwrap_or_default();
    let quarantined = count(counts.iter().map(|count| count.rows).sum::<i64>());
    market.database.keep(view.clone(), quarantined);
    (view, quarantined)
}

impl DatabaseReading {
    fn get(&self) -> Option<(DatabaseView, f64)> {
        let reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, view, quarantined) = reading.as_ref()?;
        (at.elapsed() < DATABASE_READING).then(|| (view.clone(), *quarantined))
    }

    fn keep(&self, view: DatabaseView, quarantined: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), view, quarantined));
    }
}
