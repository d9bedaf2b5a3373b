//! Postgres killed in the middle of merges: what was acknowledged is there, once.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;
use undertow_market::Print;
use undertow_store::content::ContentTable;
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};
use undertow_store::merge::Day;
use undertow_store::prints::PrintFilter;
use undertow_store::{MergeContext, Store, StoreOptions};

use crate::fixtures::*;

const KILLS: usize = 8;
const BATCH: i64 = 200;

async fn merge_until_acknowledged(store: &Store, batch: &[Print]) {
    loop {
        match store.merge_prints(batch, MergeContext::default()).await {
            Ok(report) => {
                assert_eq!(report.inserted + report.unchanged, batch.len());
                return;
            }
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}

/// The server may not have noticed yet that one of its backends is gone: then it ends the others,
/// the one that answers us among them.
async fn read_until_answered(store: &Store) -> Vec<Print> {
    let filter = PrintFilter::new(symbol("SPY"), after(0), after(100_000));
    loop {
        match store.prints(&filter).await {
            Ok(prints) => return prints,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
}

/// Kills the whole server or one of its backends, some moments into the merge.
async fn kill(server: &EmbeddedPostgres, dice: &mut StdRng) {
    tokio::time::sleep(Duration::from_micros(dice.random_range(0..20_000))).await;
    let Some(postmaster) = server.process_id() else {
        return;
    };
    let arguments = if dice.random_range(0..3) > 0 {
        vec!["kill".to_owned(), "-9".to_owned(), postmaster.to_string()]
    } else {
        ["pkill", "-9", "-n", "-P", &postmaster.to_string()].map(str::to_owned).to_vec()
    };
    // There may be nothing left to kill.
    let _status = Command::new(&arguments[0]).args(&arguments[1..]).status().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_postgres_during_merges_loses_no_acknowledged_print_and_doubles_none() {
    let seed = rand::random();
    println!("seed {seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let folder = TempDir::new().unwrap();
    let server = EmbeddedPostgres::start(EmbeddedConfig::new(folder.path())).await.unwrap();
    let address = server.database("undertow").await.unwrap();
    let store = Store::open(address, StoreOptions::default()).await.unwrap();

    let mut acknowledged = HashSet::new();
    for round in 0..i64::try_from(KILLS).unwrap() {
        // Each batch repeats half of the one before, as a collector's pages do.
        let batch: Vec<Print> =
            (0..BATCH).map(|n| print(round * BATCH / 2 + n, "622.12", "100")).collect();
        tokio::join!(merge_until_acknowledged(&store, &batch), kill(&server, &mut dice));
        acknowledged.extend(batch.iter().map(Print::key));
    }
    let stored = read_until_answered(&store).await;
    let keys: HashSet<_> = stored.iter().map(Print::key).collect();
    assert_eq!(keys.len(), stored.len(), "none twice");
    assert_eq!(keys, acknowledged, "none lost, none invented");
    let before =
        store.content_hash(ContentTable::LevelCells, &symbol("SPY"), day(), day()).await.unwrap();
    store.rebuild_rollups(&Day { symbol: symbol("SPY"), session_date: day() }).await.unwrap();
    let after =
        store.content_hash(ContentTable::LevelCells, &symbol("SPY"), day(), day()).await.unwrap();
    assert_eq!(before, after, "the roll-ups agree with the prints");
    store.close().await;
    server.stop().await.unwrap();
}
