//! Reads a tape of a symbol and session, newest first, and has each page stored.

use std::fmt::Debug;
use std::future::Future;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use undertow_market::{Calendar, FlowAlert, OptionTrade, Print, Symbol};
use undertow_vendor::unusual_whales::paging::{FlowPager, PrintPager, Step};
use undertow_vendor::unusual_whales::{
    FlowQuery, MAX_ALERTS_PER_PAGE, MAX_PRINTS_PER_PAGE, MAX_TRADES_PER_PAGE,
};
use undertow_vendor::{Page, Priority, VendorError};

use crate::common::{CollectError, Place};
use crate::event::{EngineEvent, Touched};
use crate::feed::Series;
use crate::schedule::Window;
use crate::shared::Shared;
use crate::validate;
use crate::writer::{Books, Gap, Rows, Slot};

/// What is to be read.
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
    /// Tape time of the newest row.
    pub(crate) newest_at: Option<DateTime<Utc>>,
    /// Tape time of the oldest row.
    pub(crate) oldest_at: Option<DateTime<Utc>>,
}

/// Rows that a vendor gives newest first, page by page.
pub(crate) trait Tape: Debug + Send + Sync + Sized + 'static {
    /// How it is called in the books.
    const SERIES: Series;
    /// When in the day it has rows.
    const WINDOW: Window;
    /// Whether a session that ended is read by the collector. What the vendor serves for long is
    /// left to rereads and backfills.
    const CATCHES_UP: bool;
    /// Whether rows are also stored from the vendor's stream.
    const STREAMED: bool;
    /// Most rows of a page.
    const PER_PAGE: u16;
    /// Where a walk stands.
    type Pager: Send;

    /// A pager at the newest row.
    fn pager(shared: &Shared, walk: &Walk) -> Self::Pager;
    /// Asks for the pager's next page.
    fn page(
        shared: &Shared,
        pager: &mut Self::Pager,
        priority: Priority,
    ) -> impl Future<Output = Result<Page<Self>, VendorError>> + Send;
    /// Moves the pager past a page, and takes out what the page repeats.
    fn step(pager: &mut Self::Pager, page: &mut Page<Self>) -> Step;
    /// When it reached the tape.
    fn at(&self) -> DateTime<Utc>;
    /// Why it cannot have happened; none = it can.
    fn problem(&self, calendar: &Calendar) -> Option<String>;
    /// Rows for the writer.
    fn rows(rows: Vec<Self>) -> Rows;
    /// What listeners are told of a write.
    fn event(touched: Touched) -> EngineEvent;
}

/// Walks, page by page. Every page is stored before the next one is asked for, so an interrupted
/// walk loses nothing; only its end moves the books.
pub(crate) async fn walk<T: Tape>(
    shared: &Shared,
    walk: &Walk,
    stop: &CancellationToken,
) -> Result<Walked, CollectError> {
    let mut pager = T::pager(shared, walk);
    let mut walked = Walked::default();
    let series = T::SERIES.as_str().replace('_', " ");
    let place =
        Place { series: T::SERIES, symbol: walk.symbol.clone(), session_date: walk.session_date };
    loop {
        shared.may_ask()?;
        let mut page = tokio::select! {
            page = T::page(shared, &mut pager, walk.priority) => shared.heard(page)?,
            () = stop.cancelled() => return Err(CollectError::Stopped),
        };
        shared.plan.count(T::SERIES);
        let delivered = page.delivered;
        let step = T::step(&mut pager, &mut page);
        let problem = |row: &T| row.problem(&shared.calendar);
        let (rows, mut rejects) = validate::sift(page.rows, &walk.symbol, problem);
        rejects.append(&mut page.rejects);
        let times = rows.iter().map(T::at).collect::<Vec<_>>();
        walked.take_in(&times, delivered, rejects.len());
        let books = books(walk, &series, step, walked);
        let ended = matches!(step, Step::Done | Step::Capped { .. });
        let written = shared.writer.rows(&place, T::rows(rows), rejects, books).await?;
        walked.written += written;
        shared.touched(&walk.symbol, times.iter().copied(), written, T::event);
        if ended {
            return Ok(walked);
        }
    }
}

impl Walked {
    fn take_in(&mut self, times: &[DateTime<Utc>], delivered: usize, rejected: usize) {
        self.delivered += delivered;
        self.rejected += rejected;
        let times = || times.iter().copied();
        self.newest_at = self.newest_at.max(times().max());
        self.oldest_at = times().min().into_iter().chain(self.oldest_at).min();
    }
}

/// What a page enters in the books: gaps as they are met, the rest at the end.
fn books(walk: &Walk, series: &str, step: Step, walked: Walked) -> Books {
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
                    "one second held more {series} than the vendor gives ({delivered} read)"
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

impl Tape for Print {
    const SERIES: Series = Series::Prints;
    const WINDOW: Window = Window::AllHours;
    const CATCHES_UP: bool = false;
    const STREAMED: bool = false;
    const PER_PAGE: u16 = MAX_PRINTS_PER_PAGE;
    type Pager = PrintPager;

    fn pager(_: &Shared, walk: &Walk) -> PrintPager {
        PrintPager::new(walk.symbol.clone(), walk.session_date, walk.back_to, Self::PER_PAGE)
    }

    async fn page(
        shared: &Shared,
        pager: &mut PrintPager,
        priority: Priority,
    ) -> Result<Page<Self>, VendorError> {
        shared.vendor.darkpool(&pager.next(), priority).await
    }

    fn step(pager: &mut PrintPager, page: &mut Page<Self>) -> Step {
        pager.on_page(page)
    }

    fn at(&self) -> DateTime<Utc> {
        self.reported_at
    }

    fn problem(&self, calendar: &Calendar) -> Option<String> {
        validate::print_problem(self, calendar)
    }

    fn rows(rows: Vec<Self>) -> Rows {
        Rows::Prints(rows.into())
    }

    fn event(touched: Touched) -> EngineEvent {
        EngineEvent::Prints(touched)
    }
}

/// Asks for flow of the walk's symbol from the premium floor on, filtered by the vendor.
fn from_the_floor(shared: &Shared, query: FlowQuery) -> FlowQuery {
    let floor = shared.collect.min_premium;
    FlowQuery { min_premium: (floor > 0).then_some(u64::from(floor)), ..query }
}

impl Tape for OptionTrade {
    const SERIES: Series = Series::OptionTrades;
    const WINDOW: Window = Window::Options;
    const CATCHES_UP: bool = true;
    const STREAMED: bool = true;
    const PER_PAGE: u16 = MAX_TRADES_PER_PAGE;
    type Pager = FlowPager<Self>;

    fn pager(shared: &Shared, walk: &Walk) -> FlowPager<Self> {
        let query = from_the_floor(shared, FlowQuery::trades(vec![walk.symbol.clone()]));
        FlowPager::new(query, walk.back_to)
    }

    async fn page(
        shared: &Shared,
        pager: &mut FlowPager<Self>,
        priority: Priority,
    ) -> Result<Page<Self>, VendorError> {
        shared.vendor.option_trades(&pager.next(), priority).await
    }

    fn step(pager: &mut FlowPager<Self>, page: &mut Page<Self>) -> Step {
        pager.on_page(page)
    }

    fn at(&self) -> DateTime<Utc> {
        self.executed_at
    }

    fn problem(&self, calendar: &Calendar) -> Option<String> {
        validate::trade_problem(self, calendar)
    }

    fn rows(rows: Vec<Self>) -> Rows {
        Rows::OptionTrades(rows.into())
    }

    fn event(touched: Touched) -> EngineEvent {
        EngineEvent::Flow(touched)
    }
}

impl Tape for FlowAlert {
    const SERIES: Series = Series::FlowAlerts;
    const WINDOW: Window = Window::Options;
    const CATCHES_UP: bool = true;
    const STREAMED: bool = false;
    const PER_PAGE: u16 = MAX_ALERTS_PER_PAGE;
    type Pager = FlowPager<Self>;

    fn pager(shared: &Shared, walk: &Walk) -> FlowPager<Self> {
        let query = from_the_floor(shared, FlowQuery::alerts(vec![walk.symbol.clone()]));
        FlowPager::new(query, walk.back_to)
    }

    async fn page(
        shared: &Shared,
        pager: &mut FlowPager<Self>,
        priority: Priority,
    ) -> Result<Page<Self>, VendorError> {
        shared.vendor.flow_alerts(&pager.next(), priority).await
    }

    fn step(pager: &mut FlowPager<Self>, page: &mut Page<Self>) -> Step {
        pager.on_page(page)
    }

    fn at(&self) -> DateTime<Utc> {
        self.created_at
    }

    fn problem(&self, calendar: &Calendar) -> Option<String> {
        validate::alert_problem(self, calendar)
    }

    fn rows(rows: Vec<Self>) -> Rows {
        Rows::FlowAlerts(rows.into())
    }

    fn event(touched: Touched) -> EngineEvent {
        EngineEvent::Flow(touched)
    }
}
