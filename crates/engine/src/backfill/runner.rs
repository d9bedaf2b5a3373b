//! Runs backfills, one job at a time and several symbol-sessions of it at once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use undertow_market::{Print, Symbol, minute_of_day};
use undertow_store::{StoreError, while_away};
use undertow_vendor::error::RateScope;
use undertow_vendor::unusual_whales::MAX_BARS_PER_PAGE;
use undertow_vendor::{EntitlementReason, Priority, VendorError};

use undertow_store::backfill::{BackfillState, BackfillUpdate, NewBackfill};
use undertow_store::log::LogLevel;

use super::job::Job;
use crate::bars;
use crate::common::CollectError;
use crate::event::EngineEvent;
use crate::feed::Series;
use crate::journal;
use crate::poll;
use crate::schedule::SETTLE;
use crate::shared::{MARKET, Shared};
use crate::walk::{Walk, walk};
use crate::writer::{Books, Slot};

/// Symbol-sessions of a job that are read at once. The request budget sets the real pace.
const PARALLEL: usize = 4;
/// Jobs that may wait.
pub(crate) const MAX_WAITING: usize = 100;
/// When a spent day is looked at again, if the vendor does not say when it ends.
const BUDGET_AGAIN_AFTER: TimeDelta = TimeDelta::minutes(15);
/// How often progress is entered in the database, at most.
const SAVE_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// The queue of jobs and the one that runs.
#[derive(Default)]
pub(crate) struct Runner {
    queue: Mutex<VecDeque<Job>>,
    running: Mutex<Option<(Job, CancellationToken)>>,
    wake: Notify,
}

/// One symbol and session of a job.
#[derive(Debug, Clone)]
pub(crate) struct SessionWork {
    pub(crate) symbol: Symbol,
    pub(crate) session_date: NaiveDate,
}

enum Outcome {
    Rows(u64),
    BeforeHistory {
        from: Option<NaiveDate>,
    },
    Failed(String),
    /// The day's requests are used up: it is asked for again then.
    Later(DateTime<Utc>),
    Stopped,
}

/// What the vendor said of one session that holds for others too.
#[derive(Default)]
struct Told {
    /// The first date of the plan's history.
    history_from: Option<NaiveDate>,
    /// The key was refused.
    refusal: Option<String>,
    /// The day's requests are used up until then.
    day_spent_until: Option<DateTime<Utc>>,
}

impl Told {
    /// What would come of asking for a session, where that is known.
    fn foresees(&self, session_date: NaiveDate) -> Option<Outcome> {
        if let Some(text) = &self.refusal {
            return Some(Outcome::Failed(text.clone()));
        }
        if let Some(until) = self.day_spent_until {
            return Some(Outcome::Later(until));
        }
        let before = self.history_from.is_some_and(|from| session_date < from);
        before.then_some(Outcome::BeforeHistory { from: self.history_from })
    }
}

impl Runner {
    /// Puts a job in the queue.
    pub(crate) fn enqueue(&self, job: Job) {
        self.lock_queue().push_back(job);
        self.wake.notify_one();
    }

    /// Jobs that wait or run.
    pub(crate) fn active(&self) -> Vec<Job> {
        let running = self.lock_running().as_ref().map(|(job, _)| job.clone());
        running.into_iter().chain(self.lock_queue().iter().cloned()).collect()
    }

    /// Takes a job out of the queue, or tells the running one to stop.
    pub(crate) fn stop(&self, id: i64) -> Option<Job> {
        if let Some((job, stop)) = self.lock_running().as_ref().filter(|(job, _)| job.id == id) {
            stop.cancel();
            return Some(Job { state: BackfillState::Stopped, ..job.clone() });
        }
        let mut queue = self.lock_queue();
        let place = queue.iter().position(|job| job.id == id)?;
        queue.remove(place).map(|job| Job { state: BackfillState::Stopped, ..job })
    }

    /// Runs jobs until the engine stops. A job that is interrupted so stays `running` in the
    /// database and goes on at the next start.
    pub(crate) async fn run(&self, shared: &Shared, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Some(job) = self.take_ready(shared.clock.now()) {
                self.run_job(shared, job, &stop).await;
                continue;
            }
            let resumes_at = self.lock_queue().iter().filter_map(|job| job.resumes_at).min();
            tokio::select! {
                () = self.wake.notified() => {}
                () = shared.clock.sleep_until(resumes_at.unwrap_or(DateTime::<Utc>::MAX_UTC)) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// The first job in the queue that need not wait.
    fn take_ready(&self, now: DateTime<Utc>) -> Option<Job> {
        let mut queue = self.lock_queue();
        let ready = |job: &Job| job.resumes_at.is_none_or(|at| at <= now);
        let place = queue.iter().position(ready)?;
        queue.remove(place)
    }

    async fn run_job(&self, shared: &Shared, mut job: Job, stop: &CancellationToken) {
        let own_stop = stop.child_token();
        let began = Instant::now();
        let books = tokio::select! {
            books = remaining_when_back(shared, &job.work) => books,
            () = own_stop.cancelled() => Ok(Vec::new()),
        };
        let work = match books {
            Ok(work) => work,
            Err(error) => {
                job.state = BackfillState::Failed;
                job.note = Some(error.to_string());
                return self.publish(shared, &job, true).await;
            }
        };
        job.state = BackfillState::Running;
        job.sessions_total = total(shared, &job.work);
        let left = u32::try_from(work.len()).unwrap_or(u32::MAX);
        job.sessions_done = job.sessions_total.saturating_sub(left);
        *self.lock_running() = Some((job.clone(), own_stop.clone()));
        self.publish(shared, &job, true).await;
        let ended = self.read_sessions(shared, &mut job, work, began, &own_stop).await;
        finish(&mut job, &ended, own_stop.is_cancelled());
        *self.lock_running() = None;
        if stop.is_cancelled() {
            return;
        }
        self.publish(shared, &job, true).await;
        journal::note(shared, level(&job), "backfill", ending(&job)).await;
        if job.state == BackfillState::Paused {
            self.enqueue(job);
        }
    }

    async fn read_sessions(
        &self,
        shared: &Shared,
        job: &mut Job,
        work: Vec<SessionWork>,
        began: Instant,
        stop: &CancellationToken,
    ) -> Ended {
        let mut ended = Ended::default();
        let mut saved = Instant::now();
        let told = Mutex::default();
        let mut results = stream::iter(work)
            .map(|work| one_session(shared, work, &told, stop))
            .buffer_unordered(PARALLEL);
        while let Some((work, outcome)) = results.next().await {
            match outcome {
                Outcome::Stopped => continue,
                Outcome::Later(until) => {
                    ended.resumes_at = Some(until);
                    continue;
                }
                Outcome::Rows(rows) => job.rows += rows,
                Outcome::BeforeHistory { from } => job.note = Some(wall_note(from)),
                Outcome::Failed(text) => {
                    ended.failures.push(format!("{} {}: {text}", work.symbol, work.session_date));
                }
            }
            job.sessions_done += 1;
            job.sessions_asked += 1;
            pace(job, began);
            *self.lock_running() = Some((job.clone(), stop.clone()));
            let save = saved.elapsed() >= SAVE_EVERY;
            if save {
                saved = Instant::now();
            }
            self.publish(shared, job, save).await;
        }
        ended
    }

    async fn publish(&self, shared: &Shared, job: &Job, save: bool) {
        shared.tell(EngineEvent::Backfill(job.clone()));
        if !save {
            return;
        }
        if let Err(error) = save_job(shared, job).await {
            tracing::warn!(%error, id = job.id, "a backfill's progress was not entered");
        }
    }

    fn lock_queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Job>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, Option<(Job, CancellationToken)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the sessions of a job ended.
#[derive(Default)]
struct Ended {
    failures: Vec<String>,
    /// Some were not asked for, because the day's requests are used up until then.
    resumes_at: Option<DateTime<Utc>>,
}

fn finish(job: &mut Job, ended: &Ended, stopped: bool) {
    let failures = &ended.failures;
    job.seconds_left = None;
    job.resumes_at = ended.resumes_at.filter(|_| !stopped);
    job.state = if stopped {
        BackfillState::Stopped
    } else if job.resumes_at.is_some() {
        BackfillState::Paused
    } else if failures.is_empty() {
        BackfillState::Done
    } else {
        BackfillState::Failed
    };
    if let Some(first) = failures.first() {
        let more = failures.len() - 1;
        let tail = if more > 0 { format!(" (and {more} more)") } else { String::new() };
        job.note = Some(format!("{first}{tail}"));
    }
    if let Some(at) = job.resumes_at {
        let minute = minute_of_day(at);
        job.note = Some(format!(
            "The day's requests are used up, but for those that live collecting needs. It goes on \
             by itself at {:02}:{:02} New York time.",
            minute / 60,
            minute % 60
        ));
    }
}

fn level(job: &Job) -> LogLevel {
    if job.state == BackfillState::Failed { LogLevel::Warning } else { LogLevel::Info }
}

fn ending(job: &Job) -> String {
    let names: Vec<&str> = job.work.symbols.iter().map(Symbol::as_str).collect();
    let note = job.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    format!(
        "{} {} to {}: {}, {} of {} sessions, {} rows.{note}",
        names.join(", "),
        job.work.from,
        job.work.to,
        job.state.as_str(),
        job.sessions_done,
        job.sessions_total,
        job.rows
    )
}

fn pace(job: &mut Job, began: Instant) {
    let elapsed = began.elapsed().as_secs_f64();
    if elapsed <= 0.0 || job.sessions_asked == 0 {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
    let rows = job.rows as f64;
    job.rows_per_s = Some(rows / elapsed);
    let left = f64::from(job.sessions_total.saturating_sub(job.sessions_done));
    job.seconds_left = Some(left * elapsed / f64::from(job.sessions_asked));
}

fn wall_note(from: Option<NaiveDate>) -> String {
    match from {
        Some(date) => {
            format!("The plan's history begins on {date}; earlier sessions cannot be had.")
        }
        None => "The plan's history does not reach that far.".to_owned(),
    }
}

fn sessions(shared: &Shared, work: &NewBackfill) -> Vec<NaiveDate> {
    let now = shared.clock.now();
    let begun =
        |date: &NaiveDate| shared.calendar.session(*date).is_some_and(|hours| hours.pre_at <= now);
    let mut dates = shared.calendar.sessions_between(work.from, work.to);
    dates.retain(begun);
    dates.reverse();
    dates
}

fn total(shared: &Shared, work: &NewBackfill) -> u32 {
    u32::try_from(sessions(shared, work).len() * work.symbols.len()).unwrap_or(u32::MAX)
}

/// What [`remaining`] says, however long the database is away: a job is not lost to an outage.
async fn remaining_when_back(
    shared: &Shared,
    work: &NewBackfill,
) -> Result<Vec<SessionWork>, StoreError> {
    loop {
        match while_away(|| remaining(shared, work)).await {
            Err(error) if error.is_retryable() => {}
            result => return result,
        }
    }
}

/// The symbol-sessions that the books do not have yet, newest first.
async fn remaining(shared: &Shared, work: &NewBackfill) -> Result<Vec<SessionWork>, StoreError> {
    let mut left = Vec::new();
    for session_date in sessions(shared, work) {
        for symbol in &work.symbols {
            let read = shared.session_read_at(symbol, session_date).await?;
            if work.reread || read.is_none() {
                left.push(SessionWork { symbol: symbol.clone(), session_date });
            }
        }
    }
    Ok(left)
}

async fn one_session(
    shared: &Shared,
    work: SessionWork,
    told: &Mutex<Told>,
    stop: &CancellationToken,
) -> (SessionWork, Outcome) {
    if let Some(outcome) = lock(told).foresees(work.session_date) {
        return (work, outcome);
    }
    if stop.is_cancelled() {
        return (work, Outcome::Stopped);
    }
    let outcome = match read_session(shared, &work, stop).await {
        Ok(rows) => Outcome::Rows(rows),
        Err(CollectError::Stopped) => Outcome::Stopped,
        Err(CollectError::Vendor(VendorError::Entitlement {
            reason: EntitlementReason::HistoryWall,
            history_from,
            ..
        })) => {
            lock(told).history_from = history_from;
            Outcome::BeforeHistory { from: history_from }
        }
        Err(CollectError::Vendor(VendorError::RateLimited {
            scope: RateScope::Day,
            retry_at,
            ..
        })) => {
            let until = retry_at.unwrap_or(shared.clock.now() + BUDGET_AGAIN_AFTER);
            lock(told).day_spent_until = Some(until);
            Outcome::Later(until)
        }
        Err(error) => {
            tracing::warn!(symbol = %work.symbol, date = %work.session_date, %error, "a session could not be collected");
            let text = error.to_string();
            if let CollectError::Vendor(VendorError::Auth { .. }) = error {
                lock(told).refusal = Some(text.clone());
            }
            Outcome::Failed(text)
        }
    };
    (work, outcome)
}

fn lock(told: &Mutex<Told>) -> std::sync::MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Enters a job's state and progress in the database.
pub(crate) async fn save_job(shared: &Shared, job: &Job) -> Result<(), StoreError> {
    let update = BackfillUpdate {
        state: job.state,
        progress: job.progress(),
        message: job.note.clone(),
        at: Utc::now(),
    };
    shared.store.update_backfill_job(job.id, &update).await
}
