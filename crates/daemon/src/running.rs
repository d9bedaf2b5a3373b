//! A running daemon: where it listens, and asking it.
//!
//! A daemon leaves its address in the data folder. A second command finds it there and asks it,
//! because two programs cannot run one embedded database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use undertow_api::error::ApiError;

/// Longest wait for a running daemon's answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Where a daemon listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) pid: u32,
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("undertowd.json")
}

impl Running {
    /// Leaves the address in the data folder.
    pub(crate) fn announce(&self, data_dir: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(data_dir).with_context(|| data_dir.display().to_string())?;
        let path = file(data_dir);
        std::fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Takes the address away again.
    pub(crate) fn withdraw(data_dir: &Path) {
        if let Err(error) = std::fs::remove_file(file(data_dir)) {
            tracing::debug!(%error, "no address to take away");
        }
    }

    /// The daemon on this data folder, if one answers.
    pub(crate) async fn find(data_dir: &Path) -> Option<Self> {
        let text = std::fs::read(file(data_dir)).ok()?;
        let running: Self = serde_json::from_slice(&text).ok()?;
        let answer = client().ok()?.get(format!("{}/api/health", running.url)).send().await.ok()?;
        answer.headers().contains_key("x-undertow").then_some(running)
    }

    /// Runs a command of the interface on it.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        name: &str,
        request: &impl Serialize,
    ) -> anyhow::Result<T> {
        let answer = client()?
            .post(format!("{}/api/rpc/{name}", self.url))
            .header("x-undertow", "1")
            .json(request)
            .send()
            .await
            .context("the running undertowd does not answer")?;
        if answer.status().is_success() {
            return answer.json().await.context("the running undertowd gave an odd answer");
        }
        let error: ApiError = answer.json().await.context("the running undertowd failed")?;
        Err(error.into())
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().timeout(ANSWER_WITHIN).no_proxy().build()?)
}
