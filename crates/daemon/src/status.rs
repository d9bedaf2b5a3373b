//! `undertowd status`: the health of everything, in words.

use serde_json::{Value, json};
use undertow_api::dto::{AppView, FeedView, Health, Mode, Nothing, Status};

use crate::cli::Common;
use crate::outcome::Outcome;
use crate::running::Running;
use crate::setup;

/// Exit code when nothing runs or nothing works.
const DOWN: u8 = 2;
/// Exit code when something is not as promised.
const DEGRADED: u8 = 1;

pub(crate) async fn run(common: &Common) -> anyhow::Result<Outcome> {
    let data_dir = setup::environment(common).data_dir()?;
    let Some(running) = Running::find(&data_dir).await else {
        let text = format!(
            "Down: no undertowd serves {}. Start one with `undertowd serve` or `undertowd demo`.",
            data_dir.display()
        );
        return Ok(Outcome {
            code: DOWN,
            document: json!({ "health": "down", "summary": text }),
            text,
        });
    };
    let app: AppView = running.call("get_app", &Nothing {}).await?;
    if !matches!(app.mode, Mode::Live | Mode::Simulated) {
        return Ok(not_open(&app));
    }
    let status: Status = running.call("get_status", &Nothing {}).await?;
    let code = match status.health {
        Health::Healthy => crate::outcome::DONE,
        Health::Degraded => DEGRADED,
        Health::Down => DOWN,
    };
    let document: Value = json!({ "app": app, "status": status });
    Ok(Outcome { code, text: words(&app, &status), document })
}

fn not_open(app: &AppView) -> Outcome {
    let (code, text) = match app.mode {
        Mode::Failed => (DOWN, app.problem.clone().unwrap_or_default()),
        Mode::Starting => (DEGRADED, app.progress.clone().unwrap_or_default()),
        _ => (DOWN, "No market is open: set a vendor key, or run `undertowd demo`.".to_owned()),
    };
    Outcome {
        code,
        document: json!({ "health": if code == DOWN { "down" } else { "degraded" }, "summary": text }),
        text,
    }
}

fn words(app: &AppView, status: &Status) -> String {
    let mut lines = vec![status.summary.clone()];
    if app.clock.shifted {
        lines.push(format!(
            "Market time is not real time: {} at speed {}.",
            instant(status.market_ms),
            app.clock.speed
        ));
    }
    if app.mode == Mode::Simulated {
        lines.push("The market is SIMULATED.".to_owned());
    }
    lines.push(format!("Session: {}", status.session));
    lines.extend(status.feeds.iter().map(feed));
    let number = |value: Option<f64>| value.map_or("unknown".to_owned(), |value| value.to_string());
    lines.push(format!(
        "Requests: {} of {} today, {} left this minute",
        number(status.budget.day_used),
        number(status.budget.day_limit),
        number(status.budget.minute_remaining)
    ));
    lines.push(format!(
        "Database: {} {}{}",
        status.database.kind,
        status.database.version.as_deref().unwrap_or("(version unknown)"),
        status.database.problem.as_ref().map(|text| format!(" — {text}")).unwrap_or_default()
    ));
    lines.push(format!("Rows in quarantine: {}", status.quarantined));
    lines.join("\n")
}

fn feed(feed: &FeedView) -> String {
    let age = feed.age_s.map_or("never answered".to_owned(), |age| format!("{age:.0} s old"));
    let problem = feed.problem.as_ref().map(|text| format!(" — {text}")).unwrap_or_default();
    format!("{} {}: {age}, {} rows{problem}", feed.symbol, feed.series, feed.rows)
}

fn instant(ms: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "epoch milliseconds are far below 2^53")]
    chrono::DateTime::from_timestamp_millis(ms as i64).map(|at| at.to_rfc3339()).unwrap_or_default()
}
