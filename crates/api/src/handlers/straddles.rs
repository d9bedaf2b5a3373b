//! Straddles: candidates against the rule, one of them whole, and what both rest on.

mod activity;
mod candidate;
mod detail;
mod history;
mod watch;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_analysis::activity::MIN_SESSIONS;
use undertow_analysis::opportunity::{Assessment, Evidence, recompute};
use undertow_engine::settings::Straddles;
use undertow_market::Symbol;
use undertow_store::opportunities::{MAX_OPPORTUNITIES, Opportunity, OpportunityFilter};

use super::request;
use crate::app::{App, OpenMarket};
use crate::convert::ms;
use crate::dto::{GetOpportunities, GetStraddle, OpportunitiesView, StraddleView, ThresholdsView};
use crate::error::ApiError;

pub(crate) use activity::get_tape_activity;
pub(crate) use history::get_volatility_history;
pub(super) use watch::tape;
pub(crate) use watch::{get_tape_watch, unwatch_tape, watch_tape};

/// Rows of an answer, and how many when nobody says.
const ROWS: std::ops::RangeInclusive<u32> = 1..=1_000;
const DEFAULT_ROWS: u32 = 600;

/// What is known of a symbol: what it was judged by last, and the opportunity that it is or was.
struct Known {
    symbol: Symbol,
    judged: Option<(Evidence, Assessment)>,
    stored: Option<Opportunity>,
}

pub(crate) async fn get_opportunities(
    app: &App,
    request: GetOpportunities,
) -> Result<OpportunitiesView, ApiError> {
    let market = app.market()?;
    let limit = request::within("limit", request.limit.unwrap_or(DEFAULT_ROWS), ROWS)?;
    let thresholds = thresholds(&app.options().settings.straddles);
    let now = market.clock.now();
    let date = latest_session(app, now)?;
    let stored = of_session(&market, None, date, request.include_ended).await?;
    let (ended, open): (Vec<_>, Vec<_>) =
        stored.into_iter().partition(|one| one.now.state.is_over());
    let mut open: BTreeMap<Symbol, Opportunity> =
        open.into_iter().map(|one| (one.now.symbol.clone(), one)).collect();
    let watched = market.consolidated.as_ref().map(|tape| tape.symbols()).unwrap_or_default();
    let baselines = watch::baselines(&market);
    let rows = tokio::task::spawn_blocking(move || {
        let of_watched = watched.into_iter().map(|symbol| {
            let stored = open.remove(&symbol);
            known(&market, symbol, stored)
        });
        let all = of_watched.chain(ended.into_iter().map(of_stored));
        let view = |known: Known| candidate::view(&known, baselines.get(&known.symbol).copied());
        all.map(view).collect::<Vec<_>>()
    });
    let mut rows = rows.await.map_err(ApiError::internal)?;
    let newest = rows.iter().filter_map(|row| row.as_of_ms).max_by(f64::total_cmp);
    rows.truncate(limit as usize);
    Ok(OpportunitiesView {
        session_date: Some(date.to_string()),
        as_of_ms: newest,
        thresholds,
        rows,
    })
}

pub(crate) async fn get_straddle(
    app: &App,
    request: GetStraddle,
) -> Result<StraddleView, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let thresholds = thresholds(&app.options().settings.straddles);
    let now = market.clock.now();
    let date = latest_session(app, now)?;
    let stored = newest_of(of_session(&market, Some(&symbol), date, true).await?);
    let chain = request::stored(market.store.latest_chain(&symbol, now).await)?;
    let rate = app.options().settings.straddles.rate;
    let baseline = watch::baselines(&market).get(&symbol).copied();
    let whole = tokio::task::spawn_blocking(move || {
        let known = known(&market, symbol, stored);
        let candidate = candidate::view(&known, baseline);
        detail::view(&known, candidate, thresholds, chain, rate)
    });
    whole.await.map_err(ApiError::internal)
}

/// The session whose candidates are shown: the newest that has begun.
fn latest_session(app: &App, now: DateTime<Utc>) -> Result<NaiveDate, ApiError> {
    let latest = app.calendar().latest_session(now);
    latest.ok_or_else(|| ApiError::invalid("the calendar has no session before now"))
}

/// Opportunities of a session, the newest first.
async fn of_session(
    market: &OpenMarket,
    symbol: Option<&Symbol>,
    date: NaiveDate,
    include_ended: bool,
) -> Result<Vec<Opportunity>, ApiError> {
    let filter =
        OpportunityFilter { symbol: symbol.cloned(), include_ended, limit: MAX_OPPORTUNITIES };
    let mut all = request::stored(market.store.opportunities(&filter).await)?;
    all.retain(|one| one.now.session_date == date);
    Ok(all)
}

/// The one that is not over, else the newest.
fn newest_of(all: Vec<Opportunity>) -> Option<Opportunity> {
    let open = all.iter().position(|one| !one.now.state.is_over());
    all.into_iter().nth(open.unwrap_or(0))
}

/// A watched symbol as it would be judged now, else as it was when its opportunity changed last.
fn known(market: &OpenMarket, symbol: Symbol, stored: Option<Opportunity>) -> Known {
    let live = market.consolidated.as_ref().and_then(|tape| tape.evidence(&symbol));
    let evidence = live.or_else(|| stored.as_ref().and_then(evidence_of));
    let judged = evidence.map(judge);
    Known { symbol, judged, stored }
}

/// An opportunity as it was at its last change.
fn of_stored(stored: Opportunity) -> Known {
    let judged = evidence_of(&stored).map(judge);
    Known { symbol: stored.now.symbol.clone(), judged, stored: Some(stored) }
}

fn judge(evidence: Evidence) -> (Evidence, Assessment) {
    let assessment = recompute(&evidence);
    (evidence, assessment)
}

/// None where it was written by a version that this one does not read.
fn evidence_of(stored: &Opportunity) -> Option<Evidence> {
    serde_json::from_value(stored.now.evidence.clone()).ok()
}

fn thresholds(of: &Straddles) -> ThresholdsView {
    ThresholdsView {
        activity_increase: of.activity_increase,
        spread: of.spread,
        min_days: of.min_days,
        max_days: of.max_days,
        max_leg_spread: of.max_leg_spread,
        min_open_interest: of.min_open_interest,
        needed_sessions: u32::try_from(MIN_SESSIONS).unwrap_or(u32::MAX),
    }
}

/// Epoch milliseconds of an instant that may be missing.
fn ms_of(at: Option<DateTime<Utc>>) -> Option<f64> {
    at.map(ms)
}
