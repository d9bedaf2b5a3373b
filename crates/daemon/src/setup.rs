//! Settings and log from the command line and the environment.

use anyhow::Context;
use tracing_subscriber::EnvFilter;
use undertow_api::environment::Environment;
use undertow_engine::settings::Loaded;

use crate::cli::Common;

/// Where the flags say to look.
pub(crate) fn environment(common: &Common) -> Environment {
    Environment { data_dir: common.data_dir.clone(), config: common.config.clone() }
}

/// The effective settings.
pub(crate) fn load(common: &Common, listen: Option<&str>) -> anyhow::Result<Loaded> {
    let mut flags = Vec::new();
    if let Some(url) = &common.database_url {
        flags.push(("--database-url", "database.url", url.clone()));
    }
    if let Some(listen) = listen {
        flags.push(("--listen", "server.listen", listen.to_owned()));
    }
    Ok(environment(common).load(&flags)?)
}

/// Begins to log to standard error.
pub(crate) fn log(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).with_context(|| format!("log.filter = {filter}"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init()
        .map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
