//! The server's process: starting it, and what earlier servers left behind.

use std::fs;
use std::io;
#[cfg(target_os = "linux")]
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::EmbeddedError;
use super::cluster::open_log;
use super::supervisor::Launch;

/// How long an orphan may take to end, and children of a killed server to notice.
const ORPHAN_LIMIT: Duration = Duration::from_secs(10);
/// How often we look.
const POLL: Duration = Duration::from_millis(50);
/// The lines of postmaster.pid that say where its socket is and what the server is doing, counted
/// from zero.
const SOCKET_LINE: usize = 4;
const STATUS_LINE: usize = 7;

/// Starts the server as our direct child. Call it from a thread that lives as long as the app:
/// the kernel ends the server when that thread ends.
pub(super) fn spawn(launch: &Launch) -> Result<Child, EmbeddedError> {
    let mut command = Command::new(&launch.postgres);
    command
        .args(&launch.arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(open_log(&launch.log)?)
        .process_group(0);
    launch.owner.apply(&mut command);
    end_with_us(&mut command, libc::SIGINT);
    command.spawn().map_err(EmbeddedError::file(&launch.postgres))
}

/// Asks the kernel to send the signal when the thread that starts the command ends, which it does
/// when we are killed.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "pre_exec has no safe form; prctl and getppid are async-signal-safe"
)]
pub(super) fn end_with_us(command: &mut Command, signal: libc::c_int) {
    let parent = std::process::id();
    // SAFETY: between fork and exec the closure only makes two system calls; it allocates nothing.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                return Err(io::Error::last_os_error());
            }
            // We may have died before the request: then nobody would ever end the server.
            let still_ours = u32::try_from(libc::getppid()) == Ok(parent);
            if still_ours { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
        });
    }
}

/// Other systems have no such request: the next start stops the orphan.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_with_us(_command: &mut Command, _signal: libc::c_int) {}

/// Whether the server with this process id says that it takes connections.
pub(super) fn is_ready(cluster: &Path, process_id: u32) -> bool {
    let Ok(text) = fs::read_to_string(cluster.join("postmaster.pid")) else {
        return false;
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let ours = lines.first().and_then(|line| line.parse().ok()) == Some(process_id);
    ours && lines.get(STATUS_LINE) == Some(&"ready")
}

/// The folder of the socket of the server on this cluster, while that takes connections.
pub(super) fn socket_of_ready(cluster: &Path) -> Option<PathBuf> {
    let pid = recorded_pid(cluster)?;
    let process_id = u32::try_from(pid.as_raw_pid()).ok()?;
    if !is_server_on(pid, cluster) || !is_ready(cluster, process_id) {
        return None;
    }
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let folder = text.lines().nth(SOCKET_LINE)?.trim();
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}

/// Ends a server that an earlier Undertow left on this cluster, and takes care of a stale
/// postmaster.pid whose number now belongs to a stranger. Never signals a process that is not
/// Postgres on this very cluster.
pub(super) fn clear_the_way(cluster: &Path) -> Result<(), EmbeddedError> {
    let Some(pid) = recorded_pid(cluster) else {
        return wait_for_children(cluster);
    };
    if is_server_on(pid, cluster) {
        tracing::warn!(
            process_id = pid.as_raw_pid(),
            "stopping a Postgres server of an earlier start"
        );
        return stop_orphan(pid, cluster);
    }
    wait_for_children(cluster)?;
    if test_kill_process(pid).is_ok() {
        set_stale_pid_file_aside(cluster)?;
    }
    Ok(())
}

fn recorded_pid(cluster: &Path) -> Option<Pid> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

fn stop_orphan(pid: Pid, cluster: &Path) -> Result<(), EmbeddedError> {
    for signal in [Signal::INT, Signal::QUIT] {
        // It may have ended by itself; the wait below tells.
        let _already_gone = kill_process(pid, signal);
        if wait_until(|| !is_server_on(pid, cluster)) {
            return wait_for_children(cluster);
        }
    }
    Err(orphan(cluster, pid))
}

/// Children of a killed server hold its shared memory until they notice; a server started over
/// them would refuse, or worse.
pub(super) fn wait_for_children(cluster: &Path) -> Result<(), EmbeddedError> {
    if wait_until(|| servers_on(cluster).is_empty()) {
        return Ok(());
    }
    match servers_on(cluster).first() {
        Some(pid) => Err(orphan(cluster, *pid)),
        None => Ok(()),
    }
}

/// Postgres refuses to start while the number in postmaster.pid belongs to any live process of
/// its user. We have seen that no process works on this cluster, so the file is stale; it is kept
/// under another name.
fn set_stale_pid_file_aside(cluster: &Path) -> Result<(), EmbeddedError> {
    let file = cluster.join("postmaster.pid");
    tracing::warn!(file = %file.display(), "set a stale postmaster.pid aside: its process is not Postgres");
    fs::rename(&file, cluster.join("postmaster.pid.stale")).map_err(EmbeddedError::file(file))
}

fn orphan(cluster: &Path, pid: Pid) -> EmbeddedError {
    let process_id = pid.as_raw_pid().unsigned_abs();
    EmbeddedError::Orphan { cluster: cluster.to_owned(), process_id }
}

fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + ORPHAN_LIMIT;
    while !done() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL);
    }
    true
}

/// Whether the process is a Postgres whose working folder is this cluster, by whatever path
/// either is known.
#[cfg(target_os = "linux")]
fn is_server_on(pid: Pid, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.as_raw_pid().to_string());
    let is_postgres = fs::read_link(process.join("exe")).is_ok_and(|exe| {
        // The kernel appends " (deleted)" after an upgrade replaced the file.
        exe.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"postgres"))
    });
    is_postgres && is_same_folder(&process.join("cwd"), cluster)
}

#[cfg(target_os = "linux")]
fn is_same_folder(one: &Path, other: &Path) -> bool {
    let identity = |path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// Every Postgres process on this cluster, children included.
#[cfg(target_os = "linux")]
fn servers_on(cluster: &Path) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pid = |entry: fs::DirEntry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
    processes.filter_map(pid).filter(|pid| is_server_on(*pid, cluster)).collect()
}

/// Without /proc the command line is all there is: the postmaster's names its cluster.
#[cfg(not(target_os = "linux"))]
fn is_server_on(pid: Pid, cluster: &Path) -> bool {
    let pid = pid.as_raw_pid().to_string();
    let output = Command::new("ps").args(["-p", &pid, "-o", "command="]).output();
    output.is_ok_and(|output| {
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        line.contains("bin/postgres") && line.contains(&format!("-D {}", cluster.display()))
    })
}

/// Children cannot be told apart without /proc; Postgres' own shared-memory check stands guard.
#[cfg(not(target_os = "linux"))]
fn servers_on(_cluster: &Path) -> Vec<Pid> {
    Vec::new()
}
