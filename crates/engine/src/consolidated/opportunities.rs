//! Judges symbols after each new minute, chain or day, and records what changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;
use undertow_analysis::activity::Comparison;
use undertow_analysis::opportunity::{
    ActivityInput, Assessment, Change, Closes, Evidence, HistoricalInput, ImpliedInput, Inputs,
    SpotInput, State, Status, Thresholds, Verdict, assess, next_state, recompute,
};
use undertow_market::{SessionHours, Symbol};
use undertow_store::opportunities::{
    MAX_OPPORTUNITIES, Opportunity, OpportunityChange, OpportunityFilter,
};
use undertow_store::positions::StockPosition;
use undertow_store::{StoreError, while_away};

use super::books::last_final;
use super::day::TapeDay;
use super::desk::Desk;
use super::live::SoFar;
use super::standing::Standing;
use crate::event::EngineEvent;
use crate::feed::Series;

/// How often it is looked whether an opportunity is over, without a new minute.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Judges until the engine stops.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    while let Err(error) = restore(&desk).await {
        tracing::warn!(%error, "open opportunities were not read; it is tried again");
        if crate::tasks::pause(LOOK_EVERY, &stop).await {
            return;
        }
    }
    loop {
        tokio::select! {
            () = desk.assess_soon.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => return,
        }
        desk.standings.mark_over(desk.clock.now());
        turn(&desk).await;
    }
}

/// One judgement, with what the database is told of it.
struct Judged {
    symbol: Symbol,
    inputs: Inputs,
    assessment: Assessment,
    state: Option<State>,
    /// Whether something that it lacks was not looked for yet.
    is_early: bool,
}

impl Judged {
    /// A program that just began does not know the chain or the days yet. What stood when the last
    /// one ended stands until it does, or until its session is over.
    fn is_too_early_to_go(&self, now: DateTime<Utc>) -> bool {
        let stands = self.state.as_ref().is_some_and(|of| !of.status.is_over() && now < of.ends_at);
        stands && self.is_early && matches!(self.assessment.verdict, Verdict::Insufficient(_))
    }
}

/// Whether a symbol's chain or days are missing because nobody looked for them yet.
fn is_early(desk: &Desk, symbol: &Symbol, standing: &Standing) -> bool {
    let misses = |is_known: bool, series| !is_known && !desk.feeds.was_asked(symbol, series);
    misses(standing.chain.is_some(), Series::Chain)
        || misses(standing.realized.is_some(), Series::DayBars)
}

async fn turn(desk: &Desk) {
    let marked = desk.standings.take_marked();
    if marked.is_empty() {
        return;
    }
    let thresholds = thresholds(desk);
    let began = Instant::now();
    let (mut positions, mut judged) = (Vec::new(), Vec::new());
    for (symbol, mut standing) in marked {
        let Some((day, so_far)) = desk.books.so_far(&symbol) else { continue };
        if standing.state.as_ref().is_some_and(|state| is_of_before(state, day)) {
            standing.state = None;
            expire_before(desk, &symbol, day).await;
        }
        let Some(hours) = desk.calendar.session(day.date) else { continue };
        positions.extend(position(&symbol, day, &so_far, &standing));
        let Some(inputs) = inputs(desk, &symbol, day, &hours, &so_far, &standing) else { continue };
        let assessment = assess(&inputs, &thresholds);
        let is_early = is_early(desk, &symbol, &standing);
        judged.push(Judged { symbol, inputs, assessment, state: standing.state, is_early });
    }
    desk.standings.note(judged.len(), began.elapsed());
    if let Err(error) = while_away(|| desk.store.put_stock_positions(positions.clone())).await {
        tracing::error!(%error, "positions were not stored");
    }
    record(desk, &judged, &thresholds).await;
}

/// A change that an assessment makes, on its way into the database.
struct Recorded {
    state: State,
    row: OpportunityChange,
}

/// Records what the assessments change. All of it goes together, because a transaction waits for
/// the disk; where one is refused the others are recorded all the same.
async fn record(desk: &Desk, judged: &[Judged], thresholds: &Thresholds) {
    let now = to_microseconds(desk.clock.now());
    let changes: Vec<Recorded> =
        judged.iter().filter_map(|one| change(one, thresholds, now)).collect();
    match put(desk, &changes).await {
        Ok(()) => {}
        Err(error) if changes.len() == 1 || error.is_retryable() => {
            changes.iter().for_each(|one| not_recorded(one, &error));
        }
        Err(_) => {
            for one in &changes {
                if let Err(error) = put(desk, std::slice::from_ref(one)).await {
                    not_recorded(one, &error);
                }
            }
        }
    }
}

fn not_recorded(change: &Recorded, error: &StoreError) {
    tracing::error!(symbol = %change.row.symbol, %error, "an opportunity was not recorded");
}

/// What an assessment changes, with its evidence.
fn change(judged: &Judged, thresholds: &Thresholds, now: DateTime<Utc>) -> Option<Recorded> {
    if judged.is_too_early_to_go(now) {
        return None;
    }
    let Change { state, .. } = next_state(judged.state.as_ref(), &judged.assessment, now)?;
    let evidence = Evidence::new(&judged.inputs, thresholds);
    let row = OpportunityChange {
        symbol: judged.symbol.clone(),
        session_date: state.session_date,
        at: state.changed_at,
        state: state.status,
        reason: state.reason.clone(),
        evidence: serde_json::to_value(evidence).unwrap_or_default(),
    };
    Some(Recorded { state, row })
}

/// Stores changes, keeps them in mind, and tells them.
async fn put(desk: &Desk, changes: &[Recorded]) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let rows = || changes.iter().map(|change| change.row.clone()).collect();
    while_away(|| desk.store.put_opportunity_changes(rows())).await?;
    for Recorded { state, row } in changes {
        desk.standings.keep_state(&row.symbol, state.clone());
        let (symbol, session_date) = (row.symbol.clone(), state.session_date);
        desk.tell(EngineEvent::Opportunity { symbol, session_date });
    }
    Ok(())
}

/// Opportunities that an earlier run of the program left open stand as their evidence says.
async fn restore(desk: &Desk) -> Result<(), StoreError> {
    let filter = OpportunityFilter { symbol: None, include_ended: false, limit: MAX_OPPORTUNITIES };
    let mut newest: BTreeMap<Symbol, Opportunity> = BTreeMap::new();
    for open in desk.store.opportunities(&filter).await? {
        let symbol = open.now.symbol.clone();
        let is_older = |known: &Opportunity| known.now.session_date >= open.now.session_date;
        if newest.get(&symbol).is_some_and(is_older) {
            expire(desk, &open).await?;
        } else if let Some(older) = newest.insert(symbol, open) {
            expire(desk, &older).await?;
        }
    }
    for (symbol, open) in newest {
        match state_of(&open) {
            Some(state) => desk.standings.keep_state(&symbol, state),
            None => expire(desk, &open).await?,
        }
    }
    Ok(())
}

/// Whether an opportunity of an earlier session is still open.
fn is_of_before(state: &State, day: TapeDay) -> bool {
    !state.status.is_over() && state.session_date < day.date
}

/// Ends what earlier sessions left open. Its evidence stays that of its own session.
async fn expire_before(desk: &Desk, symbol: &Symbol, day: TapeDay) {
    let filter = OpportunityFilter {
        symbol: Some(symbol.clone()),
        include_ended: false,
        limit: MAX_OPPORTUNITIES,
    };
    let expired = while_away(|| async {
        for open in desk.store.opportunities(&filter).await? {
            if open.now.session_date < day.date {
                expire(desk, &open).await?;
            }
        }
        Ok::<(), StoreError>(())
    });
    match expired.await {
        Ok(()) => desk.standings.forget_state(symbol),
        Err(error) => tracing::error!(%symbol, %error, "an opportunity was not ended"),
    }
}

/// The state that a stored row stands for; none where its evidence is of another version.
fn state_of(open: &Opportunity) -> Option<State> {
    let evidence: Evidence = serde_json::from_value(open.now.evidence.clone()).ok()?;
    Some(State::of(open.now.state, &recompute(&evidence), open.first_at, open.now.at))
}

/// Ends what can no longer change.
async fn expire(desk: &Desk, open: &Opportunity) -> Result<(), StoreError> {
    let now = to_microseconds(desk.clock.now());
    let change = OpportunityChange {
        at: now.max(open.now.at + chrono::TimeDelta::microseconds(1)),
        state: Status::Expired,
        reason: None,
        ..open.now.clone()
    };
    desk.store.put_opportunity_change(change).await.map(drop)
}

/// The database keeps microseconds; a change is compared with what it kept.
fn to_microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The settings as the analysis takes them.
pub(super) fn thresholds(desk: &Desk) -> Thresholds {
    let of = &desk.straddles;
    Thresholds {
        activity_increase: of.activity_increase,
        spread: of.spread,
        min_days: of.min_days,
        max_days: of.max_days,
        max_leg_spread: of.max_leg_spread,
        min_open_interest: of.min_open_interest,
    }
}

/// How much off-exchange activity has increased over its baseline, at the last final minute.
pub(super) fn increase(desk: &Desk, symbol: &Symbol, standing: &Standing) -> Option<f64> {
    let (_, so_far) = desk.books.so_far(symbol)?;
    match compare(&so_far, standing)? {
        Comparison::Measured { increase, .. } => Some(increase),
        _ => None,
    }
}

/// Today beside its baseline, at the last final minute.
pub(super) fn compare(so_far: &SoFar, standing: &Standing) -> Option<Comparison> {
    let minute = last_final(so_far.final_before)?;
    Some(standing.baseline.as_ref()?.compare(minute, so_far.final_off_shares))
}

fn mean_at(standing: &Standing, minute: u16) -> Option<Decimal> {
    standing.baseline.as_ref()?.at(minute).map(|point| point.mean)
}

fn sessions(standing: &Standing) -> u32 {
    let count = standing.baseline.as_ref().map_or(0, |curve| curve.session_count());
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What a symbol would be judged by now.
pub(super) fn evidence(desk: &Desk, symbol: &Symbol) -> Option<Evidence> {
    let (day, so_far) = desk.books.so_far(symbol)?;
    let hours = desk.calendar.session(day.date)?;
    let standing = desk.standings.of(symbol);
    let inputs = inputs(desk, symbol, day, &hours, &so_far, &standing)?;
    Some(Evidence::new(&inputs, &thresholds(desk)))
}

/// What is judged; none before the first minute.
fn inputs(
    desk: &Desk,
    symbol: &Symbol,
    day: TapeDay,
    hours: &SessionHours,
    so_far: &SoFar,
    standing: &Standing,
) -> Option<Inputs> {
    // Until the past was looked at nothing can be said of it, not even that it is too short.
    standing.baseline.as_ref()?;
    let minute = last_final(so_far.final_before)?;
    let realized = standing.realized.as_ref();
    let chain = standing.chain.as_ref();
    let historical = HistoricalInput {
        value: None,
        estimator: desk.straddles.estimator,
        sessions: desk.straddles.sessions,
        to: None,
    };
    let implied = ImpliedInput { value: None, source: None, taken_at: None, used: Vec::new() };
    Some(Inputs {
        symbol: symbol.clone(),
        session_date: day.date,
        at: day.at(so_far.final_before),
        ends_at: hours.close_at,
        activity: ActivityInput {
            minute,
            shares: so_far.final_off_shares,
            baseline_mean: mean_at(standing, minute),
            sessions: sessions(standing),
        },
        historical: realized.map_or(historical, |realized| realized.historical),
        implied: chain.map_or(implied, |chain| chain.implied.clone()),
        spot: newest(so_far.price, chain.and_then(|chain| chain.spot)),
        rate: desk.straddles.rate,
        pair: chain.and_then(|chain| chain.pair.clone()),
        closes: realized.map_or_else(Closes::default, |realized| realized.closes.clone()),
    })
}

fn newest(tape: Option<SpotInput>, chain: Option<SpotInput>) -> Option<SpotInput> {
    match (tape, chain) {
        (Some(tape), Some(chain)) if chain.at > tape.at => Some(chain),
        (tape, chain) => tape.or(chain),
    }
}

fn position(
    symbol: &Symbol,
    day: TapeDay,
    so_far: &SoFar,
    standing: &Standing,
) -> Option<StockPosition> {
    let minute = last_final(so_far.final_before)?;
    let ratio = match compare(so_far, standing) {
        Some(Comparison::Measured { ratio, .. }) => Some(ratio).filter(|ratio| ratio.is_finite()),
        _ => None,
    };
    Some(StockPosition {
        symbol: symbol.clone(),
        session_date: day.date,
        as_of: day.at(so_far.final_before),
        off_shares: so_far.final_off_shares,
        off_notional: so_far.now.off_exchange.notional,
        lit_shares: so_far.now.lit.shares,
        baseline_mean: mean_at(standing, minute),
        ratio,
        sessions: sessions(standing),
    })
}
