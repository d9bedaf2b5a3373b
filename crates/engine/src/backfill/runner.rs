//! Runs backfills, one job at a time and several symbol-sessions of it at once.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use undertow_market::{Symbol, minute_of_day};
use undertow_store::backfill::{BackfillState, BackfillUpdate, NewBackfill};
use undertow_store::log::LogLevel;
use undertow_store::{StoreError, while_away};

use super::job::Job;
use super::sessions::{Outcome, Told, one, readable, remaining_when_back, too_early, total};
use super::{BackfillError, History, MAX_WAITING, SessionWork};
use crate::common::Common;
use crate::event::EngineEvent;
use crate::journal;

/// How often progress is entered in the database, at most.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The jobs of one vendor: those that wait and the one that runs.
#[derive(Default)]
pub(crate) struct Runner {
    jobs: Mutex<Jobs>,
    wake: Notify,
}

/// A job goes from one to the other in one step: who asks for it finds it in either.
#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    running: Option<(Job, CancellationToken)>,
}

impl Runner {
    /// Writes a job down and puts it in the queue.
    ///
    /// # Errors
    /// The range holds no session that can be read, the queue is full, or the database cannot be
    /// written.
    pub(crate) async fn start<H: History>(
        &self,
        history: &H,
        work: NewBackfill,
    ) -> Result<Job, BackfillError> {
        let (common, from, to) = (history.common(), work.from, work.to);
        if common.calendar.sessions_between(from, to).is_empty() {
            return Err(BackfillError::NoSession { from, to });
        }
        if readable(history, from, to).is_empty() {
            return Err(BackfillError::NotYet { from, to });
        }
        if self.active().len() >= MAX_WAITING {
            return Err(BackfillError::TooMany);
        }
        let job = Job::stored(common.store.create_backfill_job(&work, Utc::now()).await?);
        self.enqueue(job.clone());
        common.tell(EngineEvent::Backfill(job.clone()));
        Ok(job)
    }

    /// Stops a job that waits or runs; none when there is no such one.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) async fn stop(&self, common: &Common, id: i64) -> Result<Option<Job>, StoreError> {
        let Some(job) = self.take_out(id) else { return Ok(None) };
        save(common, &job).await?;
        common.tell(EngineEvent::Backfill(job.clone()));
        Ok(Some(job))
    }

    /// Puts jobs in the queue that were interrupted with the program.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) async fn resume(&self, common: &Common) -> Result<(), StoreError> {
        let jobs = while_away(|| common.store.unfinished_backfill_jobs()).await?;
        for job in jobs.into_iter().filter(|job| job.work.vendor == common.vendor_id) {
            self.enqueue(Job::stored(job));
        }
        Ok(())
    }

    /// Jobs that wait or run.
    pub(crate) fn active(&self) -> Vec<Job> {
        let jobs = self.lock();
        let running = jobs.running.iter().map(|(job, _)| job);
        running.chain(&jobs.waiting).cloned().collect()
    }

    /// Runs jobs until the engine stops. A job that is interrupted so stays `running` in the
    /// database and goes on at the next start.
    pub(crate) async fn run<H: History>(&self, history: &H, stop: CancellationToken) {
        let clock = history.common().clock;
        while !stop.is_cancelled() {
            if let Some((job, own_stop)) = self.take_ready(clock.now(), &stop) {
                self.run_job(history, job, &own_stop, &stop).await;
                continue;
            }
            let resumes_at = self.lock().waiting.iter().filter_map(|job| job.resumes_at).min();
            tokio::select! {
                () = self.wake.notified() => {}
                () = clock.sleep_until(resumes_at.unwrap_or(DateTime::<Utc>::MAX_UTC)) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    fn enqueue(&self, job: Job) {
        self.lock().waiting.push_back(job);
        self.wake.notify_one();
    }

    /// Takes a job out of the queue, or tells the running one to stop.
    fn take_out(&self, id: i64) -> Option<Job> {
        let mut jobs = self.lock();
        if let Some((job, stop)) = jobs.running.as_ref().filter(|(job, _)| job.id == id) {
            stop.cancel();
            return Some(Job { state: BackfillState::Stopped, ..job.clone() });
        }
        let place = jobs.waiting.iter().position(|job| job.id == id)?;
        jobs.waiting.remove(place).map(|job| Job { state: BackfillState::Stopped, ..job })
    }

    /// The first job in the queue that need not wait, which runs from now on, and what stops it.
    fn take_ready(
        &self,
        now: DateTime<Utc>,
        stop: &CancellationToken,
    ) -> Option<(Job, CancellationToken)> {
        let mut jobs = self.lock();
        let ready = |job: &Job| job.resumes_at.is_none_or(|at| at <= now);
        let place = jobs.waiting.iter().position(ready)?;
        let taken = (jobs.waiting.remove(place)?, stop.child_token());
        jobs.running = Some(taken.clone());
        Some(taken)
    }

    async fn run_job<H: History>(
        &self,
        history: &H,
        mut job: Job,
        own_stop: &CancellationToken,
        stop: &CancellationToken,
    ) {
        let common = history.common();
        let began = Instant::now();
        let books = tokio::select! {
            books = remaining_when_back(history, &job.work) => books,
            () = own_stop.cancelled() => Ok(Vec::new()),
        };
        let work = match books {
            Ok(work) => work,
            Err(error) => {
                job.state = BackfillState::Failed;
                job.note = Some(error.to_string());
                self.lock().running = None;
                return publish(common, &job, true).await;
            }
        };
        job.state = BackfillState::Running;
        job.note = too_early(history, job.work.from, job.work.to).map(too_early_note);
        job.sessions_total = total(history, &job.work);
        let left = u32::try_from(work.len()).unwrap_or(u32::MAX);
        job.sessions_done = job.sessions_total.saturating_sub(left);
        job.sessions_asked = 0;
        self.lock().running = Some((job.clone(), own_stop.clone()));
        publish(common, &job, true).await;
        let ended = self.read_sessions(history, &mut job, work, began, own_stop).await;
        finish(&mut job, &ended, own_stop.is_cancelled());
        self.lock().running = None;
        if stop.is_cancelled() {
            return;
        }
        publish(common, &job, true).await;
        journal::note(common, level(&job), "backfill", ending(&job)).await;
        if job.state == BackfillState::Paused {
            self.enqueue(job);
        }
    }

    async fn read_sessions<H: History>(
        &self,
        history: &H,
        job: &mut Job,
        work: Vec<SessionWork>,
        began: Instant,
        stop: &CancellationToken,
    ) -> Ended {
        let mut ended = Ended::default();
        let (mut saved, rows_before) = (Instant::now(), job.rows);
        let told = Told::default();
        let mut results = stream::iter(work)
            .map(|work| one(history, work, &told, stop))
            .buffer_unordered(H::PARALLEL);
        while let Some((work, outcome)) = results.next().await {
            match outcome {
                Outcome::Stopped => continue,
                Outcome::Later(until) => {
                    ended.resumes_at = Some(until);
                    continue;
                }
                Outcome::Rows(rows) => {
                    job.rows += rows;
                    ended.read += 1;
                }
                Outcome::BeforeHistory { from } => ended.wall = Some(wall_note(from)),
                Outcome::Failed(text) => {
                    ended.failures.push(format!("{} {}: {text}", work.symbol, work.session_date));
                }
            }
            job.sessions_done += 1;
            job.sessions_asked += 1;
            pace(job, job.rows - rows_before, began);
            self.lock().running = Some((job.clone(), stop.clone()));
            let save = saved.elapsed() >= SAVE_EVERY;
            if save {
                saved = Instant::now();
            }
            publish(history.common(), job, save).await;
        }
        ended
    }

    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the sessions of a job ended.
#[derive(Default)]
struct Ended {
    /// Sessions that were read whole.
    read: u32,
    failures: Vec<String>,
    /// Some lie before the plan's history, in words.
    wall: Option<String>,
    /// Some were not asked for, because the day's requests are used up until then.
    resumes_at: Option<DateTime<Utc>>,
}

fn finish(job: &mut Job, ended: &Ended, stopped: bool) {
    job.seconds_left = None;
    job.resumes_at = ended.resumes_at.filter(|_| !stopped);
    job.state = if stopped {
        BackfillState::Stopped
    } else if job.resumes_at.is_some() {
        BackfillState::Paused
    } else if ended.failures.is_empty() {
        BackfillState::Done
    } else {
        BackfillState::Failed
    };
    let mut notes: Vec<String> = job.note.take().into_iter().collect();
    if ended.read > 0 && job.rows == 0 && !job.work.reread && job.state == BackfillState::Done {
        notes.push("The vendor has nothing of these sessions.".to_owned());
    }
    notes.extend(ended.wall.clone());
    notes.extend(failure_note(&ended.failures));
    notes.extend(job.resumes_at.map(pause_note));
    job.note = (!notes.is_empty()).then(|| notes.join(" "));
}

fn failure_note(failures: &[String]) -> Option<String> {
    let first = failures.first()?;
    let more = failures.len() - 1;
    let tail = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    Some(format!("{first}{tail}"))
}

fn pause_note(until: DateTime<Utc>) -> String {
    let minute = minute_of_day(until);
    format!(
        "The day's requests are used up, but for those that live collecting needs. It goes on \
         by itself at {:02}:{:02} New York time.",
        minute / 60,
        minute % 60
    )
}

fn too_early_note(date: NaiveDate) -> String {
    format!("{date} is left out: it is not over, and is read whole once it is.")
}

fn wall_note(from: Option<NaiveDate>) -> String {
    match from {
        Some(date) => {
            format!("The plan's history begins on {date}; earlier sessions cannot be had.")
        }
        None => "The plan's history does not reach that far.".to_owned(),
    }
}

fn level(job: &Job) -> LogLevel {
    if job.state == BackfillState::Failed { LogLevel::Warning } else { LogLevel::Info }
}

fn ending(job: &Job) -> String {
    let names: Vec<&str> = job.work.symbols.iter().map(Symbol::as_str).collect();
    let note = job.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    format!(
        "{} {} to {} from {}: {}, {} of {} sessions, {} rows.{note}",
        names.join(", "),
        job.work.from,
        job.work.to,
        job.work.vendor.title(),
        job.state.as_str(),
        job.sessions_done,
        job.sessions_total,
        job.rows
    )
}

/// How fast it goes since `began`, when it had `rows` fewer.
fn pace(job: &mut Job, rows: u64, began: Instant) {
    let elapsed = began.elapsed().as_secs_f64();
    if elapsed <= 0.0 || job.sessions_asked == 0 {
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "row counts are far below 2^52")]
    let rows = rows as f64;
    job.rows_per_s = Some(rows / elapsed);
    let left = f64::from(job.sessions_total.saturating_sub(job.sessions_done));
    job.seconds_left = Some(left * elapsed / f64::from(job.sessions_asked));
}

async fn publish(common: &Common, job: &Job, is_saved: bool) {
    common.tell(EngineEvent::Backfill(job.clone()));
    if !is_saved {
        return;
    }
    if let Err(error) = save(common, job).await {
        tracing::warn!(%error, id = job.id, "a backfill's progress was not entered");
    }
}

/// Enters a job's state and progress in the database.
async fn save(common: &Common, job: &Job) -> Result<(), StoreError> {
    let update = BackfillUpdate {
        state: job.state,
        progress: job.progress(),
        message: job.note.clone(),
        at: Utc::now(),
    };
    common.store.update_backfill_job(job.id, &update).await
}

#[cfg(test)]
mod tests {
    use undertow_market::VendorId;

    use super::*;

    fn waiting() -> Job {
        let day = "2026-06-02".parse().unwrap();
        let symbols = vec!["SPY".parse().unwrap()];
        let vendor = VendorId::UnusualWhales;
        Job {
            id: 7,
            work: NewBackfill { vendor, symbols, from: day, to: day, reread: false },
            state: BackfillState::Waiting,
            sessions_done: 0,
            sessions_total: 1,
            sessions_asked: 0,
            rows: 0,
            rows_per_s: None,
            seconds_left: None,
            note: None,
            resumes_at: None,
        }
    }

    /// Regression: what is left of a job is asked of the database first, and a stop until then
    /// found it neither in the queue nor running. It was answered with "not found", and it ran on.
    #[test]
    fn a_job_can_be_stopped_from_the_moment_on_at_which_it_leaves_the_queue() {
        let (runner, program) = (Runner::default(), CancellationToken::new());
        runner.enqueue(waiting());
        let (job, stop) = runner.take_ready(DateTime::UNIX_EPOCH, &program).unwrap();
        assert_eq!(runner.active(), std::slice::from_ref(&job));
        let stopped = runner.take_out(job.id).unwrap();
        assert_eq!(stopped, Job { state: BackfillState::Stopped, ..job });
        assert!(stop.is_cancelled() && !program.is_cancelled());
        assert!(runner.take_out(8).is_none());
    }
}
