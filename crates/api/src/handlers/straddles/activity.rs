//! A session's off-exchange activity on the consolidated tape, against its baseline.

use rust_decimal::Decimal;
use undertow_analysis::activity::MIN_SESSIONS;
use undertow_market::calendar::minute_of_day;
use undertow_market::{SessionHours, TapeMinute};
use undertow_store::baselines::BaselineRow;
use undertow_store::tape::TapeBookRow;

use super::{latest_session, ms_of};
use crate::app::App;
use crate::columns::Columns;
use crate::convert::float;
use crate::dto::{GetTapeActivity, TapeActivityMeta};
use crate::error::ApiError;
use crate::handlers::request;

pub(crate) async fn get_tape_activity(
    app: &App,
    request: GetTapeActivity,
) -> Result<Columns, ApiError> {
    let market = app.market()?;
    let symbol = request::symbol(&request.symbol)?;
    let date = match &request.session {
        Some(text) => request::date("session", text)?,
        None => latest_session(app, market.clock.now())?,
    };
    let hours = app.calendar().session(date);
    let hours = hours.ok_or_else(|| ApiError::invalid(format!("{date} was no trading day")))?;
    let book = request::stored(market.store.tape_book(&symbol, date).await)?;
    let baseline = request::stored(market.store.baseline(&symbol, date).await)?;
    let minutes = match &book {
        Some(_) => request::stored(market.store.tape_minutes(&symbol, date, date).await)?,
        None => Vec::new(),
    };
    let curve = Curve::of(&hours, book.as_ref(), &minutes, baseline.as_ref());
    let sessions = baseline.as_ref().map_or(0, |row| row.sessions);
    let meta = TapeActivityMeta {
        symbol: symbol.to_string(),
        session_date: date.to_string(),
        baseline_sessions: sessions,
        needed_sessions: u32::try_from(MIN_SESSIONS).unwrap_or(u32::MAX),
        multiple: curve.multiple(),
        to_ms: ms_of(book.as_ref().map(|book| book.to)),
        off_exchange_share: share(&minutes),
        is_whole: book.is_some_and(|book| book.is_whole),
    };
    Ok(Columns::new(curve.minutes.len(), &meta)?
        .with("minute", curve.minutes.into_iter().map(f64::from))
        .with("today", curve.today)
        .with("mean", curve.mean)
        .with("low", curve.low)
        .with("high", curve.high))
}

/// One value a minute of the day, NaN where it is not known.
#[derive(Default)]
struct Curve {
    minutes: Vec<u16>,
    today: Vec<f64>,
    mean: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl Curve {
    /// Empty where nothing is stored of the day.
    fn of(
        hours: &SessionHours,
        book: Option<&TapeBookRow>,
        stored: &[TapeMinute],
        baseline: Option<&BaselineRow>,
    ) -> Self {
        let Some(book) = book else {
            return Self::default();
        };
        let last = minute_of_day(hours.post_end_at).saturating_sub(1);
        let minutes: Vec<u16> = (minute_of_day(hours.pre_at)..=last).collect();
        let known_before = if book.is_whole || book.to >= hours.post_end_at {
            last + 1
        } else {
            minute_of_day(book.to)
        };
        let mut sum = Decimal::ZERO;
        let mut left = stored.iter().peekable();
        let today = minutes.iter().map(|minute| {
            while let Some(of) = left.next_if(|of| of.minute <= *minute) {
                sum += of.off_exchange.shares;
            }
            if *minute < known_before { float(sum) } else { f64::NAN }
        });
        let today = today.collect();
        let enough = baseline.filter(|row| is_enough(row.sessions));
        let at = |values: fn(&BaselineRow) -> &Vec<f64>| {
            minutes.iter().map(|minute| at(enough, values, *minute)).collect()
        };
        let (mean, low, high) = (at(|row| &row.mean), at(|row| &row.low), at(|row| &row.high));
        Self { today, mean, low, high, minutes }
    }

    /// Shares so far over the baseline of the same minute.
    fn multiple(&self) -> Option<f64> {
        let index = self.today.iter().rposition(|shares| !shares.is_nan())?;
        let ratio = self.today[index] / self.mean[index];
        ratio.is_finite().then_some(ratio)
    }
}

fn is_enough(sessions: u32) -> bool {
    usize::try_from(sessions).is_ok_and(|sessions| sessions >= MIN_SESSIONS)
}

/// The baseline at a minute; after its last figure that one stands.
fn at(row: Option<&BaselineRow>, values: fn(&BaselineRow) -> &Vec<f64>, minute: u16) -> f64 {
    let of = |row: &BaselineRow| {
        let index = usize::from(minute.checked_sub(row.first_minute)?);
        let values = values(row);
        values.get(index).or(values.last()).copied()
    };
    row.and_then(of).unwrap_or(f64::NAN)
}

/// Off-exchange shares as a share of all.
fn share(minutes: &[TapeMinute]) -> Option<f64> {
    let off: Decimal = minutes.iter().map(|minute| minute.off_exchange.shares).sum();
    let lit: Decimal = minutes.iter().map(|minute| minute.lit.shares).sum();
    off.checked_div(off + lit).map(float)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use undertow_market::{Calendar, Symbol, TapeVolume};
    use undertow_store::tape::TapeSource;

    use super::*;

    fn date() -> NaiveDate {
        "2026-06-05".parse().unwrap()
    }

    fn book(to: &str, is_whole: bool) -> TapeBookRow {
        TapeBookRow {
            symbol: Symbol::new("SPY").unwrap(),
            session_date: date(),
            to: to.parse().unwrap(),
            source: TapeSource::Rest,
            is_whole,
            trades: 3,
            prints_floor: Decimal::ONE_HUNDRED,
        }
    }

    fn minute(minute: u16, shares: i64) -> TapeMinute {
        let volume =
            |shares: i64| TapeVolume { trades: 1, shares: shares.into(), notional: Decimal::ONE };
        TapeMinute {
            symbol: Symbol::new("SPY").unwrap(),
            session_date: date(),
            minute,
            lit: volume(shares),
            off_exchange: volume(shares),
            apart: Vec::new(),
        }
    }

    fn baseline(sessions: u32) -> BaselineRow {
        let curve = |factor: f64| (0..960).map(|minute| factor * f64::from(minute)).collect();
        BaselineRow {
            symbol: Symbol::new("SPY").unwrap(),
            session_date: date(),
            computed_at: "2026-06-05T08:00:00Z".parse().unwrap(),
            sessions,
            first_minute: 240,
            mean: curve(1.0),
            low: curve(0.5),
            high: curve(2.0),
        }
    }

    fn curve(to: &str, is_whole: bool, sessions: u32) -> Curve {
        let hours = Calendar::nyse().session(date()).unwrap();
        let minutes = [minute(250, 100), minute(570, 900)];
        Curve::of(&hours, Some(&book(to, is_whole)), &minutes, Some(&baseline(sessions)))
    }

    #[test]
    fn shares_add_up_to_the_watermark_and_are_unknown_after_it() {
        // 09:32 in New York.
        let found = curve("2026-06-05T13:32:00Z", false, 90);
        let at = |minute: u16| found.today[usize::from(minute - 240)];
        assert_eq!(found.minutes.len(), 960);
        for (minute, shares) in [(249, 0.0), (250, 100.0), (569, 100.0), (570, 1e3), (571, 1e3)] {
            assert!((at(minute) - shares).abs() < 1e-9, "{minute}");
        }
        assert!(at(572).is_nan());
        let ratio = found.multiple().unwrap();
        assert!((ratio - 1_000.0 / 331.0).abs() < 1e-12, "{ratio}");
    }

    #[test]
    fn a_whole_day_is_known_to_its_end() {
        let found = curve("2026-06-05T20:00:00Z", true, 90);
        assert!(found.today.iter().all(|shares| !shares.is_nan()));
    }

    #[test]
    fn too_few_sessions_are_no_baseline() {
        let found = curve("2026-06-05T13:32:00Z", false, 59);
        assert!(found.mean.iter().chain(&found.high).all(|value| value.is_nan()));
        assert_eq!(found.multiple(), None);
    }

    #[test]
    fn without_a_book_there_is_no_curve() {
        let hours = Calendar::nyse().session(date()).unwrap();
        assert!(Curve::of(&hours, None, &[], None).minutes.is_empty());
        assert_eq!(share(&[]), None);
        assert_eq!(share(&[minute(250, 100)]), Some(0.5));
    }
}
