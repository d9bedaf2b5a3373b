//! Settings: defaults in the program, the user's file over them, then environment, then flags.
//!
//! Every effective value knows where it came from. Keys of vendors are not settings and never
//! pass through here.

mod tape;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};
use undertow_market::Symbol;
use undertow_market::calendar::Correction;

pub use tape::{MAX_TAPE_SYMBOLS, Straddles, Tape};

/// The commented defaults, as text.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// Environment variables that change a setting, and the setting that each changes.
pub const VARIABLES: [(&str, &str); 6] = [
    ("UNDERTOW_DATABASE_URL", "database.url"),
    ("UNDERTOW_LISTEN", "server.listen"),
    ("UNDERTOW_LOG", "log.filter"),
    ("UNDERTOW_POLYGON_REST_URL", "vendors.polygon.rest_url"),
    ("UNDERTOW_POLYGON_WS_URL", "vendors.polygon.ws_url"),
    ("UNDERTOW_UNUSUAL_WHALES_URL", "vendors.unusual_whales.url"),
];

/// Bounds of the two poll settings, seconds.
const POLL_BOUNDS_S: std::ops::RangeInclusive<u32> = 5..=240;
/// Longest history that a new symbol may start with, sessions.
const MAX_HISTORY_SESSIONS: u32 = 500;

/// The effective settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What is collected, and how often.
    pub collect: Collect,
    /// How levels are built.
    pub levels: Levels,
    /// How options flow is read.
    pub flow: Flow,
    /// What is collected of the consolidated tape.
    pub tape: Tape,
    /// When a straddle is an opportunity.
    pub straddles: Straddles,
    /// Where rows are kept.
    pub database: Database,
    /// Where the daemon listens.
    pub server: Server,
    /// The data vendors.
    pub vendors: Vendors,
    /// The log.
    pub log: Log,
    /// The exchange calendar.
    pub calendar: CalendarSettings,
}

/// What is collected, and how often.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// The watch list of a new database.
    pub symbols: Vec<Symbol>,
    /// Sessions of history that a new symbol starts with.
    pub history_sessions: u32,
    /// Longest time between two questions in market hours, seconds.
    pub slowest_poll_s: u32,
    /// Shortest time between two questions, seconds.
    pub fastest_poll_s: u32,
    /// Smallest premium of an option trade that is collected, dollars.
    pub min_premium: u32,
    /// Whether to join the vendor's live stream where the plan has it.
    pub stream: bool,
}

/// How options flow is read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What bought puts say.
    pub put_sign: PutSigns,
    /// Symbols whose bought puts count as bullish.
    pub contrarian_symbols: Vec<Symbol>,
}

/// What bought puts say of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PutSigns {
    /// Bearish, whatever they are on.
    Plain,
    /// Bullish on the symbols that the settings name, bearish on all others.
    Contrarian,
}

/// How levels are built.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    /// Bin width as a multiple of ATR14.
    pub atr_multiple: f64,
    /// Sessions after which a level counts half.
    pub half_life_sessions: f64,
}

/// Where rows are kept.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A Postgres to use instead of the embedded one; empty = embedded. May hold a password.
    pub url: String,
}

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port.
    pub listen: String,
}

/// The data vendors.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendors {
    /// Unusual Whales.
    pub unusual_whales: VendorAddress,
    /// Massive, which was Polygon.io.
    pub polygon: PolygonAddress,
}

/// Where Massive is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolygonAddress {
    /// Base address of its REST service.
    pub rest_url: String,
    /// Address of its stream of stocks.
    pub ws_url: String,
}

/// Where a vendor is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorAddress {
    /// Base address.
    pub url: String,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Filter in the words of the tracing crate.
    pub filter: String,
}

/// The exchange calendar.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// Days that differ from the built-in calendar.
    pub corrections: Vec<Correction>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Environment(&'static str),
    /// A command line flag.
    Flag(&'static str),
}

/// Settings with the origin of each value.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The effective settings.
    pub settings: Settings,
    /// Each setting's dotted name, its value as text without secrets, and its origin.
    pub shown: Vec<(String, String, Origin)>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings file {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The text is not TOML.
    #[error("the settings file {path} is not valid TOML: {message}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        message: String,
    },
    /// A value does not fit, or a name is not known.
    #[error("settings: {0}")]
    DoesNotFit(String),
}

/// Loads the settings. `file` is read when it exists; `variable` looks up an environment
/// variable; `flags` are dotted names with values from the command line.
///
/// # Errors
/// The file cannot be read or parsed, a name is unknown, or a value is out of its bounds.
pub fn load(
    file: Option<&Path>,
    variable: impl Fn(&str) -> Option<String>,
    flags: &[(&'static str, &'static str, String)],
) -> Result<Loaded, SettingsError> {
    let mut table: Table = DEFAULTS.parse().expect("the built-in defaults are TOML");
    let mut origins = BTreeMap::new();
    if let Some(path) = file.filter(|path| path.exists()) {
        merge(&mut table, read(path)?, "", &Origin::File(path.to_owned()), &mut origins);
    }
    for (name, setting) in VARIABLES {
        if let Some(text) = variable(name).filter(|text| !text.is_empty()) {
            set(&mut table, setting, text);
            origins.insert(setting.to_owned(), Origin::Environment(name));
        }
    }
    for (flag, setting, text) in flags {
        set(&mut table, setting, text.clone());
        origins.insert((*setting).to_owned(), Origin::Flag(flag));
    }
    let shown = shown(&table, &origins);
    let settings = Settings::deserialize(Value::Table(table))
        .map_err(|error| SettingsError::DoesNotFit(error.message().to_owned()))?;
    settings.check()?;
    Ok(Loaded { settings, shown })
}

impl Settings {
    fn check(&self) -> Result<(), SettingsError> {
        let refuse = |text: String| Err(SettingsError::DoesNotFit(text));
        let collect = &self.collect;
        for (name, value) in [
            ("collect.slowest_poll_s", collect.slowest_poll_s),
            ("collect.fastest_poll_s", collect.fastest_poll_s),
        ] {
            if !POLL_BOUNDS_S.contains(&value) {
                return refuse(format!(
                    "{name} = {value}: use {} to {} seconds",
                    POLL_BOUNDS_S.start(),
                    POLL_BOUNDS_S.end()
                ));
            }
        }
        if collect.fastest_poll_s > collect.slowest_poll_s {
            return refuse("collect.fastest_poll_s is above collect.slowest_poll_s".to_owned());
        }
        if collect.history_sessions > MAX_HISTORY_SESSIONS {
            return refuse(format!("collect.history_sessions: use 0 to {MAX_HISTORY_SESSIONS}"));
        }
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !positive(self.levels.atr_multiple) || !positive(self.levels.half_life_sessions) {
            return refuse("levels: both numbers must be above zero".to_owned());
        }
        self.tape.objection().or_else(|| self.straddles.objection()).map_or(Ok(()), refuse)
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("url", &without_password(&self.url)).finish()
    }
}

/// The address with its password replaced, for logs and screens.
#[must_use]
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let address = match rest.rsplit_once('@') {
        None => rest.to_owned(),
        Some((user, host)) => match user.split_once(':') {
            None => format!("{user}@{host}"),
            Some((name, _)) => format!("{name}:•••@{host}"),
        },
    };
    let visible = match address.split_once('?') {
        None => address,
        Some((before, query)) if query.contains("password=") => format!("{before}?•••"),
        Some(_) => address,
    };
    format!("{scheme}://{visible}")
}

fn read(path: &Path) -> Result<Table, SettingsError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| SettingsError::Unreadable { path: path.to_owned(), error })?;
    text.parse().map_err(|error: toml::de::Error| SettingsError::NotToml {
        path: path.to_owned(),
        message: error.message().to_owned(),
    })
}

fn merge(
    into: &mut Table,
    from: Table,
    prefix: &str,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (key, value) in from {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match (into.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(value)) => {
                merge(below, value, &name, origin, origins);
            }
            (_, value) => {
                origins.insert(name, origin.clone());
                into.insert(key, value);
            }
        }
    }
}

fn set(table: &mut Table, setting: &str, text: String) {
    let mut parts = setting.split('.').peekable();
    let mut table = table;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            table.insert(part.to_owned(), Value::String(text));
            return;
        }
        let below = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
        match below {
            Value::Table(below) => table = below,
            _ => return,
        }
    }
}

fn shown(table: &Table, origins: &BTreeMap<String, Origin>) -> Vec<(String, String, Origin)> {
    let mut rows = Vec::new();
    leaves(table, "", &mut rows);
    rows.into_iter()
        .map(|(name, value)| {
            let text = match value {
                Value::String(text) if name == "database.url" => without_password(&text),
                Value::String(text) => text,
                other => other.to_string(),
            };
            let origin = origins.get(&name).cloned().unwrap_or(Origin::Default);
            (name, text, origin)
        })
        .collect()
}

fn leaves(table: &Table, prefix: &str, rows: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Table(below) => leaves(below, &name, rows),
            value => rows.push((name, value.clone())),
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, SettingsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("undertow.toml");
        std::fs::write(&path, text).unwrap();
        let variable = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        load(Some(&path), variable, &[])
    }

    fn origin(loaded: &Loaded, setting: &str) -> Origin {
        loaded.shown.iter().find(|(name, ..)| name == setting).unwrap().2.clone()
    }

    #[test]
    fn the_defaults_alone_are_valid() {
        let loaded = load(None, |_| None, &[]).unwrap();
        assert_eq!(loaded.settings.collect.symbols.len(), 4);
        assert!(loaded.shown.iter().all(|(.., origin)| *origin == Origin::Default));
    }

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        let text = "[server]\nlisten = \"127.0.0.1:1\"\n[collect]\nsymbols = [\"IWM\"]";
        let loaded = load_text(text, &[("UNDERTOW_LISTEN", "127.0.0.1:2")]).unwrap();
        assert_eq!(loaded.settings.server.listen, "127.0.0.1:2");
        assert_eq!(origin(&loaded, "server.listen"), Origin::Environment("UNDERTOW_LISTEN"));
        assert!(matches!(origin(&loaded, "collect.symbols"), Origin::File(_)));
        let flag = ("--listen", "server.listen", "127.0.0.1:3".to_owned());
        let loaded = load(None, |_| Some("x".to_owned()), &[flag]).unwrap();
        assert_eq!(loaded.settings.server.listen, "127.0.0.1:3");
    }

    #[test]
    fn a_wrong_setting_is_refused_by_name() {
        for (text, expected) in [
            ("[collect]\nslowest_poll_s = 900", "slowest_poll_s"),
            ("[collect]\nfastest_poll_s = 200", "fastest_poll_s"),
            ("[colect]\nsymbols = []", "colect"),
            ("[collect]\nsymbols = [\"not a ticker\"]", "not a ticker"),
            ("[levels]\natr_multiple = -1.0", "levels"),
            ("[tape]\nchain_every_s = 5", "tape.chain_every_s: use 30 to 3600"),
            ("[tape]\nprint_percentile = 50", "print_percentile: use 0 for none, or 90 to 99.9"),
            ("[tape]\nprint_percentile = nan", "print_percentile: use 0 for none, or 90 to 99.9"),
            ("[straddles]\nestimator = \"magic\"", "use one of close_to_close"),
            ("[straddles]\nmin_days = 50", "min_days"),
            ("[straddles]\nspread = 0.0", "straddles.spread"),
            ("[straddles]\nsessions = 31", "straddles.sessions"),
            ("[collect", "TOML"),
        ] {
            let message = load_text(text, &[]).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn the_password_of_a_database_address_is_never_shown() {
        for url in [
            "postgres://me:canary@host/db",
            "postgres://me:can@ary@host/db",
            "postgres://host/db?user=me&password=canary",
        ] {
            let loaded = load_text(&format!("[database]\nurl = \"{url}\""), &[]).unwrap();
            let text = format!("{loaded:?}");
            assert!(!text.contains("canary") && !text.contains("ary@"), "{text}");
        }
    }
}
