//! Settings, folders and log of the desktop app.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;
use undertow_api::app::AppOptions;
use undertow_api::environment::Environment;

/// Reads the user's settings and begins to log.
pub(crate) fn options() -> anyhow::Result<AppOptions> {
    let environment = Environment::default();
    let loaded = environment.load(&[])?;
    let filter = EnvFilter::try_new(&loaded.settings.log.filter)?;
    if let Err(error) =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init()
    {
        tracing::debug!(%error, "a log is there already");
    }
    Ok(environment.options(loaded.settings)?)
}

/// The Postgres in the folder that was installed with the app, if there is one.
pub(crate) fn shipped_postgres(resources: Option<PathBuf>) -> Option<PathBuf> {
    resources.map(|folder| folder.join("pg")).filter(|pg| pg.join("bin").is_dir())
}
