//! Reads the prints of a symbol and session, newest first, and has each page stored.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{Print, Symbol};
use undertow_vendor::Priority;
use undertow_vendor::unusual_whales::MAX_PRINTS_PER_PAGE;
use undertow_vendor::unusual_whales::paging::{PrintPager, Step};

use crate::event::EngineEvent;
use crate::feed::Series;
use crate::shared::{CollectError, Place, Shared};
use crate::validate;
use crate::writer::{Books, Gap, Slot};

/// What a walk is to read.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) symbol: Symbol,
    pub(crate) session_date: NaiveDate,
    /// Read back to here; none = the whole session.
    pub(crate) back_to: Option<DateTime<Utc>>,
    pub(crate) priority: Priority,
    /// What is entered in the books when the walk reaches its end.
    pub(crate) at_end: Books,
}

/// What a walk brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Walked {
    /// Rows that were new or had changed.
    pub(crate) written: u64,
    /// Rows that the vendor delivered.
    pub(crate) delivered: usize,
    /// Rows that went to quarantine.
    pub(crate) rejected: usize,
    /// Tape time of the newest print.
    pub(crate) newest_at: Option<DateTime<Utc>>,
    /// Tape time of the oldest print.
    pub(crate) oldest_at: Option<DateTime<Utc>>,
}

/// Walks, page by page. Every page is stored before the next one is asked for, so an interrupted
/// walk loses nothing; only its end moves the books.
pub(crate) async fn walk_prints(
    shared: &Shared,
    walk: &Walk,
    stop: &CancellationToken,
) -> Result<Walked, CollectError> {
    let mut pager =
        PrintPager::new(walk.symbol.clone(), walk.session_date, walk.back_to, MAX_PRINTS_PER_PAGE);
    let mut walked = Walked::default();
    loop {
        let query = pager.next();
        let mut page = tokio::select! {
            page = shared.vendor.darkpool(&query, walk.priority) => page?,
            () = stop.cancelled() => return Err(CollectError::Stopped),
        };
        let delivered = page.delivered;
        let step = pager.on_page(&mut page);
        let problem = |print: &Print| validate::print_problem(print, &shared.calendar);
        let (prints, mut rejects) = validate::sift(page.rows, &walk.symbol, problem);
        rejects.append(&mut page.rejects);
        walked.take_in(&prints, delivered, rejects.len());
        let books = books(walk, step, walked);
        let ended = matches!(step, Step::Done | Step::Capped { .. });
        let times = prints.iter().map(|print| print.reported_at).collect::<Vec<_>>();
        let written = shared.writer.prints(walk.place(), prints, rejects, books).await?;
        walked.written += written;
        shared.touched(&walk.symbol, times.iter().copied(), written, EngineEvent::Prints);
        if ended {
            return Ok(walked);
        }
    }
}

impl Walk {
    fn place(&self) -> Place {
        Place {
            series: Series::Prints,
            symbol: self.symbol.clone(),
            session_date: self.session_date,
        }
    }
}

impl Walked {
    fn take_in(&mut self, prints: &[Print], delivered: usize, rejected: usize) {
        self.delivered += delivered;
        self.rejected += rejected;
        let times = || prints.iter().map(|print| print.reported_at);
        self.newest_at = self.newest_at.max(times().max());
        self.oldest_at = times().min().into_iter().chain(self.oldest_at).min();
    }
}

/// What a page enters in the books: gaps as they are met, the rest at the end.
fn books(walk: &Walk, step: Step, walked: Walked) -> Books {
    match step {
        Step::More => Books::default(),
        Step::Done => {
            let slot = walk.at_end.slot.clone();
            let (delivered, rejected) = (walked.delivered, walked.rejected);
            let slot = slot.map(|slot| Slot { delivered, rejected, ..slot });
            Books { slot, ..walk.at_end.clone() }
        }
        Step::OverfullSecond { second, delivered } => Books {
            gap: Some(Gap {
                from: second,
                to: second + TimeDelta::seconds(1),
                reason: format!(
                    "one second held more prints than the vendor gives ({delivered} read)"
                ),
                may_be_filled: false,
            }),
            ..Books::default()
        },
        Step::Capped { reached } => {
            let end = reached.or(walked.oldest_at);
            // Of what is only read again, nothing is missing.
            let from = walk.at_end.slot.as_ref().map(|slot| slot.from);
            let gap = from.zip(end).filter(|(from, to)| from < to).map(|(from, to)| Gap {
                from,
                to,
                reason: "the vendor's pages ended before the stretch was read".to_owned(),
                may_be_filled: true,
            });
            Books { gap, ..Books::default() }
        }
    }
}
