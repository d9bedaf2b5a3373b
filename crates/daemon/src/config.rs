//! `undertowd config`: the effective settings.

use serde_json::json;

use crate::cli::{Common, Config};
use crate::outcome::Outcome;
use crate::setup;

pub(crate) fn run(common: &Common, command: Config) -> anyhow::Result<Outcome> {
    let path = setup::environment(common).config_path()?;
    if matches!(command, Config::Path) {
        let text = path.display().to_string();
        return Ok(Outcome::done(text, json!({ "path": path, "exists": path.exists() })));
    }
    let loaded = setup::load(common, None)?;
    undertow_api::environment::start_at()?;
    if matches!(command, Config::Check) {
        return Ok(Outcome::done("The settings are valid.", json!({ "valid": true })));
    }
    let width = loaded.shown.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let lines: Vec<String> = loaded
        .shown
        .iter()
        .map(|(name, value, origin)| format!("{name:width$}  {value}  ({origin})"))
        .collect();
    let rows: Vec<_> = loaded
        .shown
        .iter()
        .map(|(name, value, origin)| {
            json!({ "setting": name, "value": value, "origin": origin.to_string() })
        })
        .collect();
    Ok(Outcome::done(lines.join("\n"), json!({ "settings": rows })))
}
