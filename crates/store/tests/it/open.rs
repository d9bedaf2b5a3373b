//! Opening a database.

use sqlx::{Connection, Executor};
use undertow_market::VendorId;
use undertow_store::{SimulatedMarket, Store, StoreError, StoreOptions};
use undertow_testkit::chaos::{Proxy, Upstream};
use undertow_testkit::postgres::TestDatabase;

const REAL: StoreOptions = StoreOptions { simulated: None, is_in_use: false };

fn simulated(seed: u64) -> StoreOptions {
    StoreOptions { simulated: Some(SimulatedMarket { seed }), ..REAL }
}

#[tokio::test]
async fn an_empty_database_is_migrated_and_opens_again() {
    let database = TestDatabase::create_empty().await.unwrap();
    for _ in 0..2 {
        let store = Store::open(database.address(), REAL).await.unwrap();
        let status = store.status().await.unwrap();
        assert_eq!(status.schema_version, status.known_schema_version);
        assert_eq!(status.simulated, None);
        store.close().await;
    }
}

#[tokio::test]
async fn a_schema_does_not_change_under_a_program_that_uses_it() {
    let in_use = StoreOptions { is_in_use: true, ..REAL };
    let database = TestDatabase::create().await.unwrap();
    Store::open(database.address(), in_use).await.unwrap();
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    let newest = "DELETE FROM _sqlx_migrations
                  WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    connection.execute(newest).await.unwrap();
    let refused = Store::open(database.address(), in_use).await;
    let error = refused.expect_err("an earlier version's");
    assert!(matches!(error, StoreError::SchemaInUse { .. }), "{error}");
    assert!(error.to_string().contains("end that one first"), "{error}");
    // One that nobody has used yet is nobody's to keep.
    let empty = TestDatabase::create_empty().await.unwrap();
    Store::open(empty.address(), in_use).await.unwrap();
}

#[tokio::test]
async fn real_and_simulated_data_never_share_a_database() {
    let check = async |first: StoreOptions, second: StoreOptions, said: &str| {
        let database = TestDatabase::create().await.unwrap();
        let store = Store::open(database.address(), first).await.unwrap();
        assert_eq!(store.status().await.unwrap().simulated, first.simulated);
        let refused = Store::open(database.address(), second).await.expect_err(said);
        assert!(matches!(refused, StoreError::OtherMarket { .. }), "{refused}");
        assert!(refused.to_string().contains(said), "{refused}");
    };
    check(REAL, simulated(7), "holds real data, not simulated data (seed 7)").await;
    check(simulated(7), REAL, "holds simulated data (seed 7), not real data").await;
    check(simulated(7), simulated(8), "(seed 7), not simulated data (seed 8)").await;
    check(simulated(u64::MAX), simulated(0), "(seed 18446744073709551615)").await;
}

#[tokio::test]
async fn a_schema_from_a_later_version_is_left_alone() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    connection
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', true, '\\x00', 0)",
        )
        .await
        .unwrap();
    let refused = Store::open(database.address(), REAL).await.expect_err("a later schema");
    assert!(matches!(refused, StoreError::SchemaTooNew { found: 9999, .. }), "{refused}");
    assert!(refused.to_string().contains("update Undertow"), "{refused}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let refused = Store::open_url("postgres://u:canary@127.0.0.1:1/nowhere", REAL).await;
    let error = refused.expect_err("nothing listens on port 1");
    assert!(error.is_retryable(), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1/nowhere"), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test]
async fn one_program_collects_into_a_database() {
    let database = TestDatabase::create().await.unwrap();
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    let mut lock = one.collector_lock(VendorId::UnusualWhales).await.unwrap().expect("it is free");
    assert!(lock.is_held().await);
    assert!(two.collector_lock(VendorId::UnusualWhales).await.unwrap().is_none());
    lock.release().await.unwrap();
    assert!(two.collector_lock(VendorId::UnusualWhales).await.unwrap().is_some());
}

#[tokio::test]
async fn a_collector_learns_that_its_lock_is_gone() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let mut lock =
        store.collector_lock(VendorId::UnusualWhales).await.unwrap().expect("it is free");
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    connection
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .await
        .unwrap();
    assert!(!lock.is_held().await);
}

#[tokio::test]
async fn a_lock_whose_connection_went_silent_is_taken_again_from_ourselves_only() {
    let database = TestDatabase::create().await.unwrap();
    let other = database.store().await.unwrap();
    let (proxy, store) = behind_a_proxy(&database).await;
    let mut lock = store.collector_lock(VendorId::Polygon).await.unwrap().expect("it is free");
    // The server hears nothing of the end: for it the connection is as good as ever.
    proxy.set(|faults| faults.blackhole = true);
    assert!(!lock.is_held().await);
    let away = store.regain(&lock).await;
    assert!(matches!(away, Err(StoreError::NoConnection { .. })), "{away:?}");
    assert!(other.collector_lock(VendorId::Polygon).await.unwrap().is_none());
    proxy.set(|faults| faults.blackhole = false);
    let mut again = store.regain(&lock).await.unwrap().expect("nobody but us had it");
    assert!(again.is_held().await);
    again.release().await.unwrap();

    // What another program has stays with it.
    let mut theirs = other.collector_lock(VendorId::Polygon).await.unwrap().expect("given back");
    assert!(store.regain(&lock).await.unwrap().is_none());
    assert!(theirs.is_held().await);
}

/// A store that reaches its database through a bad network.
async fn behind_a_proxy(database: &TestDatabase) -> (Proxy, Store) {
    let address = database.address();
    let folder = address.get_socket().expect("the test server is reached over a socket");
    let socket = folder.join(format!(".s.PGSQL.{}", address.get_port()));
    let proxy = Proxy::start(Upstream::Unix(socket)).await.unwrap();
    let (user, at) = (address.get_username(), proxy.address());
    let url = format!("postgres://{user}@{at}/{}?sslmode=disable", database.name);
    let store = Store::open_url(&url, StoreOptions::default()).await.unwrap();
    (proxy, store)
}

#[tokio::test]
async fn a_transaction_that_was_cancelled_while_it_began_does_not_swallow_the_next_write() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    let symbol = undertow_market::Symbol::new("SPY").unwrap();
    let at = chrono::Utc::now();
    for _ in 0..50 {
        // Dropped after one poll: the statement is on its way, its answer is not.
        let mut write = Box::pin(store.set_watch_list(std::slice::from_ref(&symbol), at));
        std::future::poll_fn(|context| {
            let _ = write.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
        drop(write);
    }
    store.set_watch_list(std::slice::from_ref(&symbol), at).await.unwrap();
    let other = Store::open(database.address(), REAL).await.unwrap();
    assert_eq!(other.watch_list().await.unwrap(), [symbol]);
}
