//! The vendors' keys: each is tried before it is kept.

use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;
use tokio::time::timeout;
use undertow_market::{Symbol, VendorId};
use undertow_vendor::budget::Budget;
use undertow_vendor::polygon::TradesQuery;
use undertow_vendor::unusual_whales::PrintsQuery;
use undertow_vendor::{Priority, VendorError};

use super::app::code_of;
use super::request;
use crate::app::{App, Choice, tape_client, vendor_client};
use crate::dto::{ConnectVendors, ConnectedView, KeyVerdict, VendorKey};
use crate::error::{ApiError, ErrorCode};

/// Longest key that is accepted. Real ones have under a hundred characters.
const MAX_KEY_BYTES: usize = 512;
/// Longest wait for a vendor: a person sits before it, and the screen gives up a little later.
const TRY_WITHIN: Duration = Duration::from_secs(12);
/// A stock that every plan with stocks has, and that trades each second.
const PROBE: &str = "SPY";
/// So long before now every plan has trades, those that come late as well.
const PROBE_BEFORE: TimeDelta = TimeDelta::days(7);

pub(crate) async fn connect_vendors(
    app: &App,
    request: ConnectVendors,
) -> Result<ConnectedView, ApiError> {
    let vendors = vendors(&request)?;
    if vendors.is_empty() && !app.has_key() {
        return Err(ApiError::invalid("No key is set: enter the key of one vendor at least."));
    }
    let [one, other] = VendorId::ALL.map(|vendor| {
        let at = vendors.iter().position(|named| *named == vendor);
        at.map(|at| (vendor, key(vendor, &request.keys[at])))
    });
    let (one, other) = tokio::join!(tried(app, one), tried(app, other));
    let tried: Vec<Tried> = one.into_iter().chain(other).collect();
    if tried.iter().all(|tried| tried.key.is_ok()) {
        for Tried { vendor, key } in &tried {
            if let Ok(key) = key {
                app.set_key(*vendor, key.clone());
            }
        }
        app.choose(Choice::Live);
    }
    let keys = tried.into_iter().map(Tried::verdict).collect();
    Ok(ConnectedView { app: app.view(), keys })
}

/// The vendors that are named, none of them twice.
fn vendors(request: &ConnectVendors) -> Result<Vec<VendorId>, ApiError> {
    let mut vendors = Vec::new();
    for key in &request.keys {
        let vendor = request::vendor(&key.vendor)?;
        if vendors.contains(&vendor) {
            let title = vendor.title();
            return Err(ApiError::invalid(format!("{title} is named twice: send one key of it.")));
        }
        vendors.push(vendor);
    }
    Ok(vendors)
}

/// A key, and whether it works.
struct Tried {
    vendor: VendorId,
    key: Result<SecretString, ApiError>,
}

impl Tried {
    fn verdict(self) -> KeyVerdict {
        KeyVerdict { vendor: self.vendor.as_str().to_owned(), problem: self.key.err() }
    }
}

/// What was typed as a key, if it can be one.
fn key(vendor: VendorId, typed: &VendorKey) -> Result<SecretString, ApiError> {
    let key = typed.key.trim();
    let is_key = !key.is_empty()
        && key.len() <= MAX_KEY_BYTES
        && key.bytes().all(|byte| byte.is_ascii_graphic());
    match is_key {
        true => Ok(SecretString::from(key.to_owned())),
        false => Err(ApiError::invalid(format!(
            "This is not a key of {}: paste it as it is, without spaces.",
            vendor.title()
        ))),
    }
}

async fn tried(
    app: &App,
    typed: Option<(VendorId, Result<SecretString, ApiError>)>,
) -> Option<Tried> {
    let (vendor, key) = typed?;
    let key = match key {
        Ok(key) => try_key(app, vendor, &key).await.map(|()| key),
        Err(error) => Err(error),
    };
    Some(Tried { vendor, key })
}

async fn try_key(app: &App, vendor: VendorId, key: &SecretString) -> Result<(), ApiError> {
    match timeout(TRY_WITHIN, ask(app, vendor, key)).await {
        Ok(answer) => answer?.map_err(|error| refused(vendor, &error)),
        Err(_) => Err(ApiError::new(
            ErrorCode::VendorUnreachable,
            format!("{} did not answer within {} s.", vendor.title(), TRY_WITHIN.as_secs()),
        )),
    }
}

/// Asks the vendor for one row of what everything else is made of: a plan without it is too small.
async fn ask(
    app: &App,
    vendor: VendorId,
    key: &SecretString,
) -> Result<Result<(), VendorError>, ApiError> {
    let (budget, clock) = (Budget::new(), app.clock());
    let probe = Symbol::new(PROBE).map_err(ApiError::internal)?;
    match vendor {
        VendorId::UnusualWhales => {
            let address = app.options().settings.vendors.unusual_whales.url.clone();
            let calendar = app.calendar().clone();
            let client = vendor_client(address, key.clone(), budget, clock, calendar)?;
            let query = PrintsQuery { limit: 1, ..PrintsQuery::new(probe) };
            Ok(client.darkpool(&query, Priority::Live).await.map(drop))
        }
        VendorId::Polygon => {
            let client = tape_client(&app.tape_source(key.clone()), budget, clock)?;
            let now = clock.now();
            let query =
                TradesQuery { limit: 1, ..TradesQuery::new(probe, now - PROBE_BEFORE, now) };
            Ok(client.trades(&query, Priority::Live, &mut |_| {}).await.map(drop))
        }
    }
}

fn refused(vendor: VendorId, error: &VendorError) -> ApiError {
    let said = format!("{} could not be connected: {error}", vendor.title());
    ApiError::new(code_of(error), said)
}
