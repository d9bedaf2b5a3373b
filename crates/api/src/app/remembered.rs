//! Which market the last run showed, so that the next one opens it without asking.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Choice;

/// The market of the last run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "market", rename_all = "snake_case")]
pub(super) enum Remembered {
    Simulated { seed: Option<u32>, speed: Option<f64> },
    Live,
}

impl From<Choice> for Remembered {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Simulated { seed, speed } => Self::Simulated { seed, speed },
            Choice::Live => Self::Live,
        }
    }
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("market.json")
}

impl Remembered {
    pub(super) fn read(data_dir: &Path) -> Option<Self> {
        let text = std::fs::read(file(data_dir)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes itself. A failure costs one question at the next start, so it is only logged.
    pub(super) fn write(self, data_dir: &Path) {
        let written = std::fs::create_dir_all(data_dir).and_then(|()| {
            let text = serde_json::to_vec(&self).map_err(std::io::Error::other)?;
            std::fs::write(file(data_dir), text)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "the choice of market will not be remembered");
        }
    }

    pub(super) fn forget(data_dir: &Path) {
        if let Err(error) = std::fs::remove_file(file(data_dir)) {
            tracing::debug!(%error, "no choice of market to forget");
        }
    }
}
