//! Past sessions of the first vendor: when they count as read, and reading one whole.

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;
use undertow_market::{Print, SessionHours, Symbol};
use undertow_store::StoreError;
use undertow_vendor::Priority;
use undertow_vendor::unusual_whales::MAX_BARS_PER_PAGE;

use crate::backfill::{History, SessionWork};
use crate::bars;
use crate::common::{CollectError, Common};
use crate::feed::Series;
use crate::poll;
use crate::schedule::SETTLE;
use crate::shared::{MARKET, Shared};
use crate::walk::{Walk, walk};
use crate::writer::{Books, Slot};

impl History for Shared {
    const PARALLEL: usize = 4;

    fn common(&self) -> &Common {
        &self.common
    }

    /// A session that runs is read up to now.
    fn can_read(&self, hours: &SessionHours) -> bool {
        hours.pre_at <= self.clock.now()
    }

    async fn has_read(&self, work: &SessionWork) -> Result<bool, StoreError> {
        Ok(self.session_read_at(&work.symbol, work.session_date).await?.is_some())
    }

    async fn read(
        &self,
        work: &SessionWork,
        stop: &CancellationToken,
    ) -> Result<u64, CollectError> {
        read_session(self, work, stop).await
    }
}

/// Reads one session whole, bars first because they are seen first, and enters it in the books.
pub(crate) async fn read_session(
    shared: &Shared,
    work: &SessionWork,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let (symbol, date) = (&work.symbol, work.session_date);
    let bars = bars::minute_bars(shared, symbol, date, MAX_BARS_PER_PAGE, Priority::Backfill, stop)
        .await?;
    let hours = shared.calendar.session(date);
    let now = shared.clock.now();
    let ended = hours.is_some_and(|hours| now >= hours.post_end_at + SETTLE);
    let slot =
        hours.map(|hours| Slot::between(hours.pre_at, if ended { hours.post_end_at } else { now }));
    let read_to = slot.as_ref().map(|slot| slot.to);
    let prints = Walk {
        symbol: symbol.clone(),
        session_date: date,
        back_to: None,
        priority: Priority::Backfill,
        at_end: Books { slot, read_to, ..Books::default() },
    };
    let prints = walk::<Print>(shared, &prints, stop).await?;
    let flow = past_flow(shared, symbol, date, stop).await?;
    Ok(bars.written + prints.written + flow)
}

/// The past of the options market that can still be had: net premium, and the market's tide.
/// Where the plan does not include it, prints and bars are history enough.
async fn past_flow(
    shared: &Shared,
    symbol: &Symbol,
    date: NaiveDate,
    stop: &CancellationToken,
) -> Result<u64, CollectError> {
    let market = Symbol::new(MARKET).expect("the market's name has a ticker's form");
    let mut written = 0;
    for (of, series) in [(symbol, Series::NetPremium), (&market, Series::Tide)] {
        match poll::read_past(shared, of, series, date, stop).await {
            Ok(rows) => written += rows,
            Err(error) if error.is_refused_by_plan() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
