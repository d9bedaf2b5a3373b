//! Works out the numbers of a session that are kept: volatility, where it stands, its spread.

use chrono::{DateTime, Utc};
use undertow_analysis::volatility::{
    Estimator, Ohlc, Standing, TermIv, YEAR_SESSIONS, historical, slope, spread,
};
use undertow_market::{BarInterval, SessionHours, Symbol};
use undertow_store::StoreError;
use undertow_store::metrics::Metric;

use crate::shared::Shared;

/// Sessions of the historical volatility that is kept.
const SESSIONS: usize = 30;

/// Works out the metrics of a session and stores them under its close. Each later call replaces
/// what an earlier one of the same session stored.
pub(crate) async fn keep(
    shared: &Shared,
    symbol: &Symbol,
    hours: &SessionHours,
) -> Result<(), StoreError> {
    let days = u32::try_from(YEAR_SESSIONS + 1).unwrap_or(u32::MAX);
    let days = shared.store.volatility_days(symbol, hours.date, days).await?;
    let implied: Vec<f64> = days.iter().filter_map(|day| day.implied).collect();
    let bars = u32::try_from(SESSIONS + 1).unwrap_or(u32::MAX);
    let to = hours.post_end_at;
    let bars = shared.store.bars(symbol, BarInterval::Day1, DateTime::UNIX_EPOCH, to, bars).await?;
    let days: Vec<Ohlc> = bars.iter().map(Ohlc::from).collect();
    let term = shared.store.term_points(symbol, hours.date).await?;
    let term: Vec<TermIv> = term.iter().map(term_iv).collect();
    let rows = metrics(symbol, hours.close_at, &implied, &days, &term);
    shared.store.put_metrics(&rows).await
}

#[expect(clippy::cast_precision_loss, reason = "days to an expiry are a few thousand at most")]
fn term_iv(point: &undertow_market::TermPoint) -> TermIv {
    let days = (point.expiry - point.session_date).num_days() as f64;
    TermIv { days, implied: point.implied }
}

/// What can be said; a number that cannot be worked out is left out.
fn metrics(
    symbol: &Symbol,
    at: DateTime<Utc>,
    implied: &[f64],
    days: &[Ohlc],
    term: &[TermIv],
) -> Vec<Metric> {
    let now = implied.last().copied();
    let standing = implied.split_last().map(|(now, past)| Standing::of(past, *now));
    let realized = historical(days, Estimator::YangZhang, SESSIONS);
    let sessions = standing.map(|standing| format!("over {} sessions", standing.sessions));
    let row = |name: &str, value: Option<f64>, note: Option<&str>| {
        value.map(|value| Metric {
            symbol: symbol.clone(),
            metric: name.into(),
            at,
            value,
            note: note.map(Into::into),
        })
    };
    let rank = standing.and_then(|standing| standing.rank);
    let percentile = standing.and_then(|standing| standing.percentile);
    let difference = realized.zip(now).map(|(realized, now)| spread(realized, now));
    [
        row("iv_30d", now, None),
        row("iv_rank", rank, sessions.as_deref()),
        row("iv_percentile", percentile, sessions.as_deref()),
        row("hv_yang_zhang_30", realized, None),
        row("hv_less_iv", difference, None),
        row("iv_term_slope", slope(term), None),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_worked_out_is_left_out() {
        let symbol: Symbol = "SPY".parse().unwrap();
        let names = |implied: &[f64], days: &[Ohlc]| -> Vec<String> {
            let rows = metrics(&symbol, Utc::now(), implied, days, &[]);
            rows.iter().map(|row| row.metric.to_string()).collect()
        };
        assert!(names(&[], &[]).is_empty());
        assert_eq!(names(&[0.2], &[]), ["iv_30d"]);
        assert_eq!(names(&[0.1, 0.3, 0.2], &[]), ["iv_30d", "iv_rank", "iv_percentile"]);
        let day = |nth: u8| {
            let open = 100.0 + f64::from(nth % 3);
            Ohlc { open, high: open + 2.0, low: open - 2.0, close: open + 1.0 }
        };
        let days: Vec<Ohlc> = (0..31).map(day).collect();
        assert_eq!(
            names(&[0.1, 0.3, 0.2], &days),
            ["iv_30d", "iv_rank", "iv_percentile", "hv_yang_zhang_30", "hv_less_iv"]
        );
    }
}
