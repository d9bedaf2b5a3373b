//! The key appears nowhere: not in errors, `Debug`, logs or rows, whatever the vendor answers.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::util::SubscriberInitExt;
use undertow_vendor::{PrintsQuery, Priority, UnusualWhales, UnusualWhalesConfig};

use crate::server::{Reply, Server, Way};
use crate::{KEY, client, config, spy};

/// Enough of the key to be recognised.
pub(crate) const PART: &str = "7f3a91c2";

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Also takes in what libraries tell the `log` crate.
pub(crate) fn watch_log(log: &Log) -> tracing::subscriber::DefaultGuard {
    let log = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || log.clone())
        .finish();
    subscriber.set_default()
}

/// Answers of a vendor that repeats the key wherever it can.
fn replies() -> Vec<Reply> {
    let echo = |status, before: &str, after: &str| {
        Reply::new(status, format!("{before}{KEY}{after}"))
            .header("x-echo", format!("Bearer {KEY}"))
            .header("location", format!("http://127.0.0.1:1/?token={KEY}"))
    };
    let mut replies = vec![
        Reply::new(200, format!("{{\"data\":[]}} {KEY}")),
        echo(200, "<html>", "</html>"),
        echo(200, r#"{"data":[{"ticker":""#, r#""}]}"#),
        echo(200, r#"{"data":[{"ticker":"SPY","price":""#, r#""}]}"#),
        echo(200, r#"{"data":""#, r#""}"#),
        echo(200, r#"{"data":[""#, ""),
        echo(200, &" ".repeat(290), ""),
        echo(200, &"x".repeat(290), "x"),
        echo(200, r#"{"data":[]}"#, "").way(Way::Hang),
        echo(200, r#"{"data":[]}"#, "").way(Way::StopHalfway),
        echo(200, r#"{"data":[]}"#, "").way(Way::Drip(Duration::from_millis(60))),
        echo(200, r#"{"data":[]}"#, "").way(Way::Truncated),
        echo(200, &" ".repeat(2 * 1024 * 1024), ""),
    ];
    for status in [301, 400, 401, 403, 404, 408, 418, 422, 429, 500, 503] {
        replies.push(echo(status, "", ""));
        replies.push(echo(status, r#"{"code":""#, r#"","message":"m"}"#));
        replies.push(echo(status, r#"{"message":"key "#, r#" refused","code":"x_required"}"#));
        replies.push(echo(status, r#"{"msg":"Missing access "#, r#""}"#));
    }
    replies.push(echo(429, r#"{"code":"daily_request_limit_hit","message":""#, r#""}"#));
    replies
}

#[tokio::test]
async fn the_key_appears_nowhere_whatever_the_vendor_answers() {
    let log = Log::default();
    let guard = watch_log(&log);
    for reply in replies() {
        let label = format!("{} {:?}", reply.status, reply.way);
        // The second attempt would wait for the next minute.
        let reply = reply.header("x-uw-req-per-minute-reset", 0);
        let server = Server::start([reply]).await;
        let client = client(&server.url);
        let result = client.darkpool(&PrintsQuery::new(spy()), Priority::Live).await;
        let told = match &result {
            Ok(page) => format!("{page:?} {client:?}"),
            Err(error) => format!("{error} {error:?} {} {client:?}", error.advice()),
        };
        assert!(!told.contains(PART), "{label}: {told}");
        assert!(server.asked().iter().all(|asked| !asked.path_and_query.contains(PART)));
    }
    drop(guard);
    let log = log.text();
    assert!(log.contains("/api/darkpool/SPY"), "nothing was logged, so nothing was proved");
    assert!(!log.contains(PART), "the key is in the log");
}

#[tokio::test]
async fn the_key_appears_in_no_error_about_settings_or_a_dead_address() {
    let attempt = async |config: UnusualWhalesConfig| {
        let shown = format!("{config:?}");
        let error = match UnusualWhales::new(config) {
            Ok(client) => client.stock_state(&spy(), Priority::Live).await.unwrap_err(),
            Err(error) => error,
        };
        let told = format!("{shown} {error} {error:?}");
        assert!(!told.contains(PART), "{told}");
        error.kind()
    };
    let with_url = |url: String| UnusualWhalesConfig { base_url: url, ..config("") };
    assert_eq!(attempt(with_url("http://127.0.0.1:1".to_owned())).await, "transient");
    assert_eq!(attempt(with_url(format!("https://{KEY}@127.0.0.1"))).await, "fatal");
    assert_eq!(attempt(with_url(format!("https://127.0.0.1/?token={KEY}"))).await, "fatal");
    assert_eq!(attempt(with_url("http://api.example.com".to_owned())).await, "fatal");
    let key = SecretString::from(format!("{KEY}\n"));
    let url = "http://127.0.0.1:1";
    assert_eq!(attempt(UnusualWhalesConfig { key, ..config(url) }).await, "fatal");
}
