//! Options flow of a session: the tape, groups, sentiment, lines, heat and strikes.

mod contract;
mod day;
mod running;
mod tape;

pub(super) use contract::years_to;
pub(crate) use contract::{get_contract, get_contract_trades};
pub(crate) use day::{get_flow_heat, get_flow_lines, get_flow_strikes, get_flow_summary};
pub(crate) use running::{get_net_premium, get_tide};
pub(crate) use tape::{get_flow_groups, get_flow_trades};

use chrono::{DateTime, NaiveDate, Utc};
use undertow_analysis::flow::PutSign;
use undertow_engine::settings::PutSigns;
use undertow_market::{BarInterval, OptionContract, OptionKind, Symbol, TradeFlags};

use super::request;
use crate::app::{App, OpenMarket};
use crate::convert::{count, float};
use crate::dto::{ContractView, FlagLabel};
use crate::error::ApiError;

/// The session that a request names, or the one whose options trade now or traded last.
fn session_date(app: &App, market: &OpenMarket, text: Option<&str>) -> Result<NaiveDate, ApiError> {
    if let Some(text) = text {
        return request::date("session_date", text);
    }
    let (calendar, now) = (app.calendar(), market.clock.now());
    let latest = calendar.latest_session(now);
    let begun =
        |date: &NaiveDate| calendar.session(*date).is_some_and(|hours| hours.open_at <= now);
    latest
        .filter(begun)
        .or_else(|| latest.and_then(|date| calendar.previous_session(date)))
        .ok_or_else(|| ApiError::internal("the calendar has no session"))
}

fn put_sign(app: &App, symbol: &Symbol) -> PutSign {
    let flow = &app.options().settings.flow;
    match flow.put_sign {
        PutSigns::Contrarian if flow.contrarian_symbols.contains(symbol) => PutSign::Contrarian,
        _ => PutSign::Plain,
    }
}

fn floor(app: &App) -> f64 {
    f64::from(app.options().settings.collect.min_premium)
}

/// The underlying's price at the end of a session, or now; none when unknown.
async fn spot(
    market: &OpenMarket,
    symbol: &Symbol,
    to: DateTime<Utc>,
) -> Result<Option<undertow_market::Price>, ApiError> {
    let bars = market.store.bars(symbol, BarInterval::Minute1, DateTime::UNIX_EPOCH, to, 1).await;
    Ok(request::stored(bars)?.first().map(|bar| bar.close))
}

/// The end of a session's trading in options, or now while it is on.
fn until(app: &App, market: &OpenMarket, date: NaiveDate) -> DateTime<Utc> {
    let now = market.clock.now();
    app.calendar().session(date).map_or(now, |hours| hours.close_at.min(now))
}

fn kind(text: &str) -> Result<OptionKind, ApiError> {
    text.parse().map_err(|_| ApiError::invalid(format!("kind = \"{text}\": use call or put")))
}

fn contract_view(contract: &OptionContract, session_date: NaiveDate) -> ContractView {
    ContractView {
        name: contract.to_string(),
        expiry: contract.expiry.to_string(),
        kind: contract.kind.as_str().to_owned(),
        strike: float(contract.strike.get()),
        days: count(contract.days_to_expiry(session_date)),
    }
}

fn flag_labels() -> Vec<FlagLabel> {
    let label = |(flag, code, label): (TradeFlags, &str, &str)| FlagLabel {
        bit: u32::from(flag.bits()),
        code: code.to_owned(),
        label: label.to_owned(),
    };
    TradeFlags::LABELS.map(label).to_vec()
}

/// Each contract once, and the place of each row's contract among them.
#[derive(Default)]
struct Contracts<'r> {
    places: std::collections::HashMap<&'r OptionContract, usize>,
    all: Vec<&'r OptionContract>,
}

impl<'r> Contracts<'r> {
    fn place(&mut self, contract: &'r OptionContract) -> f64 {
        let place = *self.places.entry(contract).or_insert_with(|| {
            self.all.push(contract);
            self.all.len() - 1
        });
        count(place as u64)
    }

    fn views(&self, session_date: NaiveDate) -> Vec<ContractView> {
        self.all.iter().map(|contract| contract_view(contract, session_date)).collect()
    }
}
