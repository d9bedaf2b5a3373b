//! Keeps the server running: one thread that starts it, waits for it and starts it again.

use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::sync::watch;

use super::EmbeddedError;
use super::owner::Owner;
use super::process;

/// How often a starting server is asked whether it is ready.
const READY_POLL: Duration = Duration::from_millis(15);
/// A first start that fails is tried again for this long: children of a killed server linger.
const LINGER_LIMIT: Duration = Duration::from_secs(10);
/// Pause between those tries.
const LINGER_PAUSE: Duration = Duration::from_millis(100);
/// Pause before the first restart of a server that died; doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between restarts: collecting is to go on within ten seconds of a crash.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// A server that ran this long has recovered: its earlier deaths are forgotten.
const RECOVERED_AFTER: Duration = Duration::from_secs(10);
/// How long a dropped server may take to end before we stop waiting for it.
const DROP_LIMIT: Duration = Duration::from_secs(10);

/// What the server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// Starting or recovering.
    Starting,
    /// Taking connections.
    Ready,
    /// It died and is being started again.
    Restarting {
        /// How many times in a row.
        attempt: u32,
    },
    /// It could not be started. Final.
    Failed {
        /// Why.
        message: String,
    },
    /// Stopped because we asked. Final.
    Stopped,
}

/// What to start.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) postgres: PathBuf,
    pub(super) arguments: Vec<String>,
    pub(super) cluster: PathBuf,
    pub(super) log: PathBuf,
    pub(super) owner: Owner,
}

/// The handle of the thread.
#[derive(Debug)]
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: watch::Sender<ServerState>,
    stopping: AtomicBool,
    /// The child, from its start until it is reaped: a number in here is never a stranger's.
    process: Mutex<Option<Pid>>,
}

impl Supervisor {
    pub(super) fn start(launch: Launch) -> Result<Self, EmbeddedError> {
        let shared = Arc::new(Shared {
            state: watch::Sender::new(ServerState::Starting),
            stopping: AtomicBool::new(false),
            process: Mutex::new(None),
        });
        let log = launch.log.clone();
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || for_thread.run(&launch))
            .map_err(EmbeddedError::file(log))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    pub(super) fn state(&self) -> watch::Receiver<ServerState> {
        self.shared.state.subscribe()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.shared.process().map(|pid| pid.as_raw_pid().unsigned_abs())
    }

    pub(super) fn request_stop(&self, signal: Signal) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.signal(signal);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Waits for the end. False when the time is up first.
    pub(super) async fn until_stopped(&mut self, limit: Duration) -> bool {
        let mut state = self.shared.state.subscribe();
        let ended = state.wait_for(is_final);
        if tokio::time::timeout(limit, ended).await.is_err() {
            return false;
        }
        // A final state is the last thing the thread does.
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }
}

impl Drop for Supervisor {
    /// Ends the server and waits for it, so that its folder can be used at once.
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.signal(Signal::INT);
        thread.thread().unpark();
        let deadline = Instant::now() + DROP_LIMIT;
        while !thread.is_finished() && Instant::now() < deadline {
            thread::sleep(READY_POLL);
        }
    }
}

fn is_final(state: &ServerState) -> bool {
    matches!(state, ServerState::Stopped | ServerState::Failed { .. })
}

/// How one life of the server ended.
enum Life {
    NeverReady(String),
    Died { ran: Duration },
}

impl Shared {
    fn run(&self, launch: &Launch) {
        let mut was_ready = false;
        let mut attempt = 0_u32;
        let began = Instant::now();
        while !self.is_stopping() {
            let pause = match self.live_once(launch, &mut was_ready) {
                Life::NeverReady(message) if !was_ready && began.elapsed() > LINGER_LIMIT => {
                    self.state.send_replace(ServerState::Failed { message });
                    return;
                }
                Life::NeverReady(_) if !was_ready => LINGER_PAUSE,
                Life::Died { ran } if ran > RECOVERED_AFTER => {
                    attempt = 1;
                    FIRST_PAUSE
                }
                Life::NeverReady(_) | Life::Died { .. } => {
                    attempt = attempt.saturating_add(1);
                    MAX_PAUSE.min(FIRST_PAUSE * 2_u32.saturating_pow(attempt.min(16) - 1))
                }
            };
            if was_ready && !self.is_stopping() {
                tracing::error!(attempt, "the Postgres server died; starting it again");
                self.state.send_replace(ServerState::Restarting { attempt });
            }
            self.pause(pause);
        }
        self.state.send_replace(ServerState::Stopped);
    }

    fn live_once(&self, launch: &Launch, was_ready: &mut bool) -> Life {
        let mut child = match self.spawn(launch) {
            Ok(child) => child,
            Err(error) => return Life::NeverReady(error.to_string()),
        };
        if let Err(message) = self.until_ready(launch, &mut child) {
            return Life::NeverReady(message);
        }
        *was_ready = true;
        self.state.send_replace(ServerState::Ready);
        let began = Instant::now();
        self.until_exit(&mut child);
        Life::Died { ran: began.elapsed() }
    }

    /// Starts the child under the lock, so that a stop either sees it or prevents it.
    fn spawn(&self, launch: &Launch) -> Result<Child, EmbeddedError> {
        process::clear_the_way(&launch.cluster)?;
        let mut process = self.process();
        let child = process::spawn(launch)?;
        *process = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if self.is_stopping()
            && let Some(pid) = *process
        {
            // It is our child and not reaped yet.
            let _sent = kill_process(pid, Signal::INT);
        }
        Ok(child)
    }

    fn until_ready(&self, launch: &Launch, child: &mut Child) -> Result<(), String> {
        loop {
            let mut process = self.process();
            match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => {
                    *process = None;
                    return Err(format!("it ended at once ({status})"));
                }
                Err(error) => return Err(format!("it cannot be waited for: {error}")),
            }
            drop(process);
            if process::is_ready(&launch.cluster, child.id()) {
                return Ok(());
            }
            thread::sleep(READY_POLL);
        }
    }

    /// Waits without reaping, then reaps under the lock: nobody can signal a number that the
    /// kernel has given to somebody else.
    fn until_exit(&self, child: &mut Child) {
        let Some(pid) = *self.process() else { return };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        let mut process = self.process();
        if let Err(error) = child.wait() {
            tracing::error!(%error, "the Postgres server cannot be waited for");
        }
        *process = None;
    }

    /// Sleeps, but not through a stop.
    fn pause(&self, pause: Duration) {
        let deadline = Instant::now() + pause;
        while !self.is_stopping() {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return;
            };
            thread::park_timeout(left);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.process()
            && let Err(error) = kill_process(pid, signal)
        {
            tracing::warn!(%error, "the Postgres server could not be signalled");
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn process(&self) -> MutexGuard<'_, Option<Pid>> {
        // The number stays right whatever panicked.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
