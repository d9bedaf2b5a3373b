//! What both hosts read from outside: folders, the settings file, environment variables, keys.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use undertow_engine::settings::{self, Loaded, Settings, SettingsError};

use undertow_market::VendorId;
use undertow_market::vendor::UnknownVendor;

use crate::app::{AppOptions, VendorKeys};

/// The variable that holds a vendor's key.
#[must_use]
pub fn key_variable(vendor: VendorId) -> &'static str {
    match vendor {
        VendorId::UnusualWhales => "UNDERTOW_UNUSUAL_WHALES_KEY",
        VendorId::Polygon => "UNDERTOW_POLYGON_KEY",
    }
}

/// Where to look, before the environment is asked: what a command line named.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Data folder; none = `UNDERTOW_DATA_DIR`, else the system's place for it.
    pub data_dir: Option<PathBuf>,
    /// Settings file; none = `UNDERTOW_CONFIG`, else the system's place for it.
    pub config: Option<PathBuf>,
}

/// Why the program cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The account has no home folder.
    #[error("this account has no home folder: set UNDERTOW_DATA_DIR and UNDERTOW_CONFIG")]
    NoHome,
    /// A settings file was named that is not there.
    #[error("the settings file {0} does not exist")]
    NoSuchFile(PathBuf),
    /// The data folder's name cannot be made absolute.
    #[error("the data folder {0} cannot be used: {1}")]
    DataFolder(PathBuf, std::io::Error),
    /// `UNDERTOW_NOW` is not an instant.
    #[error("UNDERTOW_NOW = {0}: use a form like 2026-03-02T15:00:00Z")]
    NotAnInstant(String),
    /// Work was asked for that needs a key.
    #[error("no key of {0}: set {1}")]
    NoKey(&'static str, &'static str),
    /// A vendor was named that we do not know.
    #[error(transparent)]
    Vendor(#[from] UnknownVendor),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// An environment variable that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn folders() -> Result<directories::ProjectDirs, EnvironmentError> {
    directories::ProjectDirs::from("app", "undertow", "undertow").ok_or(EnvironmentError::NoHome)
}

impl Environment {
    /// The folder of the embedded database and of what the program remembers.
    ///
    /// # Errors
    /// There is no home folder, or the named folder cannot be made absolute.
    pub fn data_dir(&self) -> Result<PathBuf, EnvironmentError> {
        let named = self.data_dir.clone().or_else(|| variable("UNDERTOW_DATA_DIR").map(Into::into));
        match named {
            Some(folder) => std::path::absolute(&folder)
                .map_err(|error| EnvironmentError::DataFolder(folder, error)),
            None => Ok(folders()?.data_dir().to_owned()),
        }
    }

    /// The settings file, whether it exists or not.
    ///
    /// # Errors
    /// There is no home folder.
    pub fn config_path(&self) -> Result<PathBuf, EnvironmentError> {
        match self.named_config() {
            Some(file) => Ok(file),
            None => Ok(folders()?.config_dir().join("undertow.toml")),
        }
    }

    /// Loads the settings. `flags` are a flag's name, the setting's dotted name, and its value.
    ///
    /// # Errors
    /// The named file does not exist, or the settings cannot be used.
    pub fn load(
        &self,
        flags: &[(&'static str, &'static str, String)],
    ) -> Result<Loaded, EnvironmentError> {
        let path = self.config_path()?;
        if self.named_config().is_some() && !path.exists() {
            return Err(EnvironmentError::NoSuchFile(path));
        }
        Ok(settings::load(Some(&path), variable, flags)?)
    }

    /// What the app is opened with.
    ///
    /// # Errors
    /// The data folder or `UNDERTOW_NOW` cannot be used.
    pub fn options(&self, settings: Settings) -> Result<AppOptions, EnvironmentError> {
        Ok(AppOptions {
            data_dir: self.data_dir()?,
            settings,
            vendor_keys: vendor_keys(),
            start_at: start_at()?,
            postgres_binaries: None,
            collect: true,
        })
    }

    fn named_config(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| variable("UNDERTOW_CONFIG").map(Into::into))
    }
}

fn vendor_keys() -> VendorKeys {
    let key = |vendor| Some((vendor, SecretString::from(variable(key_variable(vendor))?)));
    VendorId::ALL.into_iter().filter_map(key).collect()
}

/// Refuses work that needs a vendor's key when there is none.
///
/// # Errors
/// There is no such vendor, or no key of it.
pub fn require_key(options: &AppOptions, vendor: &str) -> Result<(), EnvironmentError> {
    let vendor: VendorId = vendor.parse()?;
    match options.vendor_keys.contains_key(&vendor) {
        true => Ok(()),
        false => Err(EnvironmentError::NoKey(vendor.title(), key_variable(vendor))),
    }
}

/// The instant that `UNDERTOW_NOW` names.
///
/// # Errors
/// The text is not an instant.
pub fn start_at() -> Result<Option<DateTime<Utc>>, EnvironmentError> {
    variable("UNDERTOW_NOW")
        .map(|text| match DateTime::parse_from_rfc3339(&text) {
            Ok(at) => Ok(at.to_utc()),
            Err(_) => Err(EnvironmentError::NotAnInstant(text)),
        })
        .transpose()
}
