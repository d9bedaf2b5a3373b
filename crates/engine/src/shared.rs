//! What every task of the engine holds.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use undertow_market::{Symbol, VendorId};
use undertow_store::StoreError;
use undertow_vendor::unusual_whales::UnusualWhales;
use undertow_vendor::unusual_whales::stream::StreamConfig;

use crate::common::{Common, Place};
use crate::feed::Series;
use crate::planner::Planner;
use crate::settings::Collect;
use crate::stream::StreamState;

/// The vendor whose data this engine collects.
pub(crate) const VENDOR: VendorId = VendorId::UnusualWhales;

/// The name under which series of the whole market are kept. It is longer than any ticker.
pub(crate) const MARKET: &str = "MARKET";

/// What every task of the engine holds.
pub(crate) struct Shared {
    pub(crate) common: Arc<Common>,
    pub(crate) vendor: UnusualWhales,
    pub(crate) collect: Collect,
    pub(crate) plan: Planner,
    pub(crate) stream: StreamState,
    pub(crate) stream_config: Option<StreamConfig>,
}

impl Deref for Shared {
    type Target = Common;

    fn deref(&self) -> &Common {
        &self.common
    }
}

impl Shared {
    /// The longest time between two questions: for what the settings pace what they ask for, else
    /// what the plan wants; less often where the plan cannot afford that.
    pub(crate) fn slowest_poll(&self, series: Series) -> TimeDelta {
        let planned = self.plan.needed_pace(series);
        let paced_by_settings =
            matches!(series, Series::Prints | Series::OptionTrades | Series::FlowAlerts);
        if !paced_by_settings {
            return planned;
        }
        let wanted = TimeDelta::seconds(i64::from(self.collect.slowest_poll_s));
        if self.plan.is_as_wanted(series) { wanted } else { planned.max(wanted) }
    }

    /// Whether any of a session's prints were read.
    pub(crate) async fn began(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<bool, StoreError> {
        let place = Place { series: Series::Prints, symbol: symbol.clone(), session_date };
        Ok(self.writer.read_to(&place).await?.is_some())
    }

    /// When a session's prints were last read whole, after it had ended; none = never.
    pub(crate) async fn session_read_at(
        &self,
        symbol: &Symbol,
        session_date: NaiveDate,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(hours) = self.calendar.session(session_date) else { return Ok(None) };
        let place = Place { series: Series::Prints, symbol: symbol.clone(), session_date };
        self.read_between(&place, hours.pre_at, hours.post_end_at).await
    }
}
