//! Names of the figures that are kept of each session in `market_metrics`, and the figures.
//!
//! They are apart from those of the options vendor: two vendors never write the same one.

use chrono::{DateTime, Utc};
use undertow_analysis::volatility::{self, Estimator};
use undertow_market::Symbol;
use undertow_store::metrics::Metric;

/// Implied volatility at the money of thirty days.
pub const IMPLIED: &str = "atm_iv_30d";
/// That of ninety days less that of thirty.
pub const TERM_SLOPE: &str = "atm_iv_term_slope";
/// Historical less implied volatility.
pub const SPREAD: &str = "atm_hv_less_iv";
/// The logarithm of historical over implied volatility.
pub const LOG_RATIO: &str = "atm_hv_iv_log_ratio";

/// Historical volatility of adjusted prices, by an estimator and over some sessions.
#[must_use]
pub fn historical(estimator: Estimator, sessions: u32) -> String {
    format!("hv_adj_{}_{sessions}", estimator.as_str())
}

/// What a chain and past days say of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct OfChain {
    pub(super) implied: Option<f64>,
    pub(super) slope: Option<f64>,
    pub(super) historical: Option<f64>,
}

/// Rows of what can be said.
pub(super) fn of_chain(symbol: &Symbol, at: DateTime<Utc>, figures: OfChain) -> Vec<Metric> {
    let both = figures.historical.zip(figures.implied);
    let spread = both.map(|(historical, implied)| volatility::spread(historical, implied));
    let ratio = both.and_then(|(historical, implied)| volatility::ln_ratio(historical, implied));
    [(IMPLIED, figures.implied), (TERM_SLOPE, figures.slope), (SPREAD, spread), (LOG_RATIO, ratio)]
        .into_iter()
        .filter_map(|(name, value)| row(symbol, name.into(), at, value, None))
        .collect()
}

/// One row; none where there is no figure.
pub(super) fn row(
    symbol: &Symbol,
    metric: Box<str>,
    at: DateTime<Utc>,
    value: Option<f64>,
    note: Option<&str>,
) -> Option<Metric> {
    let value = value.filter(|value| value.is_finite())?;
    Some(Metric { symbol: symbol.clone(), metric, at, value, note: note.map(Into::into) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_what_is_unknown_is_left_out() {
        for estimator in Estimator::ALL {
            let name = historical(estimator, 252);
            assert!(name.len() <= 40 && name.starts_with("hv_adj_"), "{name}");
        }
        let symbol: Symbol = "SPY".parse().unwrap();
        let names = |figures| -> Vec<String> {
            let rows = of_chain(&symbol, Utc::now(), figures);
            rows.into_iter().map(|row| row.metric.to_string()).collect()
        };
        assert!(names(OfChain::default()).is_empty());
        let implied = OfChain { implied: Some(0.2), ..OfChain::default() };
        assert_eq!(names(implied), [IMPLIED]);
        let both = OfChain { historical: Some(0.3), ..implied };
        assert_eq!(names(both), [IMPLIED, SPREAD, LOG_RATIO]);
    }
}
