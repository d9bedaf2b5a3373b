//! Option trades, their sums, minutes, tides, contracts and alerts as they are served.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::Value;
use undertow_simulator::{Fault, FaultRule};

use crate::served::{
    AFTERNOON, DATE, Served, at, date, decimal, fields, number, row_time, served, served_with,
    symbol,
};

const TRADE_FIELDS: [&str; 43] = [
    "ask_vol",
    "bid_vol",
    "canceled",
    "delta",
    "er_time",
    "ewma_nbbo_ask",
    "ewma_nbbo_bid",
    "exchange",
    "executed_at",
    "expiry",
    "flow_alert_id",
    "full_name",
    "gamma",
    "id",
    "implied_volatility",
    "industry_type",
    "marketcap",
    "mid_vol",
    "multi_vol",
    "nbbo_ask",
    "nbbo_bid",
    "next_earnings_date",
    "no_side_vol",
    "open_interest",
    "option_chain_id",
    "option_type",
    "premium",
    "price",
    "report_flags",
    "rho",
    "rule_id",
    "sector",
    "size",
    "stock_multi_vol",
    "strike",
    "tags",
    "theo",
    "theta",
    "underlying_price",
    "underlying_symbol",
    "upstream_condition_detail",
    "vega",
    "volume",
];
const CONTRACT_FIELDS: [&str; 20] = [
    "ask_volume",
    "avg_price",
    "bid_volume",
    "floor_volume",
    "high_price",
    "implied_volatility",
    "last_price",
    "low_price",
    "mid_volume",
    "multi_leg_volume",
    "nbbo_ask",
    "nbbo_bid",
    "no_side_volume",
    "open_interest",
    "option_symbol",
    "prev_oi",
    "stock_multi_leg_volume",
    "sweep_volume",
    "total_premium",
    "volume",
];

/// Every trade of the latest session, paged as a careful client does it.
async fn whole_tape(served: &Served, ticker: &str) -> Vec<Value> {
    let (mut rows, mut seen, mut cursor) = (Vec::new(), HashSet::new(), String::new());
    loop {
        let path = format!("/api/option-trades?ticker_symbol={ticker}&limit=500{cursor}");
        let page = served.rows(&path).await;
        let full = page.len() == 500;
        rows.extend(page.into_iter().filter(|row: &Value| seen.insert(row["id"].to_string())));
        if !full {
            return rows;
        }
        let oldest = row_time(rows.last().expect("a full page"));
        cursor = format!("&older_than={}", oldest.timestamp() + 1);
    }
}

/// Every page of a symbol's contracts.
async fn contracts(served: &Served, ticker: &str) -> Vec<Value> {
    let mut contracts = Vec::new();
    loop {
        let page = contracts.len() / 500;
        let path = format!("/api/stock/{ticker}/option-contracts?page={page}");
        let rows = served.rows(&path).await;
        contracts.extend(rows);
        if contracts.len() < (page + 1) * 500 {
            return contracts;
        }
    }
}

fn sum(rows: &[Value], field: &str) -> Decimal {
    rows.iter().map(|row| decimal(row, field)).sum()
}

fn whole_sum(rows: &[Value], field: &str) -> i64 {
    rows.iter().map(|row| number(row, field)).sum()
}

#[tokio::test]
async fn a_trade_has_the_vendors_fields_in_the_vendors_types() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/option-trades?limit=500").await;
    assert_eq!(rows.len(), 500);
    for row in &rows {
        assert_eq!(fields(row), TRADE_FIELDS);
        let premium = decimal(row, "price") * Decimal::from(number(row, "size") * 100);
        assert_eq!(decimal(row, "premium"), premium, "{row}");
        assert_eq!(decimal(row, "strike").to_string().split('.').nth(1).map(str::len), Some(10));
        let text = row["executed_at"].as_str().expect("a stamp");
        assert_eq!((text.len(), text.ends_with('Z')), ("2026-06-02T19:29:59.123456Z".len(), true));
        assert!(row_time(row) <= at(AFTERNOON));
        let sides = ["ask_vol", "bid_vol", "mid_vol", "no_side_vol"].map(|side| number(row, side));
        assert_eq!(sides.iter().sum::<i64>(), number(row, "volume"), "{row}");
        for greek in ["delta", "gamma", "theta", "vega", "rho", "theo", "implied_volatility"] {
            assert!(row[greek].as_str().is_some_and(|text| text.parse::<f64>().is_ok()), "{row}");
        }
    }
    let tickers: BTreeSet<_> =
        rows.iter().map(|row| row["underlying_symbol"].to_string()).collect();
    assert!(tickers.len() >= 5, "{tickers:?}");
    assert!(rows.windows(2).all(|pair| row_time(&pair[0]) >= row_time(&pair[1])));
    assert_eq!(served.rows("/api/option-trades").await.len(), 50);
}

#[tokio::test]
async fn a_page_obeys_its_filters_and_the_latest_day_is_the_only_one() {
    let served = served(AFTERNOON).await;
    let rows = served.rows("/api/option-trades?ticker_symbol=SPY,QQQ&min_premium=10000").await;
    assert!(rows.iter().all(|row| decimal(row, "premium") >= 10_000.into()));
    let others = served.rows("/api/option-trades?ticker_symbol=-SPY,QQQ&type=put&limit=200").await;
    assert!(others.iter().all(|row| row["option_type"] == "put"));
    assert!(others.iter().all(|row| row["underlying_symbol"] != "SPY"));
    for (query, status, body) in [
        ("date=2026-06-01", 400, "historical_data_not_supported"),
        ("older_than=2026-06-01T20:00:00Z", 400, "historical_data_not_supported"),
        ("date=2026-06-02", 200, "data"),
        ("limit=501", 422, "limit=501"),
        ("newer_than=soon", 422, "newer_than=soon"),
    ] {
        let answered = served.get(&format!("/api/option-trades?{query}")).await;
        assert_eq!(answered.status, status, "{query}: {}", answered.text);
        assert!(answered.text.contains(body), "{query}: {}", answered.text);
    }
}

#[tokio::test]
async fn paging_the_tape_loses_nothing() {
    let served = served("2026-06-02T20:30:00Z").await;
    let rows = whole_tape(&served, "IWM").await;
    let day = served.simulator.market().options(&symbol("IWM"), date(DATE)).expect("a session");
    let found: BTreeSet<String> =
        rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    let true_ids: BTreeSet<String> = day.trades.iter().map(|t| t.id.to_string()).collect();
    assert!(true_ids.len() > 1_000);
    assert_eq!(found, true_ids);
}

#[tokio::test]
async fn strikes_expiries_minutes_and_contracts_are_sums_of_the_same_trades() {
    for now in [AFTERNOON, "2026-06-02T20:05:00Z", "2026-06-03T02:00:00Z"] {
        let served = served(now).await;
        let tape = whole_tape(&served, "DIA").await;
        let live: Vec<_> = tape.iter().filter(|row| row["canceled"] == false).collect();
        let of = |kind: &str, tag: &str| -> Decimal {
            let tagged = |row: &&&Value| {
                let tags = row["tags"].as_array().expect("tags");
                row["option_type"] == kind && (tag.is_empty() || tags.iter().any(|t| t == tag))
            };
            live.iter().filter(tagged).map(|row| decimal(row, "premium")).sum()
        };
        let strikes = served.bare("/api/stock/DIA/flow-per-strike").await;
        let expiries = served.bare("/api/stock/DIA/flow-per-expiry").await;
        let ticks = served.rows("/api/stock/DIA/net-prem-ticks").await;
        for kind in ["call", "put"] {
            for (suffix, tag) in [("", ""), ("_ask_side", "ask_side"), ("_bid_side", "bid_side")] {
                let field = format!("{kind}_premium{suffix}");
                assert_eq!(sum(&strikes, &field), of(kind, tag), "{now} {field} by strike");
                assert_eq!(sum(&expiries, &field), of(kind, tag), "{now} {field} by expiry");
            }
            let net = of(kind, "ask_side") - of(kind, "bid_side");
            assert_eq!(sum(&ticks, &format!("net_{kind}_premium")), net, "{now} {kind}");
        }
        let volume: i64 = live.iter().map(|row| number(row, "size")).sum();
        let trades = whole_sum(&strikes, "call_trades") + whole_sum(&strikes, "put_trades");
        assert_eq!(trades as usize, live.len());
        assert_eq!(whole_sum(&ticks, "call_volume") + whole_sum(&ticks, "put_volume"), volume);
        let contracts = contracts(&served, "DIA").await;
        assert_eq!(whole_sum(&contracts, "volume"), volume, "{now}");
        assert_eq!(sum(&contracts, "total_premium"), of("call", "") + of("put", ""));
    }
}

#[tokio::test]
async fn sums_by_strike_and_by_expiry_have_the_vendors_rows() {
    let served = served(AFTERNOON).await;
    let strikes = served.bare(&format!("/api/stock/SPY/flow-per-strike?date={DATE}")).await;
    assert!(strikes.len() > 50, "{}", strikes.len());
    for row in &strikes {
        assert_eq!(fields(row).len(), 23 + 1, "{row}");
        assert!(row["timestamp"].as_str().is_some_and(|text| text.ends_with("-04:00")), "{row}");
        assert!(decimal(row, "call_otm_premium") <= decimal(row, "call_premium"));
    }
    let expiries = served.bare("/api/stock/SPY/flow-per-expiry").await;
    assert!(expiries.iter().all(|row| fields(row).len() == 23), "{:?}", expiries.first());
    assert!((15..=40).contains(&expiries.len()));
    assert_eq!(served.bare("/api/stock/ZZZZ/flow-per-strike").await, Vec::<Value>::new());
    let old = served.get("/api/stock/SPY/flow-per-strike?date=2026-01-02").await;
    assert_eq!(old.status, 403);
    assert!(old.text.contains("historic_data_access_missing"), "{}", old.text);
}

#[tokio::test]
async fn the_last_fifty_trades_come_bare_and_those_of_a_contract_with_their_date() {
    let served = served(AFTERNOON).await;
    let rows = served.bare("/api/stock/SPY/flow-recent?side=ASK&min_premium=5000").await;
    assert_eq!(rows.len(), 50);
    assert!(rows.iter().all(|row| row["tags"][0] == "ask_side"));
    let busiest = served.rows("/api/stock/SPY/option-contracts?limit=1").await;
    let name = busiest[0]["option_symbol"].as_str().expect("a name");
    let answer = served.get(&format!("/api/option-contract/{name}/flow?limit=100000")).await.json();
    assert_eq!(answer["date"], DATE);
    let trades = answer["data"].as_array().expect("rows");
    let live: Vec<_> = trades.iter().filter(|row| row["canceled"] == false).cloned().collect();
    assert!(live.iter().all(|row| row["option_chain_id"] == name));
    assert_eq!(whole_sum(&live, "size"), number(&busiest[0], "volume"));
    let usual = served.rows(&format!("/api/option-contract/{name}/flow")).await;
    assert_eq!(usual.len(), 50);
    assert_eq!(served.get("/api/option-contract/SPY/flow").await.status, 422);
    let earlier = format!("/api/option-contract/{name}/flow?date=2026-06-01");
    assert!(
        served.rows(&earlier).await.iter().all(|row| row_time(row) < at("2026-06-02T00:00:00Z"))
    );
}

#[tokio::test]
async fn contracts_come_by_volume_in_pages_and_null_where_nothing_traded() {
    let served = served(AFTERNOON).await;
    let all = contracts(&served, "NVDA").await;
    assert!(all.len() > 1_000, "{}", all.len());
    assert!(all.windows(2).all(|pair| number(&pair[0], "volume") >= number(&pair[1], "volume")));
    let names: HashSet<_> = all.iter().map(|row| row["option_symbol"].to_string()).collect();
    assert_eq!(names.len(), all.len());
    for row in &all {
        assert_eq!(fields(row), CONTRACT_FIELDS);
        assert!(decimal(row, "nbbo_bid") < decimal(row, "nbbo_ask"), "{row}");
        let untraded = number(row, "volume") == 0;
        for field in ["last_price", "avg_price", "high_price", "low_price", "implied_volatility"] {
            assert_eq!(row[field].is_null(), untraded, "{field} of {row}");
        }
    }
    assert!(all.iter().any(|row| row["last_price"].is_null()));
    let named = all[3]["option_symbol"].as_str().expect("a name");
    for (query, holds) in [
        (
            "option_type=put".to_owned(),
            (|row| row["option_symbol"].as_str().is_some_and(|n| n[10..].contains('P')))
                as fn(&Value) -> bool,
        ),
        ("exclude_zero_oi_chains=true".to_owned(), |row| number(row, "open_interest") > 0),
        ("vol_greater_oi=true".to_owned(), |row| {
            number(row, "volume") > number(row, "open_interest")
        }),
        (format!("option_symbol[]={named}"), |_| true),
    ] {
        let rows = served.rows(&format!("/api/stock/NVDA/option-contracts?{query}")).await;
        assert!(!rows.is_empty() && rows.iter().all(holds), "{query}");
        assert!(!query.starts_with("option_symbol") || rows.len() == 1, "{query}");
    }
}

#[tokio::test]
async fn net_premium_is_per_minute_and_a_funds_day_is_a_quarter_of_an_hour_longer() {
    let served = served("2026-06-03T01:00:00Z").await;
    for (ticker, count) in [("SPY", 405), ("AAPL", 390)] {
        let rows = served.rows(&format!("/api/stock/{ticker}/net-prem-ticks?date={DATE}")).await;
        assert_eq!(rows.len(), count);
        assert_eq!(rows[0]["tape_time"], "2026-06-02T13:30:00.000000Z");
        assert_eq!(fields(&rows[0]).len(), 13);
        for row in &rows {
            let sides = number(row, "call_volume_ask_side") - number(row, "call_volume_bid_side");
            assert_eq!(number(row, "net_call_volume"), sides);
            assert!(row["net_delta"].as_str().is_some_and(|text| text.parse::<f64>().is_ok()));
        }
    }
    served.clock.set(at("2026-06-02T14:00:30Z"));
    assert_eq!(served.rows("/api/stock/SPY/net-prem-ticks").await.len(), 31);
    served.clock.set(at("2026-06-02T12:00:00Z"));
    assert_eq!(served.rows("/api/stock/SPY/net-prem-ticks").await.len(), 0);
    assert_eq!(served.bare("/api/stock/SPY/flow-per-strike").await.len(), 0);
}

#[tokio::test]
async fn the_markets_tide_runs_up_to_the_sum_of_all_symbols() {
    let served = served("2026-06-03T01:00:00Z").await;
    let answer = served.get("/api/market/market-tide").await.json();
    assert_eq!(answer["date"], DATE);
    let rows = answer["data"].as_array().expect("rows");
    assert_eq!(rows.len(), 81);
    assert_eq!(rows[0]["timestamp"], "2026-06-02T09:30:00-04:00");
    assert_eq!(rows[77]["timestamp"], "2026-06-02T15:55:00-04:00");
    let mut totals = BTreeMap::<&str, Decimal>::new();
    for ticker in ["SPY", "QQQ", "IWM", "DIA", "AAPL", "NVDA", "TSLA", "MSFT"] {
        let ticks = served.rows(&format!("/api/stock/{ticker}/net-prem-ticks")).await;
        for field in ["net_call_premium", "net_put_premium"] {
            *totals.entry(field).or_default() += sum(&ticks, field);
        }
    }
    for (field, total) in totals {
        assert_eq!(decimal(&rows[80], field), total, "{field}");
    }
    let out = served.rows("/api/market/market-tide?otm_only=true").await;
    assert_ne!(out[80]["net_call_premium"], rows[80]["net_call_premium"]);
}

#[tokio::test]
async fn a_funds_tide_is_that_of_its_holdings_and_null_for_what_is_no_fund() {
    let served = served("2026-06-03T01:00:00Z").await;
    let rows = served.rows("/api/market/SPY/etf-tide").await;
    assert_eq!(rows.len(), 390);
    let mut total = Decimal::ZERO;
    for ticker in ["AAPL", "NVDA", "TSLA", "MSFT"] {
        let ticks = served.rows(&format!("/api/stock/{ticker}/net-prem-ticks")).await;
        total += sum(&ticks, "net_call_premium");
    }
    assert_eq!(decimal(&rows[389], "net_call_premium"), total);
    let nulls = served.rows("/api/market/Technology/etf-tide").await;
    assert_eq!(nulls.len(), 390);
    assert!(
        nulls.iter().all(|row| row["net_call_premium"].is_null() && row["net_volume"].is_null())
    );
}

#[tokio::test]
async fn alerts_are_summed_from_trades_of_the_tape_and_page_by_time() {
    let served = served(AFTERNOON).await;
    let path = "/api/option-trades/flow-alerts?ticker_symbol=QQQ&limit=200";
    let rows = served.rows(path).await;
    assert!(rows.len() > 20, "{}", rows.len());
    let day = served.simulator.market().options(&symbol("QQQ"), date(DATE)).expect("a session");
    let created =
        |row: &Value| -> DateTime<Utc> { at(row["created_at"].as_str().expect("a stamp")) };
    assert!(rows.windows(2).all(|pair| created(&pair[0]) >= created(&pair[1])));
    for row in rows.iter().filter(|row| created(row).date_naive() == date(DATE)) {
        assert_eq!(fields(row).len(), 36, "{row}");
        assert!(row["sector"].is_null() && row["issue_type"] == "ETF");
        let (start, end) = (number(row, "start_time"), number(row, "end_time"));
        let between = |at: DateTime<Utc>| (start..=end).contains(&at.timestamp_millis());
        let of = day.trades.iter().filter(|trade| {
            between(trade.executed_at) && row["option_chain"] == *day.lines[trade.line].name
        });
        let premium: i64 = of.map(|trade| trade.premium().0 / 10_000).sum();
        assert!(Decimal::from(premium) >= decimal(row, "total_premium"), "{row}");
        assert!(created(row).timestamp_millis() > end && created(row) <= at(AFTERNOON));
    }
    let oldest = created(&rows[rows.len() / 2]);
    let older = served.rows(&format!("{path}&older_than={}", oldest.timestamp())).await;
    assert!(older.iter().all(|row| created(row) < oldest));
    let newer = format!("{path}&newer_than={}", oldest.timestamp());
    assert!(
        served.rows(&newer).await.iter().all(|row| created(row).timestamp() >= oldest.timestamp())
    );
    let ignored = served.rows(&format!("{path}&newer_than=2026-06-02T19:29:59Z")).await;
    assert_eq!(ignored, rows, "text is no cursor here");
    let puts = served.rows(&format!("{path}&is_put=true&min_premium=50000")).await;
    assert!(puts.iter().all(|row| row["type"] == "put"));
    assert!(puts.iter().all(|row| decimal(row, "total_premium") >= 50_000.into()));
    let opening = served.rows(&format!("{path}&all_opening=true")).await;
    assert!(opening.iter().all(|row| row["all_opening_trades"] == true));
    assert_eq!(served.get("/api/option-trades/flow-alerts?limit=201").await.status, 422);
}

#[tokio::test]
async fn a_trade_is_withdrawn_when_its_time_comes_and_leaves_every_sum() {
    let served = served(AFTERNOON).await;
    let day = served.simulator.market().options(&symbol("SPY"), date(DATE)).expect("a session");
    let dead = day.trades.iter().find(|t| t.canceled_at.is_some_and(|at| at < day.end_at));
    let dead = dead.expect("a trade that is withdrawn within the day");
    let canceled_at = dead.canceled_at.expect("it is withdrawn");
    let name = &day.lines[dead.line].name;
    let path = format!("/api/option-contract/{name}/flow?limit=100000");
    let mut volumes = Vec::new();
    for (now, canceled) in
        [(canceled_at - chrono::TimeDelta::milliseconds(1), false), (canceled_at, true)]
    {
        served.clock.set(now);
        let rows = served.rows(&path).await;
        let id = dead.id.to_string();
        let row = rows.iter().find(|row| row["id"] == id).expect("it stays on the tape");
        assert_eq!(row["canceled"], canceled);
        let contracts = format!("/api/stock/SPY/option-contracts?option_symbol[]={name}");
        volumes.push(number(&served.rows(&contracts).await[0], "volume"));
    }
    assert_eq!(volumes[0] - volumes[1], dead.size);
}

#[tokio::test]
async fn sixty_sessions_of_sums_are_within_the_plan_and_the_wall_stands() {
    let served = served_with(AFTERNOON, |config| config.plan.history_sessions = 60).await;
    let market = served.simulator.market();
    let dates = market.calendar().sessions_ending(date(DATE), 61);
    for (place, status) in [(0, 403), (1, 200), (30, 200)] {
        for path in [
            "stock/DIA/flow-per-strike",
            "stock/DIA/net-prem-ticks",
            "stock/DIA/greek-exposure/strike",
            "stock/DIA/iv-rank",
        ] {
            let path = format!("/api/{path}?date={}", dates[place]);
            let answered = served.get(&path).await;
            assert_eq!(answered.status, status, "{path}: {}", answered.text);
            assert!(status == 403 || answered.text.len() > 200, "{path}: {}", answered.text);
        }
    }
}

#[tokio::test]
async fn faults_and_limits_strike_the_options_routes_too() {
    let served = served_with(AFTERNOON, |config| config.plan.per_minute = Some(3)).await;
    let path = "/api/stock/DIA/flow-recent";
    served.simulator.faults().push(FaultRule::once(Fault::Status502).on(path)).unwrap();
    let rule = FaultRule::once(Fault::WrongTypes("premium".to_owned())).on(path);
    served.simulator.faults().push(rule).unwrap();
    assert_eq!(served.get(path).await.status, 502);
    let spoilt = served.bare(path).await;
    assert!(spoilt.iter().all(|row| row["premium"].is_array()), "{:?}", spoilt.first());
    for status in [200, 200, 429] {
        assert_eq!(served.get(path).await.status, status);
    }
}
