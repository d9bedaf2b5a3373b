//! `undertowd` in a process of its own, with a data folder and settings of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::until;

/// What a test of the daemon starts from: a folder, settings and variables.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
}

/// A running daemon. It is killed when it is dropped.
pub(crate) struct Undertowd {
    pub(crate) url: String,
    child: Child,
    said: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Place {
    /// An empty data folder and these settings.
    pub(crate) fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("undertow.toml"), settings).unwrap();
        std::fs::create_dir(folder.path().join("ui")).unwrap();
        std::fs::write(folder.path().join("ui/index.html"), "<title>Undertow</title>").unwrap();
        Self { folder, variables: Vec::new() }
    }

    /// Sets an environment variable of every process that is started from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.into()));
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertowd"));
        for (name, _) in std::env::vars() {
            if name.starts_with("UNDERTOW_") && name != "UNDERTOW_PG_DIR" {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("UNDERTOW_DATA_DIR", self.data_dir())
            .env("UNDERTOW_CONFIG", self.folder.path().join("undertow.toml"))
            .env("UNDERTOW_UI_DIR", self.folder.path().join("ui"))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// Starts a daemon and waits until it says where it is.
    pub(crate) async fn start(&self, arguments: &[&str]) -> Undertowd {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let readers = vec![
            follow(child.stdout.take().expect("piped"), Arc::clone(&said)),
            follow(child.stderr.take().expect("piped"), Arc::clone(&said)),
        ];
        let mut daemon = Undertowd { url: String::new(), child, said, readers };
        daemon.url = until("the daemon says where it is", async || {
            let ended = daemon.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", daemon.said());
            let text = daemon.said();
            let line = text.lines().find_map(|line| line.strip_prefix("Undertow is at "));
            line.map(str::to_owned)
        })
        .await;
        daemon
    }
}

/// A command that ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Self { code: output.status.code(), stdout, stderr }
    }

    /// Everything that it said.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts an exit code and words.
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        let all = self.all();
        assert_eq!(self.code, Some(code), "{all}");
        for words in words {
            assert!(all.contains(words), "\"{words}\" is not in: {all}");
        }
    }
}

fn follow(from: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(from);
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
            into.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
            line.clear();
        }
    })
}

impl Undertowd {
    /// Everything that it said so far, on both outputs.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Host and port.
    pub(crate) fn host(&self) -> &str {
        self.url.strip_prefix("http://").expect("an http address")
    }

    /// Runs a command of the interface: the answer, or the status and the error.
    pub(crate) async fn call(&self, name: &str, request: Value) -> Result<Value, (u16, Value)> {
        let request = client()
            .post(format!("{}/api/rpc/{name}", self.url))
            .header("x-undertow", "1")
            .body(request.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        if status.is_success() { Ok(body) } else { Err((status.as_u16(), body)) }
    }

    /// Waits until its market is open.
    pub(crate) async fn until_open(&self) {
        until("the market is open", async || {
            let app = self.call("get_app", json!({})).await.unwrap();
            assert_ne!(app["mode"], "failed", "{app}");
            (app["mode"] == "live" || app["mode"] == "simulated").then_some(())
        })
        .await;
    }

    /// Waits until every feed was asked and no backfill is left.
    pub(crate) async fn until_caught_up(&self) {
        until("everything is caught up", async || {
            let status = self.call("get_status", json!({})).await.ok()?;
            let feeds = status["feeds"].as_array()?;
            let asked = feeds.iter().all(|feed| feed["asked_ms"].is_f64());
            let idle = status["backfills"].as_array()?.is_empty();
            (idle && asked && !feeds.is_empty()).then_some(())
        })
        .await;
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it did. Gives everything that it said.
    pub(crate) async fn stop(mut self) -> (ExitStatus, String) {
        signal("TERM", self.child.id());
        let ended =
            until("the daemon ends", async || self.child.try_wait().expect("our child")).await;
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader does not panic");
        }
        (ended, self.said())
    }
}

impl Drop for Undertowd {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Sends a signal to a process that the test started, by its number.
pub(crate) fn signal(name: &str, process_id: u32) {
    let name = format!("-{name}");
    let sent = Command::new("kill").args([&name, &process_id.to_string()]).status().unwrap();
    assert!(sent.success(), "kill {name} {process_id}");
}

/// The number of the Postgres process of a data folder.
pub(crate) fn postgres_process(data_dir: &Path) -> Option<u32> {
    files(&data_dir.join("postgres"))
        .into_iter()
        .find(|path| path.file_name().is_some_and(|name| name == "postmaster.pid"))
        .and_then(|path| std::fs::read_to_string(path).ok()?.lines().next()?.trim().parse().ok())
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}

/// A client that asks this machine and nobody else.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client without extras")
}
