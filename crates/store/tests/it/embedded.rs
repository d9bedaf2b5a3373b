//! The embedded server: its folder, its lock, and what earlier servers left behind. The
//! first test starts it as the app does; the others leave fsync out, which they say nothing about.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use tempfile::TempDir;
use undertow_store::embedded::{
    Durability, EmbeddedConfig, EmbeddedError, EmbeddedPostgres, RunningPostgres, ServerState,
};
use undertow_store::{Store, StoreOptions};

/// Longest wait for anything that is due within a second or two on an idle machine.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

async fn start_durable(folder: &TempDir) -> EmbeddedPostgres {
    EmbeddedPostgres::start(EmbeddedConfig::new(folder.path())).await.unwrap()
}

async fn start(folder: &TempDir) -> Result<EmbeddedPostgres, EmbeddedError> {
    EmbeddedPostgres::start(throwaway(folder.path())).await
}

fn throwaway(folder: &Path) -> EmbeddedConfig {
    EmbeddedConfig { durability: Durability::Throwaway, ..EmbeddedConfig::new(folder) }
}

async fn answers(server: &EmbeddedPostgres) -> bool {
    let address = server.database("undertow").await.unwrap();
    let Ok(mut connection) = address.connect().await else {
        return false;
    };
    sqlx::query("SELECT 1").execute(&mut connection).await.is_ok()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn it_starts_durable_private_and_keeps_its_data() {
    let folder = TempDir::new().unwrap();
    let server = start_durable(&folder).await;
    let address = server.database("undertow").await.unwrap();
    let store = Store::open(address.clone(), StoreOptions::default()).await.unwrap();
    let status = store.status().await.unwrap();
    assert!(status.durable, "{status:?}");
    assert_eq!(status.server_version.split('.').next().unwrap(), server.major().to_string());
    store
        .add_to_watch_list(&crate::fixtures::symbol("SPY"), crate::fixtures::after(0))
        .await
        .unwrap();
    store.close().await;

    assert_eq!(mode(&folder.path().join("password")), 0o600);
    assert_eq!(mode(&folder.path().join("cluster")), 0o700);
    let socket = address.get_socket().unwrap().clone();
    assert_eq!(mode(&socket), 0o700);
    assert!(socket.as_os_str().len() < 80, "{}", socket.display());
    let password = fs::read_to_string(folder.path().join("password")).unwrap();
    let stranger = address.clone().password("wrong").connect().await;
    assert!(stranger.is_err(), "the password is asked for");
    server.stop().await.unwrap();
    assert!(!socket.exists(), "an orderly stop leaves no folder behind");

    let server = start_durable(&folder).await;
    assert_eq!(fs::read_to_string(folder.path().join("password")).unwrap(), password);
    let store = Store::open(server.database("undertow").await.unwrap(), StoreOptions::default())
        .await
        .unwrap();
    assert_eq!(store.watch_list().await.unwrap().len(), 1);
    store.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_program_uses_the_server_that_the_first_one_runs() {
    let folder = TempDir::new().unwrap();
    assert!(RunningPostgres::find(folder.path()).await.unwrap().is_none(), "nobody is there");
    let server = start_durable(&folder).await;
    let ours = Store::open(server.database("undertow").await.unwrap(), StoreOptions::default());
    let ours = ours.await.unwrap();
    let running = RunningPostgres::find(folder.path()).await.unwrap().expect("the server runs");
    let in_use = StoreOptions { is_in_use: true, ..StoreOptions::default() };
    let beside = Store::open(running.database("undertow").await.unwrap(), in_use).await.unwrap();
    let (symbol, at) = (crate::fixtures::symbol("SPY"), crate::fixtures::after(0));
    beside.add_to_watch_list(&symbol, at).await.unwrap();
    assert_eq!(ours.watch_list().await.unwrap(), [symbol]);
    assert!(!format!("{running:?}").contains(&password_of(&folder)));
    beside.close().await;
    assert!(answers(&server).await, "it is the first program's to end");
    ours.close().await;
    server.stop().await.unwrap();
    assert!(RunningPostgres::find(folder.path()).await.unwrap().is_none(), "it has ended");
}

fn password_of(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("password")).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_folder_in_use_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await.unwrap();
    let error = start(&folder).await.expect_err("it is in use");
    assert!(matches!(error, EmbeddedError::InUse { .. }), "{error}");
    let name = folder.path().display().to_string();
    assert!(
        error.to_string().contains(&name) && error.to_string().contains("already in use"),
        "{error}"
    );
    assert!(answers(&server).await, "the refused start left the first server alone");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn data_of_another_major_version_is_left_untouched() {
    let folder = TempDir::new().unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
    let version = folder.path().join("cluster/PG_VERSION");
    fs::write(&version, "9.6\n").unwrap();
    let error = start(&folder).await.expect_err("the data is of 9.6");
    assert!(matches!(error, EmbeddedError::WrongMajor { .. }), "{error}");
    let said = error.to_string();
    assert!(said.contains("Postgres 9.6") && said.contains("nothing was changed"), "{said}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "9.6\n");
}

#[tokio::test]
async fn a_half_made_cluster_is_moved_aside_and_made_again() {
    let folder = TempDir::new().unwrap();
    for name in ["cluster.new", "cluster"] {
        fs::create_dir(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("postgresql.conf"), "half").unwrap();
    }
    let server = start(&folder).await.unwrap();
    assert!(answers(&server).await);
    server.stop().await.unwrap();
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> =
        entries.filter(|path| path.to_string_lossy().contains("half-made")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|path| fs::read(path.join("postgresql.conf")).unwrap() == b"half"));
}

#[tokio::test]
async fn a_damaged_cluster_is_named_and_left_alone() {
    let folder = TempDir::new().unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
    let check = async |part: &str| {
        let (path, away) = (folder.path().join(part), folder.path().join("away"));
        fs::rename(&path, &away).unwrap();
        let error = start(&folder).await.expect_err(part);
        assert!(matches!(error, EmbeddedError::Damaged { .. }), "{error}");
        assert!(folder.path().join("cluster/base").exists());
        fs::rename(&away, &path).unwrap();
    };
    check("cluster/global/pg_control").await;
    check("cluster/PG_VERSION").await;
    check("password").await;
    start(&folder).await.unwrap().stop().await.unwrap();
}

/// A process of the server's own user that is not Postgres.
fn bystander(folder: &TempDir) -> Child {
    let owner = fs::metadata(folder.path().join("cluster")).unwrap();
    Command::new("sleep")
        .arg("600")
        .uid(owner.uid())
        .gid(owner.gid())
        .current_dir("/")
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_stale_pid_file_with_a_strangers_number_neither_stops_us_nor_the_stranger() {
    let folder = TempDir::new().unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
    let mut stranger = bystander(&folder);
    let pid_file = folder.path().join("cluster/postmaster.pid");
    let cluster = folder.path().join("cluster");
    fs::write(
        &pid_file,
        format!("{}\n{}\n1\n5432\n/tmp\n\n\nready\n", stranger.id(), cluster.display()),
    )
    .unwrap();
    let server = start(&folder).await.unwrap();
    assert!(answers(&server).await);
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger lives");
    assert!(cluster.join("postmaster.pid.stale").exists(), "the old file is kept");
    server.stop().await.unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[tokio::test]
async fn a_pid_file_of_a_dead_server_does_not_stop_us() {
    let folder = TempDir::new().unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
    let mut dead = bystander(&folder);
    dead.kill().unwrap();
    dead.wait().unwrap();
    let cluster = folder.path().join("cluster");
    let text = format!("{}\n{}\n1\n5432\n/tmp\n\n\nready\n", dead.id(), cluster.display());
    fs::write(cluster.join("postmaster.pid"), text).unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
}

/// A server on the folder's cluster that nobody looks after.
fn leave_server(folder: &TempDir) -> Child {
    let owner = fs::metadata(folder.path().join("cluster")).unwrap();
    let found = undertow_store::embedded::Binaries::locate(None).unwrap();
    Command::new(fs::canonicalize(found.root).unwrap().join("bin/postgres"))
        .args(["-D".into(), folder.path().join("cluster")])
        .args(["-c", "listen_addresses=", "-c"])
        .arg(format!("unix_socket_directories={}", folder.path().join("cluster").display()))
        .uid(owner.uid())
        .gid(owner.gid())
        .current_dir("/")
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The process id and the socket's folder that a server which is ready wrote down.
async fn ready_server(folder: &TempDir) -> (u32, PathBuf) {
    let pid_file = folder.path().join("cluster/postmaster.pid");
    until("the server is ready", || {
        let text = fs::read_to_string(&pid_file).ok().filter(|text| text.contains("ready"))?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some((lines[0].parse().unwrap(), PathBuf::from(lines[4])))
    })
    .await
}

/// Looks again and again until there is something to see.
async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LONGEST_WAIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited too long: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn send(signal: &str, process_id: u32) {
    let sent = Command::new("kill").args([signal, &process_id.to_string()]).status().unwrap();
    assert!(sent.success(), "kill {signal} {process_id}");
}

#[tokio::test]
async fn a_server_that_an_earlier_start_left_is_stopped_first() {
    let folder = TempDir::new().unwrap();
    start(&folder).await.unwrap().stop().await.unwrap();
    let check = async |what: &str| {
        let mut orphan = leave_server(&folder);
        ready_server(&folder).await;
        let server = start(&folder).await.unwrap();
        assert!(answers(&server).await, "{what}");
        assert_ne!(server.process_id(), Some(orphan.id()), "{what}");
        assert!(orphan.wait().unwrap().success(), "{what}: it was shut down in order");
        server.stop().await.unwrap();
    };
    check("in its folder").await;
    let cluster = folder.path().join("cluster");
    fs::rename(&cluster, folder.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", &cluster).unwrap();
    check("behind a link").await;
}

#[tokio::test]
async fn a_server_outlives_the_thread_that_asked_for_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_owned();
    let asked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(EmbeddedPostgres::start(throwaway(&path))).unwrap()
    });
    // The kernel ends a server with the thread that started it: that must be one that stays.
    let server = asked.join().unwrap();
    let first = server.process_id();
    assert!(answers(&server).await);
    assert_eq!(server.process_id(), first);
    assert_eq!(*server.state().borrow(), ServerState::Ready);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_comes_back() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await.unwrap();
    let mut state = server.state();
    for _ in 0..3 {
        let killed = server.process_id().unwrap();
        send("-9", killed);
        state.wait_for(|state| matches!(state, ServerState::Restarting { .. })).await.unwrap();
        state.wait_for(|state| *state == ServerState::Ready).await.unwrap();
        assert_ne!(server.process_id(), Some(killed));
        assert!(answers(&server).await);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn dropping_the_handle_ends_the_server_and_frees_the_folder() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let server = start(&folder).await.unwrap();
        drop(server);
        assert!(!folder.path().join("cluster/postmaster.pid").exists(), "an orderly end");
        assert!(folder.path().join("cluster/PG_VERSION").exists(), "the data stays");
    }
}

#[tokio::test]
async fn an_odd_folder_name_is_no_hindrance() {
    let folder = TempDir::with_prefix("under tow, \"é\" ").unwrap();
    let server = start(&folder).await.unwrap();
    assert!(answers(&server).await);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_database_name_is_checked() {
    let folder = TempDir::new().unwrap();
    let server = start(&folder).await.unwrap();
    for name in ["", "1a", "A", "a b", "a\"b", "é", &"a".repeat(41)] {
        let refused = server.database(name).await;
        assert!(matches!(refused, Err(EmbeddedError::BadDatabaseName(_))), "{name:?}");
    }
    server.database("undertow_demo_7").await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_root_users_private_folder_is_no_hindrance() {
    let home = TempDir::new().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let config = throwaway(&home.path().join("share/undertow"));
    for _ in 0..2 {
        let server = EmbeddedPostgres::start(config.clone()).await.unwrap();
        assert!(answers(&server).await);
        server.stop().await.unwrap();
    }
    let cluster = home.path().join("share/undertow/cluster");
    assert!(cluster.join("PG_VERSION").exists(), "the data is found from its folder");
    if let Ok(place) = fs::read_link(&cluster) {
        fs::remove_dir_all(place.parent().unwrap()).unwrap();
    }
    assert_eq!(mode(home.path()), 0o700, "the home stays shut");
}

/// Only Linux ends a server with its program; elsewhere the next start does.
#[cfg(target_os = "linux")]
mod after_a_kill {
    use super::*;

    /// In a program that a test starts to kill it: the data folder of its server.
    const TO_BE_KILLED: &str = "UNDERTOW_TEST_TO_BE_KILLED";

    /// Another program, with a server on the folder: this test binary, which runs one test that sees
    /// the variable [`TO_BE_KILLED`].
    fn start_program(test: &str, folder: &TempDir) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &format!("embedded::after_a_kill::{test}"), "--nocapture"])
            .env(TO_BE_KILLED, folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What that program does. Should nobody kill it, it ends by itself.
    async fn run_program(folder: PathBuf) {
        let _server = EmbeddedPostgres::start(throwaway(&folder)).await.unwrap();
        tokio::time::sleep(LONGEST_WAIT).await;
    }

    #[tokio::test]
    async fn its_server_ends_and_the_next_start_clears_its_socket_away() {
        if let Some(folder) = std::env::var_os(TO_BE_KILLED) {
            return run_program(folder.into()).await;
        }
        let test = "its_server_ends_and_the_next_start_clears_its_socket_away";
        let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut program = start_program(test, &folder);
        let (process_id, socket) = ready_server(&folder).await;
        let bystander = start(&other).await.unwrap();
        assert!(socket.is_dir(), "a start does not take a living program's socket away");

        program.kill().unwrap();
        program.wait().unwrap();
        until("its server ends", || (!is_alive(process_id)).then_some(())).await;
        let log = fs::read_to_string(folder.path().join("server.log")).unwrap();
        assert!(log.trim_end().ends_with("database system is shut down"), "in order: {log}");
        bystander.stop().await.unwrap();
        start(&other).await.unwrap().stop().await.unwrap();
        assert!(!socket.exists(), "a start of any folder removes {}", socket.display());
    }

    #[tokio::test]
    async fn a_start_waits_for_its_dying_server() {
        if let Some(folder) = std::env::var_os(TO_BE_KILLED) {
            return run_program(folder.into()).await;
        }
        let test = "a_start_waits_for_its_dying_server";
        let folder = TempDir::new().unwrap();
        let mut program = start_program(test, &folder);
        let (process_id, _) = ready_server(&folder).await;
        // A server ends after its children. The kernel would thaw the server itself with the kill.
        let children = children(process_id);
        children.iter().for_each(|child| send("-STOP", *child));
        program.kill().unwrap();
        program.wait().unwrap();

        let thaw = async {
            let lock = fs::File::open(folder.path().join("lock")).unwrap();
            until("the start has the folder", || {
                let is_free = lock.try_lock().is_ok();
                lock.unlock().unwrap();
                (!is_free).then_some(())
            })
            .await;
            assert!(is_alive(process_id), "the start began before the old server's end");
            children.iter().for_each(|child| send("-CONT", *child));
        };
        let (server, ()) = tokio::join!(start(&folder), thaw);
        let server = server.unwrap();
        assert!(!is_alive(process_id), "one server on one cluster");
        assert!(answers(&server).await);
        server.stop().await.unwrap();
    }

    fn is_alive(process_id: u32) -> bool {
        // A dead process without a parent that collects it has no program any more.
        fs::read_link(format!("/proc/{process_id}/exe")).is_ok()
    }

    fn children(process_id: u32) -> Vec<u32> {
        let list = fs::read_to_string(format!("/proc/{process_id}/task/{process_id}/children"));
        list.unwrap().split_whitespace().map(|child| child.parse().unwrap()).collect()
    }
}
