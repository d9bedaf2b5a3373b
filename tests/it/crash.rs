//! `kill -9` at any moment: what was accepted is there, once, and the rest is fetched.

use std::collections::HashSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use undertow_market::{Print, PrintKey};
use undertow_simulator::{Fault, FaultRule};
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};
use undertow_store::{Store, StoreOptions};

use crate::rig::*;
use crate::undertowd::{Place, Undertowd, postgres_process, signal};

/// Half past three on a Friday afternoon in New York.
const NOW: &str = "2026-06-05T19:30:00Z";
const TODAY: &str = "2026-06-05";
const SYMBOLS: [&str; 2] = ["IWM", "DIA"];
const HISTORY: [&str; 4] = ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04"];
/// Each answer takes this long, so that a moment can be hit.
const DELAY_MS: u64 = 40;
const KILLS: usize = 4;
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

/// A market that stands still, and a place to collect it from.
async fn still_market() -> (Rig, Place) {
    let rig = Rig::with(NOW, 1.0, |config| config.prints_scale = 3.0).await;
    rig.spoil(FaultRule::times(Fault::Delay(DELAY_MS), u32::MAX));
    let mut place = Place::new("[collect]\nsymbols = [\"IWM\", \"DIA\"]\nhistory_sessions = 4\n");
    place.set("UNDERTOW_UNUSUAL_WHALES_URL", rig.simulator.url());
    place.set("UNDERTOW_UNUSUAL_WHALES_KEY", rig.key.clone());
    place.set("UNDERTOW_NOW", NOW);
    (rig, place)
}

/// Waits for a moment in the middle of the work: some requests from now, and a little more.
async fn random_moment(rig: &Rig, dice: &mut StdRng) {
    let moment = rig.simulator.requests().count + dice.random_range(2..12);
    until("the work goes on", async || (rig.simulator.requests().count >= moment).then_some(()))
        .await;
    tokio::time::sleep(Duration::from_millis(dice.random_range(0..2 * DELAY_MS))).await;
}

/// Looks into the database of a daemon that is not running.
async fn look_inside<T>(place: &Place, look: impl AsyncFnOnce(&Store) -> T) -> T {
    let config = EmbeddedConfig::new(place.data_dir().join("postgres"));
    let server = EmbeddedPostgres::start(config).await.unwrap();
    let address = server.database("undertow").await.unwrap();
    let store = Store::open(address, StoreOptions::default()).await.unwrap();
    let seen = look(&store).await;
    store.close().await;
    server.stop().await.unwrap();
    seen
}

/// The keys of all stored prints, each of which must be true, and stored once.
async fn stored_keys(rig: &Rig, store: &Store) -> HashSet<PrintKey> {
    let mut keys = HashSet::new();
    for (name, session) in sessions() {
        let truth = rig.true_prints(name, session, at(NOW));
        let truth: HashSet<_> = truth.iter().map(Print::key).collect();
        for print in stored_prints(store, name, session).await {
            assert!(truth.contains(&print.key()), "stored what never was: {print:?}");
            assert!(keys.insert(print.key()), "stored twice: {print:?}");
        }
        if rig.read_to(store, name, session).await.is_some() {
            rig.assert_books_are_true(store, name, session).await;
        }
        assert_rollups_need_no_rebuild(store, name, session).await;
    }
    keys
}

fn sessions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = HISTORY.into_iter().chain([TODAY]);
    all.flat_map(|session| SYMBOLS.map(|name| (name, session)))
}

/// Lets a daemon finish, and compares all that it stored with the truth.
async fn assert_finishes_whole(rig: &Rig, place: &Place, daemon: Undertowd) {
    daemon.until_open().await;
    daemon.until_caught_up().await;
    let (status, said) = daemon.stop().await;
    assert!(status.success(), "{said}");
    look_inside(place, async |store| {
        for (name, session) in sessions() {
            let truth = rig.true_prints(name, session, at(NOW));
            let what = format!("{name} {session}");
            assert_same(&stored_prints(store, name, session).await, &truth, &what);
            assert_rollups_need_no_rebuild(store, name, session).await;
            assert_eq!(gaps(store, name, session).await, [], "{what}");
        }
        for (name, session) in SYMBOLS.into_iter().zip(HISTORY) {
            rig.assert_bars(store, name, session, at(NOW)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_undertowd_loses_no_accepted_row_and_doubles_none() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let (mut dice, (rig, place)) = (StdRng::seed_from_u64(seed), still_market().await);
    let mut seen = HashSet::new();
    for round in 0..KILLS {
        let daemon = place.start(&SERVE).await;
        random_moment(&rig, &mut dice).await;
        daemon.kill();
        let stored = look_inside(&place, async |store| stored_keys(&rig, store).await).await;
        println!("round {round}: {} prints", stored.len());
        assert!(stored.is_superset(&seen), "round {round}: an accepted row is gone");
        seen = stored;
    }
    let daemon = place.start(&SERVE).await;
    assert_finishes_whole(&rig, &place, daemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_its_postgres_loses_no_accepted_row_and_doubles_none() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let (mut dice, (rig, place)) = (StdRng::seed_from_u64(seed), still_market().await);
    let daemon = place.start(&SERVE).await;
    for round in 0..KILLS - 1 {
        random_moment(&rig, &mut dice).await;
        if let Some(process_id) = postgres_process(&place.data_dir()) {
            println!("round {round}: {process_id}");
            signal("KILL", process_id);
        }
    }
    assert_finishes_whole(&rig, &place, daemon).await;
}
