//! Asks the vendor for one series of one session, and says what came.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{ContractState, VolatilityDay};
use undertow_vendor::unusual_whales::{ContractsQuery, MAX_CONTRACTS_PER_PAGE};
use undertow_vendor::{Page, Priority, Reject, VendorError};

use crate::common::{CollectError, Place};
use crate::feed::Series;
use crate::shared::{MARKET, Shared};
use crate::writer::Rows;

/// Pages of contracts that are asked for, most traded first: two thousand contracts hold all but
/// a few in ten thousand of a day's trades.
const MAX_CONTRACT_PAGES: u32 = 4;

/// What a question brought.
pub(crate) struct Answered {
    pub(crate) rows: Rows,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) delivered: usize,
    /// Market time of the newest row.
    pub(crate) newest_at: Option<DateTime<Utc>>,
}

/// Asks for everything of `place` from the open to now.
pub(crate) async fn ask(
    shared: &Shared,
    place: &Place,
    stop: &CancellationToken,
) -> Result<Answered, CollectError> {
    shared.may_ask()?;
    tokio::select! {
        answered = question(shared, place) => shared.heard(answered),
        () = stop.cancelled() => Err(CollectError::Stopped),
    }
}

async fn question(shared: &Shared, place: &Place) -> Result<Answered, VendorError> {
    let (vendor, symbol) = (&shared.vendor, &place.symbol);
    let (date, live) = (Some(place.session_date), Priority::Live);
    Ok(match place.series {
        Series::NetPremium => {
            let page = vendor.net_premium_ticks(symbol, date, live).await?;
            let newest = page.rows.iter().map(|tick| tick.at).max();
            answered(page, newest, Rows::NetPremium)
        }
        Series::Tide => {
            let page = match symbol.as_str() == MARKET {
                true => vendor.market_tide(date, live).await?,
                false => vendor.etf_tide(symbol, date, live).await?,
            };
            let newest = page.rows.iter().map(|point| point.at).max();
            answered(page, newest, Rows::Tide)
        }
        Series::FlowStrikes => {
            whole(vendor.flow_per_strike(symbol, date, live).await?, Rows::FlowSnapshots)
        }
        Series::FlowExpiries => {
            whole(vendor.flow_per_expiry(symbol, date, live).await?, Rows::FlowSnapshots)
        }
        Series::TermStructure => {
            whole(vendor.term_structure(symbol, date, live).await?, Rows::TermStructure)
        }
        Series::Volatility => volatility(shared, place).await?,
        Series::Gamma => whole(vendor.gamma_by_strike(symbol, date, live).await?, Rows::Gamma),
        Series::PriceVolumes => {
            whole(vendor.price_volumes(symbol, place.session_date, live).await?, Rows::PriceVolumes)
        }
        Series::Contracts => contracts(shared, place).await?,
        Series::Prints
        | Series::Bars
        | Series::OptionTrades
        | Series::FlowAlerts
        | Series::Tape
        | Series::DayBars
        | Series::Chain
        | Series::CorporateActions => {
            unreachable!("tapes and bars have collectors of their own")
        }
    })
}

/// An answer that is as new as its receipt.
fn whole<T>(page: Page<T>, rows: impl Fn(Arc<[T]>) -> Rows) -> Answered {
    let newest = (!page.rows.is_empty()).then_some(page.received_at);
    answered(page, newest, rows)
}

fn answered<T>(
    page: Page<T>,
    newest_at: Option<DateTime<Utc>>,
    rows: impl Fn(Arc<[T]>) -> Rows,
) -> Answered {
    Answered {
        rows: rows(page.rows.into()),
        rejects: page.rejects,
        delivered: page.delivered,
        newest_at,
    }
}

/// The year's implied and realised volatility, and the newest days with the vendor's rank.
async fn volatility(shared: &Shared, place: &Place) -> Result<Answered, VendorError> {
    let year = shared.vendor.realized_volatility(&place.symbol, Priority::Live).await?;
    let date = Some(place.session_date);
    let newest = shared.vendor.iv_rank(&place.symbol, date, Priority::Live).await?;
    Ok(whole(joined::<VolatilityDay>(year, newest), Rows::Volatility))
}

/// The contracts of a symbol, page by page.
async fn contracts(shared: &Shared, place: &Place) -> Result<Answered, VendorError> {
    let mut all: Option<Page<ContractState>> = None;
    for page in 0..MAX_CONTRACT_PAGES {
        let query = ContractsQuery { page, ..ContractsQuery::new(place.symbol.clone()) };
        let next = shared.vendor.option_contracts(&query, Priority::Live).await?;
        let is_last = next.delivered < usize::from(MAX_CONTRACTS_PER_PAGE);
        all = Some(match all {
            None => next,
            Some(before) => joined(before, next),
        });
        if is_last {
            break;
        }
    }
    let all = all.expect("at least one page was asked for");
    Ok(whole(all, Rows::Contracts))
}

fn joined<T>(mut first: Page<T>, mut second: Page<T>) -> Page<T> {
    first.rows.append(&mut second.rows);
    first.rejects.append(&mut second.rejects);
    first.delivered += second.delivered;
    first.received_at = second.received_at;
    first
}
