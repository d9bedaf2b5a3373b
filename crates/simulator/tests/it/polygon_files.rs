//! Flat files: the vendor's layout, and the same day over every channel.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use undertow_simulator::{FlatFile, Simulator};

use crate::served::{DATE, date, served, symbol};

const NEXT_NOON: &str = "2026-06-03T16:00:00Z";

fn table(bytes: &[u8]) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("gzip");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers().expect("a head").iter().map(str::to_owned).collect();
    let row = |record: csv::StringRecord| {
        head.iter().cloned().zip(record.iter().map(str::to_owned)).collect()
    };
    let rows = reader.records().map(|record| row(record.expect("a row"))).collect();
    (head, rows)
}

fn trades(simulator: &Simulator) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    table(&simulator.flat_file(FlatFile::Trades, date(DATE)))
}

#[tokio::test]
async fn a_file_of_trades_has_the_vendors_columns_and_every_row_of_the_tape() {
    let served = served(NEXT_NOON).await;
    let (head, rows) = trades(&served.simulator);
    assert_eq!(
        head.join(","),
        "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,\
         sip_timestamp,size,tape,trf_id,trf_timestamp"
    );
    let market = served.simulator.market();
    for ticker in market.symbols() {
        let day = market.tape(ticker, date(DATE)).expect("a session");
        let mut of_symbol: Vec<_> =
            rows.iter().filter(|row| row["ticker"] == ticker.as_str()).collect();
        assert_eq!(of_symbol.len(), day.trades.len(), "{ticker}");
        of_symbol.sort_by_key(|row| row["sequence_number"].parse::<i64>().expect("a number"));
        for (row, trade) in of_symbol.into_iter().zip(&day.trades) {
            let ids: Vec<String> =
                trade.conditions.as_slice().iter().map(ToString::to_string).collect();
            assert_eq!(row["conditions"], ids.join(","));
            assert_eq!(row["sip_timestamp"], trade.sip_ns.to_string());
            assert_eq!(row["id"], trade.id.to_string());
            assert_eq!(row["correction"], trade.correction_at(i64::MAX).to_string());
            assert_eq!(row["price"].parse(), Ok(trade.price.price()));
            let size: f64 = row["size"].parse().expect("a size");
            assert!((size * 1e6 - trade.size.0 as f64).abs() < 0.5, "{row:?}");
            match trade.facility_id() {
                Some(id) => assert_eq!(row["trf_id"], id.to_string()),
                None => assert!(["", "0"].contains(&row["trf_id"].as_str()), "{row:?}"),
            }
        }
    }
    let runs = rows.chunk_by(|a, b| a["ticker"] == b["ticker"]).count();
    assert_eq!(runs, market.symbols().count() + 1, "one symbol comes in two runs");
    let steps_back = rows
        .windows(2)
        .filter(|pair| pair[0]["ticker"] == pair[1]["ticker"])
        .filter(|pair| pair[0]["sip_timestamp"] > pair[1]["sip_timestamp"])
        .count();
    assert!(steps_back > 100, "{steps_back}");
}

#[tokio::test]
async fn files_of_bars_are_the_bars_that_rest_tells() {
    let served = served(NEXT_NOON).await;
    for (kind, span) in [(FlatFile::Days, "day"), (FlatFile::Minutes, "minute")] {
        let (head, rows) = table(&served.simulator.flat_file(kind, date(DATE)));
        assert_eq!(head.join(","), "ticker,volume,open,close,high,low,window_start,transactions");
        let path =
            format!("/v2/aggs/ticker/IWM/range/1/{span}/{DATE}/{DATE}?adjusted=false&limit=50000");
        let bars = served.get(&path).await.json()["results"].as_array().cloned().expect("bars");
        let of_symbol: Vec<_> = rows.iter().filter(|row| row["ticker"] == "IWM").collect();
        assert_eq!(of_symbol.len(), bars.len());
        for (row, bar) in of_symbol.into_iter().zip(&bars) {
            let start_ms = row["window_start"].parse::<i64>().expect("a time") / 1_000_000;
            assert_eq!(bar["t"], start_ms);
            for (name, field) in
                [("volume", "v"), ("open", "o"), ("close", "c"), ("high", "h"), ("low", "l")]
            {
                let found: f64 = row[name].parse().expect("a number");
                let told = bar[field].as_f64().expect("a number");
                assert!((found - told).abs() < 1e-6, "{name}: {row:?} {bar}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_can_be_written_to_disk_or_fetched_and_a_closed_day_has_a_head_only() {
    let served = served(NEXT_NOON).await;
    let simulator = &served.simulator;
    let path = std::env::temp_dir().join(format!("undertow-flat-{}.csv.gz", std::process::id()));
    simulator.write_flat_file(FlatFile::Trades, date(DATE), &path).expect("a writable folder");
    let written = std::fs::read(&path).expect("what was written");
    std::fs::remove_file(&path).expect("what was written");
    assert_eq!(written, simulator.flat_file(FlatFile::Trades, date(DATE)));
    let url = format!("{}/simulator/flat-files/trades_v1/{DATE}", simulator.url());
    let fetched = served.client.get(url).send().await.expect("an answer");
    assert_eq!(fetched.bytes().await.expect("a body"), written);
    let (_, rows) = table(&simulator.flat_file(FlatFile::Trades, date("2026-06-06")));
    assert!(rows.is_empty());
    let none = simulator.market().tape(&symbol("SPY"), date("2026-06-06"));
    assert!(none.is_none());
}
