//! A served market, and the requests that the tests make of it.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::header::HeaderMap;
use reqwest::{Client, Response};
use rust_decimal::Decimal;
use serde_json::Value;
use undertow_market::Symbol;
use undertow_simulator::{ManualClock, Simulator, SimulatorConfig};

pub(crate) const SEED: u64 = 11;
/// A Tuesday.
pub(crate) const DATE: &str = "2026-06-02";
/// Half past three in the afternoon of that Tuesday, in New York.
pub(crate) const AFTERNOON: &str = "2026-06-02T19:30:00Z";

pub(crate) struct Served {
    pub(crate) simulator: Simulator,
    pub(crate) clock: ManualClock,
    pub(crate) client: Client,
}

pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a test instant")
}

pub(crate) fn date(text: &str) -> NaiveDate {
    text.parse().expect("a test date")
}

pub(crate) fn symbol(text: &str) -> Symbol {
    text.parse().expect("a test symbol")
}

/// Serves the default market with its clock at `now`, changed by `configure`.
pub(crate) async fn served_with(now: &str, configure: impl FnOnce(&mut SimulatorConfig)) -> Served {
    let clock = ManualClock::new(at(now));
    let mut config = SimulatorConfig::new(SEED, clock.clock());
    config.plan.per_minute = None;
    configure(&mut config);
    let simulator = Simulator::start(config).await.expect("a free loopback port");
    let client = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client without extras");
    Served { simulator, clock, client }
}

pub(crate) async fn served(now: &str) -> Served {
    served_with(now, |_| ()).await
}

impl Served {
    pub(crate) async fn send(&self, path: &str) -> reqwest::Result<Response> {
        let url = format!("{}{path}", self.simulator.url());
        self.client.get(url).bearer_auth(self.simulator.key()).send().await
    }

    pub(crate) async fn get(&self, path: &str) -> Answered {
        let response = self.send(path).await.expect(path);
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answered { status, headers, text: response.text().await.expect(path) }
    }

    /// The rows of a successful answer.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Value> {
        let answered = self.get(path).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        answered.json()["data"].as_array().expect("rows in an array").clone()
    }

    /// The rows of a successful answer that is a bare array.
    pub(crate) async fn bare(&self, path: &str) -> Vec<Value> {
        let answered = self.get(path).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        answered.json().as_array().expect("a bare array").clone()
    }

    /// Every row of a session, paged as a careful client does it: newest first, the cursor one
    /// second above the oldest row, repeats dropped.
    pub(crate) async fn whole_session(&self, symbol: &str, date: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        let mut seen = HashSet::new();
        let mut cursor = String::new();
        loop {
            let page = self.rows(&format!("/api/darkpool/{symbol}?date={date}{cursor}")).await;
            let full = page.len() == 500;
            rows.extend(page.into_iter().filter(|row| seen.insert(row.to_string())));
            if !full {
                return rows;
            }
            let oldest = row_time(rows.last().expect("a full page"));
            cursor = format!("&older_than={}", oldest.timestamp() + 1);
        }
    }
}

pub(crate) fn decimal(row: &Value, field: &str) -> Decimal {
    let text = row[field].as_str().unwrap_or_else(|| panic!("{field} is no text in {row}"));
    text.parse().unwrap_or_else(|_| panic!("{field} is no decimal in {row}"))
}

pub(crate) fn number(row: &Value, field: &str) -> i64 {
    row[field].as_i64().unwrap_or_else(|| panic!("{field} is no whole number in {row}"))
}

/// The names of a row's fields, sorted.
pub(crate) fn fields(row: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        row.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

impl Answered {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("a JSON body")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text header"))
    }

    pub(crate) fn number(&self, name: &str) -> i64 {
        self.header(name).expect(name).parse().expect("a whole number")
    }
}

pub(crate) fn row_time(row: &Value) -> DateTime<Utc> {
    at(row["executed_at"].as_str().expect("a tape time"))
}
