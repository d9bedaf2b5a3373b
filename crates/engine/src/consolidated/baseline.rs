//! Makes the curve that each symbol's day is compared with: once a session, and again when more of
//! the past is known.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use tokio_util::sync::CancellationToken;
use undertow_analysis::activity::{BASELINE_SESSIONS, Baseline, BaselineCurve, SessionActivity};
use undertow_market::Symbol;
use undertow_store::StoreError;
use undertow_store::baselines::BaselineRow;

use super::desk::Desk;
use crate::tasks::pause;

/// How often it is looked for curves that are old.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Sessions that closed early are left out, so a few more are asked for: a year has three.
const SPARE_SESSIONS: usize = 6;
/// From the beginning of the pre-market to the end of the post-market.
const MINUTES: std::ops::RangeInclusive<u16> = 240..=1_199;

/// Makes curves until the engine stops.
pub(super) async fn run(desk: Arc<Desk>, stop: CancellationToken) {
    loop {
        let date = desk.standings.session_date();
        for symbol in desk.watched() {
            let Some(date) = date.filter(|_| desk.standings.wants_baseline(&symbol)) else {
                continue;
            };
            if let Err(error) = make(&desk, &symbol, date).await {
                tracing::warn!(%symbol, %error, "a baseline was not made; it is tried again");
                desk.standings.has_new_past(&symbol, NaiveDate::MIN);
                break;
            }
            if stop.is_cancelled() {
                return;
            }
        }
        if pause(LOOK_EVERY, &stop).await {
            return;
        }
    }
}

async fn make(desk: &Desk, symbol: &Symbol, date: NaiveDate) -> Result<(), StoreError> {
    let asked = BASELINE_SESSIONS + SPARE_SESSIONS;
    let mut history = desk.store.tape_activity(symbol, date, asked).await?;
    history.retain(|session| is_comparable(desk, session));
    let curve = BaselineCurve::before(date, &history, MINUTES);
    let column = |figure: fn(&Baseline) -> Decimal| -> Vec<f64> {
        curve.points().iter().map(|point| figure(point).to_f64().unwrap_or(0.0)).collect()
    };
    let row = BaselineRow {
        symbol: symbol.clone(),
        session_date: date,
        computed_at: desk.clock.now(),
        sessions: u32::try_from(curve.session_count()).unwrap_or(u32::MAX),
        first_minute: curve.first_minute(),
        mean: column(|point| point.mean),
        low: column(|point| point.low),
        high: column(|point| point.high),
    };
    desk.store.put_baseline(&row).await?;
    desk.standings.change(symbol, |standing| standing.baseline = Some(Arc::new(curve)));
    desk.assess_soon.notify_one();
    Ok(())
}

/// A day that closed early has a shorter curve than others.
fn is_comparable(desk: &Desk, session: &SessionActivity) -> bool {
    desk.calendar.session(session.session_date).is_some_and(|hours| !hours.early_close)
}
