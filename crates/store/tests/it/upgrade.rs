//! A database that an earlier version of the program left behind.

use std::path::Path;

use chrono::TimeDelta;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use undertow_analysis::activity::{MinuteShares, SessionActivity};
use undertow_analysis::levels::Cell;
use undertow_market::{MarketSession, Print, Reasons};
use undertow_store::content::ContentTable;
use undertow_store::levels::LevelFilter;
use undertow_store::{MergeContext, Store};
use undertow_testkit::postgres::TestDatabase;

use crate::fixtures::*;

/// The last schema with a row for each price cell and minute.
const BY_ROW: i64 = 9;

async fn migrate_to(connection: &mut PgConnection, version: i64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut migrator = Migrator::new(folder).await.unwrap();
    migrator.migrations.to_mut().retain(|migration| migration.version <= version);
    migrator.run_direct(None, connection, false).await.unwrap();
}

async fn insert_cell(connection: &mut PgConnection, cell: &Cell) {
    sqlx::query(
        "INSERT INTO trading.darkpool_level_cells (symbol, session_date, session, cell_low, prints,
            shares, notional, buy_notional, sell_notional, unknown_notional, largest_notional,
            first_at, last_at, excluded_prints, excluded_shares, excluded_notional, canceled_prints)
         SELECT 'SPY', $1, $2, $3::numeric, $4, $5::numeric, $6::numeric, $7::numeric, $8::numeric,
            $9::numeric, $10::numeric, $11, $12, $13, $14::numeric, $15::numeric, 0",
    )
    .bind(cell.session_date)
    .bind(i16::from(cell.session.code()))
    .bind(cell.cell_low.to_string())
    .bind(i32::try_from(cell.prints).unwrap())
    .bind(cell.shares.to_string())
    .bind(cell.notional.to_string())
    .bind(cell.buy_notional.to_string())
    .bind(cell.sell_notional.to_string())
    .bind(cell.unknown_notional.to_string())
    .bind(cell.largest_notional.to_string())
    .bind(cell.first_at)
    .bind(cell.last_at)
    .bind(i32::try_from(cell.excluded_prints).unwrap())
    .bind(cell.excluded_shares.to_string())
    .bind(cell.excluded_notional.to_string())
    .execute(connection)
    .await
    .unwrap();
}

/// The sums by minute, word for word as the earlier version kept them.
const MINUTES: &str = "
    INSERT INTO trading.darkpool_activity_minutes
        (symbol, session_date, minute, prints, shares, notional, level_eligible_shares)
    VALUES ('SPY', '2026-07-14', 600, 3, 12356.62345678, 1234508678.8637338965279684, 12349.62345678),
           ('SPY', '2026-07-14', 601, 1, 0.00000001, 0.000006221, 0.00000001)";

async fn sums(store: &Store) -> (Vec<Cell>, Vec<SessionActivity>) {
    let filter = LevelFilter { symbol: symbol("SPY"), from: day(), to: day(), sessions: vec![] };
    let cells = store.level_cells(&filter).await.unwrap();
    (cells, store.activity(&symbol("SPY"), day(), day()).await.unwrap())
}

#[tokio::test]
async fn sums_that_were_kept_by_row_are_packed_to_the_last_digit() {
    let prints = [
        print(1, "99999.12345678", "12345.12345678"),
        print(2, "622.1", "4.5"),
        Print { reasons: Reasons::CONTINGENT, ..print(3, "622.11", "7") },
        Print { session: MarketSession::Post, ..print(61, "622.1", "0.00000001") },
        Print { reasons: Reasons::CANCELED, ..print(62, "99.5", "9") },
    ];
    let new = TestDatabase::create().await.unwrap();
    let expected = new.store().await.unwrap();
    expected.merge_prints(&prints[..], MergeContext::default()).await.unwrap();
    let (cells, _) = sums(&expected).await;

    let database = TestDatabase::create_empty().await.unwrap();
    let mut connection = PgConnection::connect_with(&database.address()).await.unwrap();
    migrate_to(&mut connection, BY_ROW).await;
    for cell in &cells {
        insert_cell(&mut connection, cell).await;
    }
    let only_canceled = "
        INSERT INTO trading.darkpool_level_cells
        VALUES (NULL, NULL, '2026-07-14', 0, 0, 1, 2, 'SPY', 99.5, 0, 0, 0, 0, 0, 0, 0, 0)";
    for statement in [only_canceled, MINUTES] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let store = database.store().await.unwrap();
    assert_eq!(sums(&store).await, sums(&expected).await);

    // The writer goes on from there, and then not a byte tells the two apart.
    let next = [print(4, "622.12", "100")];
    for store in [&store, &expected] {
        store.merge_prints(&next[..], MergeContext::default()).await.unwrap();
    }
    for table in [ContentTable::LevelCells, ContentTable::ActivityMinutes] {
        let spy = symbol("SPY");
        let found = store.content_hash(table, &spy, day(), day()).await.unwrap();
        let expected = expected.content_hash(table, &spy, day(), day()).await.unwrap();
        assert_eq!(found, expected, "{table:?}");
    }
}

const TAPE: &str = "
    SELECT trading.ensure_partitions('tape_minutes', '2026-07-01', '2026-07-31');
    INSERT INTO trading.tape_minutes (symbol, session_date, minute, lit_trades, off_trades,
        lit_shares, lit_notional, off_shares, off_notional)
    VALUES ('SPY', '2026-07-14', 571, 1, 2, 5, 5, 250.0073, 5),
           ('SPY', '2026-07-14', 570, 1, 1, 5, 5, 90000000000000.00000001, 5),
           ('SPY', '2026-07-14', 572, 1, 0, 5, 5, 0, 0),
           ('SPY', '2026-07-13', 570, 1, 1, 5, 5, 7, 5);
    INSERT INTO trading.tape_books (complete_to, trades, session_date, is_whole, symbol, source,
        prints_floor)
    VALUES (now(), 6, '2026-07-14', true, 'SPY', 'rest', 100000),
           (now(), 2, '2026-07-13', false, 'SPY', 'rest', 100000),
           (now(), 0, '2026-07-10', true, 'SPY', 'rest', 100000)";

#[tokio::test]
async fn minutes_of_whole_sessions_are_packed_into_their_books() {
    let database = TestDatabase::create_empty().await.unwrap();
    let mut connection = PgConnection::connect_with(&database.address()).await.unwrap();
    migrate_to(&mut connection, BY_ROW).await;
    connection.execute(TAPE).await.unwrap();
    let store = database.store().await.unwrap();
    let found = store.tape_activity(&symbol("SPY"), day() + TimeDelta::days(1), 90).await.unwrap();
    let minute = |minute, shares| MinuteShares { minute, shares: dollars(shares) };
    let minutes = vec![minute(570, "90000000000000.00000001"), minute(571, "250.0073")];
    let expected = [
        SessionActivity { session_date: day() - TimeDelta::days(4), minutes: vec![] },
        SessionActivity { session_date: day(), minutes },
    ];
    assert_eq!(found, expected);
}
