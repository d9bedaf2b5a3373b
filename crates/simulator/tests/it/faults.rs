//! Every fault, as a client meets it.

use std::time::Duration;

use undertow_simulator::{Fault, FaultRule};

use crate::served::{AFTERNOON, Served, served};

const PATH: &str = "/api/darkpool/DIA";

async fn served_with_fault(fault: Fault) -> Served {
    let served = served(AFTERNOON).await;
    served.simulator.faults().push(FaultRule::once(fault)).expect("an empty script");
    served
}

#[tokio::test]
async fn faults_with_a_status_have_the_vendors_bodies() {
    for (fault, status, content_type, body, counted) in [
        (Fault::Status429Minute, 429, "application/json", "message", true),
        (Fault::Status429Day, 429, "application/json", "daily_request_limit_hit", true),
        (Fault::Status500, 500, "text/plain", "Something went wrong", true),
        (Fault::Status502, 502, "application/json", r#"{"error":{"#, true),
        (Fault::Html200, 200, "text/html", "<!DOCTYPE html>", false),
        (Fault::Edge403, 403, "text/plain", "error code: 1010", false),
        (Fault::Redirect { to: "http://127.0.0.1:9/x".to_owned() }, 302, "text/plain", "", false),
    ] {
        let served = served_with_fault(fault.clone()).await;
        let spoilt = served.get(PATH).await;
        assert_eq!(spoilt.status, status, "{fault:?}");
        assert!(spoilt.header("content-type").unwrap().starts_with(content_type), "{fault:?}");
        assert!(spoilt.text.contains(body), "{fault:?}: {}", spoilt.text);
        assert_eq!(spoilt.header("x-uw-daily-req-count").is_some(), counted, "{fault:?}");
        assert_eq!(served.get(PATH).await.status, 200, "{fault:?} strikes once");
    }
}

#[tokio::test]
async fn a_scripted_minute_refusal_is_soon_over() {
    let served = served_with_fault(Fault::Status429Minute).await;
    let refused = served.get(PATH).await;
    assert_eq!(refused.number("x-uw-req-per-minute-remaining"), 0);
    assert!(refused.number("x-uw-req-per-minute-reset") <= 250);
    let served = served_with_fault(Fault::Status429Day).await;
    let refused = served.get(PATH).await;
    let [used, limit] = ["x-uw-daily-req-count", "x-uw-token-req-limit"].map(|n| refused.number(n));
    assert_eq!(used, limit);
}

#[tokio::test]
async fn a_redirect_names_its_target() {
    let to = "http://127.0.0.1:9/elsewhere";
    let served = served_with_fault(Fault::Redirect { to: to.to_owned() }).await;
    assert_eq!(served.get(PATH).await.header("location"), Some(to));
}

#[tokio::test]
async fn a_truncated_body_breaks_its_promise() {
    let served = served_with_fault(Fault::TruncatedBody).await;
    let response = served.send(PATH).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.content_length() > Some(10_000));
    assert!(response.text().await.is_err());
    assert_eq!(served.get(PATH).await.status, 200);
}

#[tokio::test]
async fn a_reset_connection_gives_no_answer() {
    let served = served_with_fault(Fault::ResetConnection).await;
    let error = served.send(PATH).await.unwrap_err();
    assert!(error.is_request() && !error.is_timeout(), "{error:?}");
    assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    assert_eq!(served.get(PATH).await.status, 200);
}

#[tokio::test]
async fn a_hanging_request_ends_with_the_client_or_with_the_simulator() {
    let served = served_with_fault(Fault::Hang).await;
    let url = format!("{}{PATH}", served.simulator.url());
    let request = served.client.get(&url).timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    served.simulator.faults().push(FaultRule::once(Fault::Hang)).unwrap();
    let hanging = tokio::spawn(served.client.get(&url).send());
    while served.simulator.requests().count < 2 {
        tokio::task::yield_now().await;
    }
    let stopped = tokio::time::timeout(Duration::from_secs(10), served.simulator.stop());
    assert!(stopped.await.is_ok(), "the simulator cannot be stopped");
    let answered = hanging.await.unwrap();
    assert!(answered.is_err() || answered.is_ok_and(|a| a.status().as_u16() == 503));
}

#[tokio::test]
async fn a_slow_drip_is_slow_and_whole() {
    let served = served(AFTERNOON).await;
    let path = "/api/darkpool/DIA?limit=1";
    let whole = served.get(path).await.text;
    // At this rate the body takes about five drops of fifty milliseconds.
    let bytes_per_sec = whole.len() as u32 * 4;
    served.simulator.faults().push(FaultRule::once(Fault::SlowDrip { bytes_per_sec })).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(served.get(path).await.text, whole);
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_delayed_answer_is_late_and_right() {
    let served = served(AFTERNOON).await;
    let whole = served.get(PATH).await.text;
    served.simulator.faults().push(FaultRule::once(Fault::Delay(120))).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(served.get(PATH).await.text, whole);
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_repeated_page_is_the_one_before() {
    let served = served(AFTERNOON).await;
    let first = served.get("/api/darkpool/SPY").await.text;
    let older = format!("/api/darkpool/SPY?older_than={}", "2026-06-02T19:00:00Z");
    let rule = FaultRule::times(Fault::RepeatedPage, 2).on("/api/darkpool/SPY");
    served.simulator.faults().push(rule).unwrap();
    assert_eq!(served.get(&older).await.text, first);
    assert_ne!(served.get(PATH).await.text, first);
    assert_eq!(served.get(&older).await.text, first);
    assert_ne!(served.get(&older).await.text, first);
}

#[tokio::test]
async fn a_wrong_type_spoils_one_field_of_every_row() {
    let served = served_with_fault(Fault::WrongTypes("price".to_owned())).await;
    let spoilt = served.rows(PATH).await;
    let right = served.rows(PATH).await;
    assert_eq!(spoilt.len(), right.len());
    for (spoilt, right) in spoilt.iter().zip(&right) {
        assert!(spoilt["price"].is_array() && right["price"].is_string());
        assert_eq!(spoilt["size"], right["size"]);
    }
}

#[tokio::test]
async fn the_script_can_be_written_and_read_over_http() {
    let served = served(AFTERNOON).await;
    let url = format!("{}/simulator/faults", served.simulator.url());
    for rule in [
        r#"{"fault": "status_500", "path_prefix": "/api/stock"}"#,
        r#"{"fault": {"slow_drip": {"bytes_per_sec": 9}}, "count": 3, "skip": 1}"#,
        r#"{"fault": {"wrong_types": "price"}}"#,
        r#"{"fault": {"delay": 5}}"#,
    ] {
        let post = served.client.post(&url).header("content-type", "application/json").body(rule);
        assert_eq!(post.send().await.unwrap().status().as_u16(), 200, "{rule}");
    }
    let text = served.client.get(&url).send().await.unwrap().text().await.unwrap();
    let listed: Vec<FaultRule> = serde_json::from_str(&text).unwrap();
    assert_eq!(listed, served.simulator.faults().list());
    assert_eq!(listed[0], FaultRule::once(Fault::Status500).on("/api/stock"));
    assert_eq!(listed[1], FaultRule::times(Fault::SlowDrip { bytes_per_sec: 9 }, 3).after(1));
    assert_eq!(served.client.delete(&url).send().await.unwrap().status().as_u16(), 204);
    assert_eq!(served.simulator.faults().list(), []);
    assert_eq!(served.simulator.requests().count, 0, "the vendor never saw these");
}
