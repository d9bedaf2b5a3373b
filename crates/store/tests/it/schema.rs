//! The schema as the migrations make it, compared with the one that was last agreed on.

use std::fmt::Write;

use expect_test::expect_file;
use sqlx::{Connection, Executor};
use undertow_testkit::postgres::TestDatabase;

/// One line for each fact, in an order that does not depend on the server.
const FACTS: [(&str, &str); 6] = [
    (
        "columns",
        "SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
                coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
                || CASE a.attidentity WHEN 'a' THEN ' identity' ELSE '' END)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'trading'::regnamespace AND c.relkind IN ('r', 'p')
           AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
         ORDER BY c.relname, a.attnum",
    ),
    (
        "constraints",
        "SELECT format('%s %s: %s', r.relname, n.conname, pg_get_constraintdef(n.oid))
         FROM pg_constraint n JOIN pg_class r ON r.oid = n.conrelid
         WHERE r.relnamespace = 'trading'::regnamespace AND NOT r.relispartition
           AND n.contype <> 'n'
         ORDER BY r.relname, n.conname",
    ),
    (
        "indexes",
        "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = 'trading'::regnamespace AND NOT c.relispartition
         ORDER BY c.relname, 1",
    ),
    (
        "partitioning",
        "SELECT format('%s %s', c.relname, pg_get_partkeydef(c.oid)) FROM pg_class c
         WHERE c.relnamespace = 'trading'::regnamespace AND c.relkind = 'p' ORDER BY 1",
    ),
    (
        "triggers",
        "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = 'trading'::regnamespace AND NOT t.tgisinternal ORDER BY 1",
    ),
    (
        "functions and types",
        "SELECT format('function %s(%s) %s', proname, pg_get_function_arguments(oid), md5(prosrc))
         FROM pg_proc WHERE pronamespace = 'trading'::regnamespace
         UNION ALL
         SELECT format('type %s: %s', t.typname, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder))
         FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid
         WHERE t.typnamespace = 'trading'::regnamespace GROUP BY t.typname ORDER BY 1",
    ),
];

#[tokio::test]
async fn the_schema_is_the_one_that_was_agreed_on() {
    let database = TestDatabase::create().await.unwrap();
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    let mut dump = String::new();
    for (title, query) in FACTS {
        writeln!(dump, "-- {title}").unwrap();
        let lines: Vec<String> =
            sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap();
        for line in lines {
            writeln!(dump, "{line}").unwrap();
        }
        dump.push('\n');
    }
    expect_file!["../schema.golden.txt"].assert_eq(&dump);
}

/// What no row of the tape and of straddles may become.
const OF_THE_TAPE: [&str; 21] = [
    "UPDATE trading.tape_minutes SET minute = 1440",
    "UPDATE trading.tape_minutes SET off_shares = 'NaN'",
    "UPDATE trading.tape_minutes SET lit_notional = 'Infinity'",
    "UPDATE trading.tape_minutes SET lit_trades = -1",
    "UPDATE trading.tape_apart SET reasons = 0",
    "UPDATE trading.tape_apart SET shares = -1",
    "UPDATE trading.tape_cells SET cell_low = 'NaN'",
    "UPDATE trading.tape_prints SET price = 0",
    "UPDATE trading.tape_prints SET reported_at = 'infinity'",
    "UPDATE trading.tape_prints SET conditions = '12;37'",
    "UPDATE trading.tape_prints SET conditions = '1,2,3,4,5,6,7,8,9'",
    "UPDATE trading.tape_prints SET trf_id = 65536",
    "UPDATE trading.tape_books SET source = 'rumour'",
    "UPDATE trading.tape_books SET complete_to = 'infinity'",
    "UPDATE trading.tape_books SET off_minutes = NULL",
    "UPDATE trading.tape_books SET is_whole = false",
    "INSERT INTO trading.dividends (received_at, ex_date, symbol, currency, cash)
        VALUES (now(), now(), 'SPY', 'usd', 1)",
    "INSERT INTO trading.splits (received_at, execution_date, symbol, from_shares, to_shares)
        VALUES (now(), now(), 'SPY', 0, 1)",
    "INSERT INTO trading.trading_opportunities
        (first_at, changed_at, session_date, symbol, state, evidence)
        VALUES (now(), now(), now(), 'SPY', 'new', '{}')",
    "UPDATE trading.opportunity_changes SET evidence = '[]'",
    "DELETE FROM trading.opportunity_changes",
];

const A_TAPE: &str = "
    SELECT trading.ensure_partitions(parent, '2026-07-14', '2026-07-14')
    FROM unnest('{tape_minutes,tape_apart,tape_cells,tape_prints}'::text[]) parent;
    INSERT INTO trading.tape_minutes VALUES ('2026-07-14', 1, 1, 600, 'SPY', 1, 1, 1, 1);
    INSERT INTO trading.tape_apart VALUES ('2026-07-14', 1, 1, 600, true, 'SPY', 1, 1);
    INSERT INTO trading.tape_cells VALUES ('2026-07-14', 1, 1, 'SPY', 1, 1, 1, 1, 1);
    INSERT INTO trading.tape_prints VALUES
        (now(), now(), now(), NULL, 1, 1, '2026-07-14', 202, 0, 0, 'SPY', 1, 1, '1', '12,37');
    INSERT INTO trading.tape_books VALUES (now(), 1, '2026-07-14', true, 'SPY', 'rest', 100000, '\\x0100000000');
    INSERT INTO trading.trading_opportunities
        (first_at, changed_at, session_date, symbol, state, evidence)
    VALUES (now(), now(), now(), 'SPY', 'new', '{}');
    INSERT INTO trading.opportunity_changes SELECT now(), id, 'new', NULL, '{}'
    FROM trading.trading_opportunities";

#[tokio::test]
async fn no_row_can_hold_what_the_program_cannot_read() {
    let database = TestDatabase::create().await.unwrap();
    let store = database.store().await.unwrap();
    store
        .merge_prints(vec![crate::fixtures::print(1, "622.12", "100")], Default::default())
        .await
        .unwrap();
    store.merge_bars(vec![crate::fixtures::bar(1, "622.5", 10)], Default::default()).await.unwrap();
    store
        .merge_option_trades(vec![crate::fixtures::option_trade(1, "2.45", 10)], Default::default())
        .await
        .unwrap();
    store
        .merge_flow_alerts(vec![crate::fixtures::alert(1, "98000")], Default::default())
        .await
        .unwrap();
    let mut connection = sqlx::PgConnection::connect_with(&database.address()).await.unwrap();
    connection.execute(A_TAPE).await.unwrap();
    for change in [
        "UPDATE trading.darkpool_trades SET executed_at = 'infinity'",
        "UPDATE trading.darkpool_trades SET received_at = '-infinity'",
        "UPDATE trading.darkpool_trades SET reported_at = 'infinity'",
        "UPDATE trading.darkpool_trades SET price = 'NaN', notional = 'NaN'",
        "UPDATE trading.darkpool_trades SET size = -1, notional = -price",
        "UPDATE trading.darkpool_trades SET notional = notional + 0.01",
        "UPDATE trading.darkpool_trades SET ask = NULL",
        "UPDATE trading.darkpool_trades SET reasons = 256",
        "UPDATE trading.darkpool_trades SET reasons = 65536",
        "UPDATE trading.darkpool_trades SET session = 4",
        "UPDATE trading.darkpool_day_sums SET cells = ''",
        "UPDATE trading.darkpool_day_sums SET minutes = NULL",
        "UPDATE trading.bars SET high = 1",
        "UPDATE trading.bars SET volume = -1",
        "UPDATE trading.bars SET start_at = 'infinity'",
        "UPDATE trading.bars SET \"interval\" = '2m'",
        "UPDATE trading.options_flow SET executed_at = 'infinity'",
        "UPDATE trading.options_flow SET price = 'NaN'",
        "UPDATE trading.options_flow SET strike = 0",
        "UPDATE trading.options_flow SET bid = NULL WHERE NOT is_alert",
        "UPDATE trading.options_flow SET price = NULL WHERE NOT is_alert",
        "UPDATE trading.options_flow SET trades = NULL WHERE is_alert",
        "UPDATE trading.options_flow SET size = 0",
        "UPDATE trading.options_flow SET premium = 'NaN'",
        "UPDATE trading.options_flow SET delta = 'NaN'",
        "UPDATE trading.options_flow SET implied_volatility = 'Infinity'",
        "UPDATE trading.options_flow SET flags = 2048",
        "UPDATE trading.options_flow SET last_trade_at = NULL WHERE is_alert",
        "INSERT INTO trading.retention (table_name, keep_days) VALUES ('x', 0)",
        "INSERT INTO trading.market_metrics (symbol, metric, at, value)
            VALUES ('SPY', 'A b', now(), 1)",
        "INSERT INTO trading.market_metrics (symbol, metric, at, value)
            VALUES ('SPY', 'iv30', now(), 'NaN')",
        "UPDATE trading.database_identity SET kind = 'simulated'",
    ]
    .into_iter()
    .chain(OF_THE_TAPE)
    {
        let refused = sqlx::query(change).execute(&mut connection).await;
        assert!(refused.is_err(), "{change}");
    }
}
