//! Settings, folders and log of the desktop app.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;
use undertow_api::app::{App, AppOptions};
use undertow_api::environment::Environment;

/// Opens the app with the user's settings. `resources` is the folder that was installed with it.
pub(crate) fn open(resources: Option<PathBuf>) -> anyhow::Result<App> {
    let environment = Environment::default();
    let loaded = environment.load(&[])?;
    let filter = EnvFilter::try_new(&loaded.settings.log.filter)?;
    if let Err(error) =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init()
    {
        tracing::debug!(%error, "a log is there already");
    }
    let options = AppOptions {
        postgres_binaries: resources
            .map(|folder| folder.join("pg"))
            .filter(|pg| pg.join("bin").is_dir()),
        ..environment.options(loaded.settings)?
    };
    Ok(App::new(options))
}
