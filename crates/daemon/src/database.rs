//! `undertowd db`: the database, looked at and brought up to date.

use anyhow::Context;
use serde_json::json;
use undertow_api::database::{self, DatabaseReport, PrunedTable};
use undertow_api::dto::{Nothing, Status};

use crate::cli::{Common, Db};
use crate::outcome::{DONE, NOTHING_TO_DO, Outcome};
use crate::running::Running;
use crate::setup;

pub(crate) async fn run(common: &Common, command: Db) -> anyhow::Result<Outcome> {
    let environment = setup::environment(common);
    if let Some(running) = Running::find(&environment.data_dir()?).await {
        return served(&running, command).await;
    }
    let loaded = setup::load(common, None)?;
    setup::log(&loaded.settings.log.filter)?;
    let options = environment.options(loaded.settings)?;
    if let Db::Prune = command {
        let pruned = database::prune(&options).await?;
        let code = if pruned.is_empty() { NOTHING_TO_DO } else { DONE };
        let document = json!({ "pruned": pruned });
        return Ok(Outcome { code, text: pruned_words(&pruned), document });
    }
    // Opening a database brings its schema up to date, so looking at one does that too.
    let report = database::report(&options).await?;
    let text = match command {
        Db::Migrate => format!("The schema is at version {}.", report.schema_version),
        _ => words(&report),
    };
    Ok(Outcome::done(text, json!({ "database": report })))
}

/// A running daemon holds the database; its schema is up to date, or it would not run.
async fn served(running: &Running, command: Db) -> anyhow::Result<Outcome> {
    let status: Status = running
        .call("get_status", &Nothing {})
        .await
        .with_context(|| format!("undertowd at {}", running.url))?;
    let version = status.database.version.clone().unwrap_or_else(|| "unknown".to_owned());
    let text = match command {
        Db::Status => format!(
            "{} Postgres {version}, in use by undertowd at {}",
            status.database.kind, running.url
        ),
        Db::Prune => format!("undertowd at {} prunes once a day by itself.", running.url),
        Db::Migrate => {
            format!("Nothing to migrate: undertowd at {} runs on the current schema.", running.url)
        }
    };
    Ok(Outcome::done(text, json!({ "database": status.database, "served_by": running.url })))
}

fn pruned_words(pruned: &[PrunedTable]) -> String {
    if pruned.is_empty() {
        return "Nothing is older than it is kept.".to_owned();
    }
    let line = |table: &PrunedTable| {
        format!("{}: {} months and {} rows are gone", table.name, table.months, table.rows)
    };
    pruned.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn words(report: &DatabaseReport) -> String {
    let mut lines = vec![
        format!("Postgres {} ({})", report.server_version, report.kind),
        format!("Schema version {}", report.schema_version),
        format!("{:.1} MB on disk", report.bytes / 1e6),
    ];
    lines.extend(report.tables.iter().map(|table| {
        format!("  {:32} {:>10.1} MB  about {} rows", table.name, table.bytes / 1e6, table.rows)
    }));
    lines.join("\n")
}
