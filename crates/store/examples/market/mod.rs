//! Invented prints for measurements, and a server to measure on.

use std::path::PathBuf;

use anyhow::Result;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use undertow_market::{MarketSession, Price, Print, Quote, Reasons, Size, Symbol, VendorId};
use undertow_store::embedded::{EmbeddedConfig, EmbeddedPostgres};

pub(crate) const SYMBOLS: [&str; 5] = ["SPY", "QQQ", "NVDA", "TSLA", "AAPL"];
/// Days, for as many prints as there are; a liquid symbol has some thousands of prints a day.
const MAX_DAYS: usize = 90;
const PRINTS_A_DAY: usize = 2_000;

/// A durable server in a new folder, which is removed at the end.
pub(crate) async fn server() -> Result<(EmbeddedPostgres, tempfile::TempDir)> {
    let folder = tempfile::Builder::new().prefix("undertow-bench-").tempdir()?;
    let config = EmbeddedConfig::new(PathBuf::from(folder.path()));
    Ok((EmbeddedPostgres::start(config).await?, folder))
}

/// So many prints over the symbols and some days, in the order in which a backfill meets them: day by
/// day, symbol by symbol, by time. The vendor's ids are unique and in no order.
pub(crate) fn prints(count: usize, seed: u64) -> Vec<Print> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut ids: Vec<i64> = (0..).take(count).collect();
    ids.shuffle(&mut dice);
    let days = count.div_ceil(PRINTS_A_DAY * SYMBOLS.len()).clamp(1, MAX_DAYS);
    let each = count.div_ceil(days * SYMBOLS.len());
    let mut found = Vec::with_capacity(count);
    let mut day = NaiveDate::from_ymd_opt(2026, 1, 5).expect("a real day");
    let mut middles = [600.0_f64, 520.0, 180.0, 340.0, 230.0];
    for _ in 0..days {
        for (name, middle) in SYMBOLS.iter().zip(&mut middles) {
            let symbol = Symbol::new(name).expect("a ticker");
            let open = day.and_hms_opt(14, 30, 0).expect("a real time").and_utc();
            for n in 0..each.min(count - found.len()) {
                *middle *= 1.0 + dice.random_range(-0.000_2..0.000_2);
                let seconds = 23_400 * n / each;
                let at = open + TimeDelta::seconds(i64::try_from(seconds).expect("a day"));
                found.push(print(&symbol, day, at, *middle, ids[found.len()], &mut dice));
            }
        }
        day = day + Days::new(1);
    }
    found
}

fn print(
    symbol: &Symbol,
    session_date: NaiveDate,
    at: DateTime<Utc>,
    middle: f64,
    tracking_id: i64,
    dice: &mut StdRng,
) -> Print {
    // Invented figures may come from floats; stored ones never do.
    let ticks = (middle * 10_000.0) as i64;
    let cents = |ticks: i64| Price::new(Decimal::new(ticks / 100, 2)).expect("above zero");
    let price = if dice.random_range(0..4) == 0 { ticks } else { ticks / 100 * 100 };
    let is_plain = dice.random_range(0..10) > 0;
    Print {
        vendor: VendorId::UnusualWhales,
        symbol: symbol.clone(),
        session_date,
        session: MarketSession::Regular,
        executed_at: at,
        reported_at: at,
        received_at: at + TimeDelta::days(200),
        tracking_id: 36_000_000_000_000 + tracking_id * 997,
        price: Price::new(Decimal::new(price, 4).normalize()).expect("above zero"),
        size: Size::new(Decimal::from(dice.random_range(1_i64..40) * 100)).expect("above zero"),
        day_volume: Some(dice.random_range(1_000_000..80_000_000)),
        quote: Some(Quote { bid: cents(ticks - 150), ask: cents(ticks + 150) }),
        reasons: if is_plain { Reasons::empty() } else { Reasons::AVERAGE_PRICE },
        market_center: Some("L".into()),
        sale_condition: (!is_plain).then(|| "average_price_trade".into()),
        trade_code: None,
        extended_hours_code: None,
        settlement: Some("regular".into()),
    }
}

/// The number after `--name`, or the default.
pub(crate) fn argument(name: &str, default: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != &format!("--{name}"));
    arguments.nth(1).and_then(|value| value.parse().ok()).unwrap_or(default)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
