//! The off-exchange activity of one session against its baseline.

use undertow_analysis::activity::{
    BASELINE_SESSIONS, Comparison, MIN_SESSIONS, SessionActivity, activity,
};
use undertow_market::calendar::minute_of_day;

use super::request;
use crate::app::App;
use crate::columns::Columns;
use crate::convert::float;
use crate::dto::{ActivityMeta, GetActivity};
use crate::error::ApiError;

pub(crate) async fn get_activity(app: &App, request: GetActivity) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let calendar = app.calendar();
    let now = market.clock.now();
    let date = match &request.session_date {
        Some(text) => request::date("session_date", text)?,
        None => calendar
            .latest_session(now)
            .ok_or_else(|| ApiError::invalid("the calendar has no session before now"))?,
    };
    let hours = calendar
        .session(date)
        .ok_or_else(|| ApiError::invalid(format!("{date} was no trading day")))?;
    let first = calendar.sessions_ending(date, BASELINE_SESSIONS + 1).first().copied();
    let stored = market.store.activity(&symbol, first.unwrap_or(date), date).await;
    let (today, history): (Vec<_>, Vec<_>) =
        request::stored(stored)?.into_iter().partition(|session| session.session_date == date);
    let none = SessionActivity { session_date: date, minutes: Vec::new() };
    let today = today.into_iter().next().unwrap_or(none);
    let last = minute_of_day(hours.post_end_at).saturating_sub(1);
    let minutes = minute_of_day(hours.pre_at)..=last;
    let known_to =
        if now >= hours.post_end_at { last } else { minute_of_day(now).saturating_sub(1) };
    let curve = activity(&today, &history, minutes, known_to);
    let (sessions, multiple) = match curve.comparison {
        Comparison::InsufficientHistory { session_count }
        | Comparison::NothingBefore { session_count } => (session_count, None),
        Comparison::Measured { session_count, ratio, .. } => (session_count, Some(ratio)),
    };
    let meta = ActivityMeta {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        baseline_sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        needed_sessions: u32::try_from(MIN_SESSIONS).unwrap_or(u32::MAX),
        multiple,
    };
    let points = curve.points;
    let baseline = |pick: fn(&undertow_analysis::activity::Baseline) -> rust_decimal::Decimal| {
        points
            .iter()
            .map(|point| point.baseline.as_ref().map_or(f64::NAN, |base| float(pick(base))))
            .collect::<Vec<_>>()
    };
    Ok(Columns::new(points.len(), &meta)?
        .with("minute", points.iter().map(|point| f64::from(point.minute)))
        .with("today", points.iter().map(|point| point.shares.map_or(f64::NAN, float)))
        .with("mean", baseline(|base| base.mean))
        .with("low", baseline(|base| base.low))
        .with("high", baseline(|base| base.high)))
}
