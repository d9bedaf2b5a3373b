//! Keys, plans, and what the headers say about them.

use chrono::TimeDelta;

use crate::served::{AFTERNOON, Answered, at, served, served_with};

const HEADERS: [&str; 5] = [
    "x-uw-token-req-limit",
    "x-uw-daily-req-count",
    "x-uw-minute-req-counter",
    "x-uw-req-per-minute-remaining",
    "x-uw-req-per-minute-reset",
];

fn has_usage(answered: &Answered) -> bool {
    HEADERS.iter().all(|name| answered.header(name).is_some())
}

#[tokio::test]
async fn only_the_right_key_is_served_and_a_wrong_one_learns_no_limits() {
    let served = served(AFTERNOON).await;
    let url = format!("{}/api/darkpool/SPY", served.simulator.url());
    let requests = [
        served.client.get(&url),
        served.client.get(&url).bearer_auth("another"),
        served.client.get(&url).header("authorization", "simulated-key"),
        served.client.get(format!("{url}?token=simulated-key")),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 401);
        assert!(HEADERS.iter().all(|name| !response.headers().contains_key(*name)));
    }
    assert_eq!(served.get("/api/darkpool/SPY").await.status, 200);
    assert_eq!(served.simulator.requests().count, 5);
}

#[tokio::test]
async fn the_headers_count_what_is_used_and_what_is_left() {
    let served = served_with(AFTERNOON, |config| config.plan.per_minute = Some(5)).await;
    for (path, status) in [
        ("/api/darkpool/DIA", 200),
        ("/api/darkpool/DIA?date=2020-01-02", 403),
        ("/api/darkpool/DIA?limit=0", 422),
    ] {
        let answered = served.get(path).await;
        assert_eq!(answered.status, status);
        assert!(has_usage(&answered), "{path}");
    }
    let answered = served.get("/api/darkpool/DIA").await;
    let [limit, today, minute, left, _] = HEADERS.map(|name| answered.number(name));
    assert_eq!([limit, today, minute, left], [40_000, 4, 4, 1]);
    assert!(answered.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_used_up_minute_is_refused_until_it_is_over() {
    let served = served_with(AFTERNOON, |config| config.plan.per_minute = Some(2)).await;
    for status in [200, 200, 429] {
        assert_eq!(served.get("/api/darkpool/DIA").await.status, status);
        served.clock.advance(TimeDelta::seconds(10));
    }
    let refused = served.get("/api/darkpool/DIA").await;
    assert!(has_usage(&refused));
    assert_eq!(refused.number("x-uw-req-per-minute-reset"), 30_000);
    assert_eq!(refused.number("x-uw-req-per-minute-remaining"), 0);
    assert!(!refused.text.contains("daily_request_limit_hit"));
    served.clock.advance(TimeDelta::seconds(30));
    assert_eq!(served.get("/api/darkpool/DIA").await.status, 200);
}

#[tokio::test]
async fn a_used_up_day_is_refused_until_eight_in_the_evening() {
    let served = served_with(AFTERNOON, |config| config.plan.per_day = 1).await;
    assert_eq!(served.get("/api/darkpool/DIA").await.status, 200);
    served.clock.set(at("2026-06-02T23:59:59Z"));
    let refused = served.get("/api/darkpool/DIA").await;
    assert_eq!((refused.status, has_usage(&refused)), (429, true));
    assert_eq!(refused.json()["code"], "daily_request_limit_hit");
    served.clock.set(at("2026-06-03T00:00:00Z"));
    assert_eq!(served.get("/api/darkpool/DIA").await.status, 200);
}

#[tokio::test]
async fn the_history_wall_names_the_first_date_behind_it() {
    let served = served_with(AFTERNOON, |config| config.plan.history_sessions = 60).await;
    let refused = served.get("/api/darkpool/SPY?date=2026-03-06").await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["code"], "historic_data_access_missing");
    let message = refused.json()["message"].to_string();
    let (_, named) = message.split_once("currently available to you is ").unwrap();
    let earliest = &named[..10];
    assert!(!served.rows(&format!("/api/darkpool/SPY?date={earliest}")).await.is_empty());
    let path = format!("/api/stock/SPY/ohlc/1m?date={earliest}");
    assert_eq!(served.rows(&path).await.len(), 960);
    assert_eq!(served.get("/api/stock/SPY/ohlc/1m?end_date=2026-03-05").await.status, 403);
    let sessions = served
        .simulator
        .market()
        .calendar()
        .sessions_between(earliest.parse().unwrap(), "2026-06-02".parse().unwrap());
    assert_eq!(sessions.len(), 60);
}

#[tokio::test]
async fn a_plan_without_websocket_is_refused_at_the_socket() {
    let served = served(AFTERNOON).await;
    let refused = served.get("/socket").await;
    assert_eq!((refused.status, has_usage(&refused)), (401, false));
}
