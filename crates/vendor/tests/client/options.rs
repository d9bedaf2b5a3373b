//! The options endpoints: what is asked, and that an answer comes back as rows.

use undertow_vendor::{ContractFlowQuery, ContractsQuery, FlowQuery, Priority};

use crate::server::{Reply, Server};
use crate::{client, spy};

const LIVE: Priority = Priority::Live;

macro_rules! fixture {
    ($name:literal) => {
        Reply::new(200, include_bytes!(concat!("../../fixtures/unusual_whales/", $name, ".json")))
    };
}

/// Asks once and gives back the path, the rows and the rejects.
macro_rules! ask {
    ($reply:expr, $client:ident => $call:expr) => {{
        let server = Server::start([$reply]).await;
        let $client = client(&server.url);
        let page = $call.await.unwrap();
        let asked = server.asked()[0].path_and_query.clone();
        assert_eq!(page.request, asked);
        (asked, page.rows.len(), page.rejects.len())
    }};
}

fn check(asked: (String, usize, usize), path: &str, rows: usize, rejects: usize) {
    assert_eq!(asked, (path.to_owned(), rows, rejects));
}

#[tokio::test]
async fn trades_and_alerts_are_asked_for_with_their_bounds() {
    let query = FlowQuery {
        min_premium: Some(10_000),
        older_than: Some("2026-03-02T15:04:05.900Z".parse().unwrap()),
        newer_than: Some("2026-03-02T15:00:00Z".parse().unwrap()),
        ..FlowQuery::trades(vec![spy(), "SPX".parse().unwrap()])
    };
    let bounds = "ticker_symbol=SPY%2CSPX&older_than=1772463845&newer_than=1772463600\
                  &min_premium=10000";
    let trades = ask!(fixture!("option_trades"), client => client.option_trades(&query, LIVE));
    check(trades, &format!("/api/option-trades?{bounds}&limit=500"), 3, 0);
    let query = FlowQuery { limit: 200, ..query };
    let alerts = ask!(fixture!("flow_alerts"), client => client.flow_alerts(&query, LIVE));
    check(alerts, &format!("/api/option-trades/flow-alerts?{bounds}&limit=200"), 1, 0);
    let all = FlowQuery::alerts(Vec::new());
    let alerts = ask!(fixture!("flow_alerts"), client => client.flow_alerts(&all, LIVE));
    check(alerts, "/api/option-trades/flow-alerts?limit=200", 1, 0);
}

#[tokio::test]
async fn trades_of_a_contract_are_asked_for() {
    let query = ContractFlowQuery {
        session_date: Some("2026-03-02".parse().unwrap()),
        limit: Some(100),
        ..ContractFlowQuery::new("SPY260320C00515000".parse().unwrap())
    };
    let flow = ask!(fixture!("option_trades"), client => client.contract_flow(&query, LIVE));
    check(flow, "/api/option-contract/SPY260320C00515000/flow?date=2026-03-02&limit=100", 1, 2);
}

#[tokio::test]
async fn every_sum_is_asked_for_under_its_path() {
    let (spy, day) = (&spy(), "2026-03-02".parse().unwrap());
    let date = Some(day);
    check(
        ask!(fixture!("flow_per_strike"), client => client.flow_per_strike(spy, date, LIVE)),
        "/api/stock/SPY/flow-per-strike?date=2026-03-02",
        1,
        0,
    );
    check(
        ask!(fixture!("flow_per_expiry"), client => client.flow_per_expiry(spy, None, LIVE)),
        "/api/stock/SPY/flow-per-expiry",
        1,
        0,
    );
    check(
        ask!(fixture!("net_prem_ticks"), client => client.net_premium_ticks(spy, date, LIVE)),
        "/api/stock/SPY/net-prem-ticks?date=2026-03-02",
        2,
        0,
    );
    check(
        ask!(fixture!("market_tide"), client => client.market_tide(None, LIVE)),
        "/api/market/market-tide",
        2,
        0,
    );
    check(
        ask!(fixture!("market_tide"), client => client.etf_tide(spy, date, LIVE)),
        "/api/market/SPY/etf-tide?date=2026-03-02",
        2,
        0,
    );
    check(
        ask!(fixture!("greek_exposure_strike"), client => client.gamma_by_strike(spy, date, LIVE)),
        "/api/stock/SPY/greek-exposure/strike?date=2026-03-02",
        2,
        0,
    );
    check(
        ask!(fixture!("price_levels"), client => client.price_volumes(spy, day, LIVE)),
        "/api/stock/SPY/stock-volume-price-levels?date=2026-03-02",
        2,
        0,
    );
}

#[tokio::test]
async fn contracts_and_volatility_are_asked_for_under_their_paths() {
    let (spy, date) = (&spy(), Some("2026-03-02".parse().unwrap()));
    let query = ContractsQuery {
        only_open: true,
        only_traded: true,
        page: 2,
        ..ContractsQuery::new(spy.clone())
    };
    check(
        ask!(fixture!("option_contracts"), client => client.option_contracts(&query, LIVE)),
        "/api/stock/SPY/option-contracts?exclude_zero_oi_chains=true\
         &exclude_zero_vol_chains=true&page=2&limit=500",
        2,
        0,
    );
    check(
        ask!(fixture!("iv_rank"), client => client.iv_rank(spy, date, LIVE)),
        "/api/stock/SPY/iv-rank?date=2026-03-02",
        2,
        0,
    );
    check(
        ask!(fixture!("volatility_realized"), client => client.realized_volatility(spy, LIVE)),
        "/api/stock/SPY/volatility/realized",
        2,
        0,
    );
    check(
        ask!(fixture!("term_structure"), client => client.term_structure(spy, date, LIVE)),
        "/api/stock/SPY/volatility/term-structure?date=2026-03-02",
        2,
        0,
    );
}

#[tokio::test]
async fn limits_beyond_the_vendors_documents_are_refused_unsent() {
    let server = Server::start([fixture!("option_trades")]).await;
    let client = client(&server.url);
    let flow = |limit| FlowQuery { limit, ..FlowQuery::trades(vec![spy()]) };
    for limit in [0, 501] {
        let error = client.option_trades(&flow(limit), LIVE).await.unwrap_err();
        assert_eq!(error.kind(), "fatal");
        let query = ContractsQuery { limit, ..ContractsQuery::new(spy()) };
        assert_eq!(client.option_contracts(&query, LIVE).await.unwrap_err().kind(), "fatal");
    }
    assert_eq!(client.flow_alerts(&flow(201), LIVE).await.unwrap_err().kind(), "fatal");
    assert!(server.asked().is_empty());
}
