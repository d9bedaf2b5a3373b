//! `undertowd backfill`: past sessions, with progress.
//!
//! Where a daemon runs on the data folder, it does the work and this command shows its progress;
//! otherwise the work is done here. Interrupted, it continues where it stopped.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use undertow_api::app::{App, Choice};
use undertow_api::commands::{self, Answer};
use undertow_api::dto::{BackfillView, ListRows, StartBackfill};
use undertow_api::environment::require_key;

use crate::cli::{Backfill, Common};
use crate::outcome::{FAILED, INTERRUPTED, NOTHING_TO_DO, Outcome};
use crate::running::Running;
use crate::serve::told_to_stop;
use crate::setup;

/// How often progress is shown.
const SHOW_EVERY: Duration = Duration::from_millis(500);
/// Backfills that are looked through for ours.
const LISTED: ListRows = ListRows { limit: 200 };

/// Who does the work.
enum Worker {
    Daemon(Running),
    Here(App),
}

pub(crate) async fn run(common: &Common, request: &Backfill) -> anyhow::Result<Outcome> {
    let worker = worker(common, &request.vendor).await?;
    let start = StartBackfill {
        symbols: request.symbols.clone(),
        from: request.from.to_string(),
        to: request.to.to_string(),
        reread: request.reread,
        vendor: Some(request.vendor.clone()),
    };
    let outcome = follow(&worker, &start, common.json).await;
    if let Worker::Here(app) = worker {
        app.close().await;
    }
    outcome
}

async fn worker(common: &Common, vendor: &str) -> anyhow::Result<Worker> {
    let environment = setup::environment(common);
    if let Some(running) = Running::find(&environment.data_dir()?).await {
        return Ok(Worker::Daemon(running));
    }
    let loaded = setup::load(common, None)?;
    setup::log(&loaded.settings.log.filter)?;
    let mut options = environment.options(loaded.settings)?;
    options.collect = false;
    require_key(&options, vendor)?;
    let app = App::new(options);
    app.choose(Choice::Live);
    app.opened().await?;
    Ok(Worker::Here(app))
}

async fn follow(worker: &Worker, start: &StartBackfill, quiet: bool) -> anyhow::Result<Outcome> {
    let mut job: BackfillView = worker.call("start_backfill", start).await?;
    let mut stop = std::pin::pin!(told_to_stop());
    while !has_ended(&job) {
        if !quiet {
            show(&job);
        }
        tokio::select! {
            () = tokio::time::sleep(SHOW_EVERY) => {}
            () = &mut stop => return interrupted(worker, job).await,
        }
        let jobs: Vec<BackfillView> = worker.call("list_backfills", &LISTED).await?;
        job = jobs.into_iter().find(|other| other.id == job.id).context("the backfill is gone")?;
    }
    Ok(ended(&job, start.reread))
}

/// What was stored stays; the same command goes on from there.
async fn interrupted(worker: &Worker, job: BackfillView) -> anyhow::Result<Outcome> {
    if let Worker::Here(_) = worker {
        let request = undertow_api::dto::OneBackfill { id: job.id.clone() };
        let stopped: Result<BackfillView, _> = worker.call("stop_backfill", &request).await;
        if let Err(error) = stopped {
            tracing::debug!(%error, "the backfill had ended");
        }
    }
    let text = format!("Interrupted. {}. The same command continues there.", progress(&job));
    Ok(Outcome { code: INTERRUPTED, document: json!({ "backfill": job }), text })
}

fn ended(job: &BackfillView, reread: bool) -> Outcome {
    let note = job.note.as_ref().map(|note| format!(" {note}")).unwrap_or_default();
    let document = json!({ "backfill": job });
    if job.state == "failed" {
        return Outcome {
            code: FAILED,
            text: format!("Failed. {}.{note}", progress(job)),
            document,
        };
    }
    if job.state == "done" && job.rows <= 0.0 && !reread {
        let why = job.note.as_deref().unwrap_or("Every session is complete.");
        let text = format!("Nothing to do. {why}");
        return Outcome { code: NOTHING_TO_DO, text, document };
    }
    Outcome::done(format!("Done. {}.{note}", progress(job)), document)
}

fn has_ended(job: &BackfillView) -> bool {
    matches!(job.state.as_str(), "done" | "stopped" | "failed")
}

fn progress(job: &BackfillView) -> String {
    format!("{} of {} sessions, {} rows", job.sessions_done, job.sessions_total, job.rows)
}

#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
fn show(job: &BackfillView) {
    let rate = job.rows_per_s.map(|rate| format!(", {rate:.0} rows/s")).unwrap_or_default();
    let left = job.seconds_left.map(|left| format!(", {left:.0} s left")).unwrap_or_default();
    eprintln!("{}: {}{rate}{left}", job.state, progress(job));
}

impl Worker {
    async fn call<T: serde::de::DeserializeOwned>(
        &self,
        name: &str,
        request: &impl serde::Serialize,
    ) -> anyhow::Result<T> {
        match self {
            Self::Daemon(running) => running.call(name, request).await,
            Self::Here(app) => {
                let payload = serde_json::to_string(request)?;
                match commands::dispatch(app, name, &payload).await? {
                    Answer::Json(text) => Ok(serde_json::from_str(&text)?),
                    Answer::Columns(_) => anyhow::bail!("{name} answers in columns"),
                }
            }
        }
    }
}
