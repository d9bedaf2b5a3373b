//! From the checked parts of a trade, whichever channel brought them, to the domain's trade.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use undertow_market::print::lateness;
use undertow_market::{Conditions, Price, Size, Symbol, TapeTrade, minute_of_day, new_york_date};

use super::ConditionTable;

/// What a channel tells of a trade, each part checked. Instants may be finer than milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct TradeParts<'a> {
    pub(crate) symbol: Symbol,
    /// The venue's id of the trade.
    pub(crate) id: &'a str,
    pub(crate) venue: u16,
    /// None where the channel tells none, or zero.
    pub(crate) trf_id: Option<u16>,
    /// When it reached the tape.
    pub(crate) sip_at: DateTime<Utc>,
    /// When it was executed, where the channel tells.
    pub(crate) participant_at: Option<DateTime<Utc>>,
    pub(crate) price: Price,
    pub(crate) size: Size,
    pub(crate) conditions: Conditions,
    /// Zero where the channel never tells.
    pub(crate) correction: u16,
    pub(crate) sequence: i64,
    pub(crate) received_at: DateTime<Utc>,
}

/// Makes trades of parts. Cheap to clone and free to share: a trade costs no look-up of a time
/// zone and no allocation.
#[derive(Clone, Debug, Default)]
pub struct TradeReader {
    conditions: ConditionTable,
}

impl TradeReader {
    /// A reader that takes the meaning of conditions from a table.
    #[must_use]
    pub fn new(conditions: ConditionTable) -> Self {
        Self { conditions }
    }

    /// The trade that the parts make.
    pub(crate) fn trade<'a>(&self, parts: TradeParts<'a>) -> TapeTrade<'a> {
        let reported_at = whole_milliseconds(parts.sip_at);
        let executed_at = parts.participant_at.map_or(reported_at, whole_milliseconds);
        let (session_date, minute) = new_york_minute(reported_at);
        let reasons = self.conditions.reasons(&parts.conditions, parts.correction)
            | lateness(executed_at, reported_at);
        TapeTrade {
            symbol: parts.symbol,
            session_date,
            minute,
            executed_at,
            reported_at,
            received_at: whole_milliseconds(parts.received_at),
            venue: parts.venue,
            trf_id: parts.trf_id,
            trade_id: parts.id,
            sequence: parts.sequence,
            price: parts.price,
            size: parts.size,
            conditions: parts.conditions,
            correction: parts.correction,
            reasons,
        }
    }
}

/// An instant without what is finer than a millisecond. Its date stays, so none is computed.
fn whole_milliseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    let at = at.naive_utc();
    let whole = at.with_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000);
    whole.unwrap_or(at).and_utc()
}

/// When New York's clock was set, and how many seconds it then stood from UTC. Some two hundred
/// entries, which a trade is looked up in faster than in the time zone's own rules.
static OFFSETS: LazyLock<Vec<(i64, i64)>> = LazyLock::new(|| {
    let mut offsets = Vec::new();
    let mut hour = FIRST_HOUR;
    while hour < LAST_HOUR {
        let offset = offset_at(hour);
        if offsets.last().is_none_or(|(_, known)| *known != offset) {
            offsets.push((first_hour_of(offset, hour), offset));
        }
        hour += HOURS_A_WEEK;
    }
    offsets
});

const SECONDS_AN_HOUR: i64 = 3600;
const SECONDS_A_DAY: i64 = 24 * SECONDS_AN_HOUR;
const HOURS_A_WEEK: i64 = 7 * 24;
/// From 2000 to 2100, outside of which no trade is read.
const FIRST_HOUR: i64 = 946_684_800 / SECONDS_AN_HOUR;
const LAST_HOUR: i64 = 4_133_980_800 / SECONDS_AN_HOUR;

/// The date and the minute of the day in New York, as [`new_york_date`] and [`minute_of_day`] tell.
fn new_york_minute(at: DateTime<Utc>) -> (NaiveDate, u16) {
    let second = at.timestamp();
    let after = OFFSETS.partition_point(|(begin, _)| *begin <= second);
    let known = after.checked_sub(1).filter(|_| second < LAST_HOUR * SECONDS_AN_HOUR);
    let Some(place) = known else {
        return (new_york_date(at), minute_of_day(at));
    };
    // New York is behind: it is the same date there, or still the day before.
    let date = at.date_naive();
    let wall = i64::from(at.num_seconds_from_midnight()) + OFFSETS[place].1;
    let date = if wall < 0 { date.pred_opt().unwrap_or(date) } else { date };
    (date, (wall.rem_euclid(SECONDS_A_DAY) / 60) as u16)
}

/// The wall clock's distance from UTC at a whole hour, in seconds. New York's is a whole number of
/// hours.
fn offset_at(hour: i64) -> i64 {
    let at = DateTime::from_timestamp(hour * SECONDS_AN_HOUR, 0).expect("an hour of this century");
    let midnight = new_york_date(at).and_hms_opt(0, 0, 0).expect("a day begins").and_utc();
    let wall = midnight.timestamp() + i64::from(minute_of_day(at)) * 60;
    wall - at.timestamp()
}

/// The first second of an offset that holds at this hour and did not a week before.
fn first_hour_of(offset: i64, hour: i64) -> i64 {
    let earliest = (hour - HOURS_A_WEEK).max(FIRST_HOUR);
    let first = (earliest..=hour).find(|hour| offset_at(*hour) == offset);
    first.unwrap_or(hour) * SECONDS_AN_HOUR
}

#[cfg(test)]
mod tests {
    use undertow_market::Reasons;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn parts() -> TradeParts<'static> {
        TradeParts {
            symbol: Symbol::new("SPY").unwrap(),
            id: "71",
            venue: 4,
            trf_id: Some(201),
            sip_at: at("2026-11-20T14:30:00.123456789Z"),
            participant_at: Some(at("2026-11-20T14:29:59.999999999Z")),
            price: "600.01".parse().unwrap(),
            size: "0.0073".parse().unwrap(),
            conditions: Conditions::default(),
            correction: 0,
            sequence: 9,
            received_at: at("2026-11-20T14:30:01.000000001Z"),
        }
    }

    #[test]
    fn nanoseconds_are_cut_not_rounded() {
        let trade = TradeReader::default().trade(parts());
        assert_eq!(trade.reported_at, at("2026-11-20T14:30:00.123Z"));
        assert_eq!(trade.executed_at, at("2026-11-20T14:29:59.999Z"));
        assert_eq!(trade.received_at, at("2026-11-20T14:30:01Z"));
        assert_eq!(trade.session_date, "2026-11-20".parse().unwrap());
        assert_eq!(trade.minute, 570);
        assert!(trade.is_off_exchange() && trade.reasons.is_empty());
    }

    #[test]
    fn milliseconds_of_the_stream_make_the_same_trade_as_nanoseconds() {
        let fine = TradeReader::default().trade(parts());
        let coarse = TradeReader::default().trade(TradeParts {
            sip_at: at("2026-11-20T14:30:00.123Z"),
            participant_at: Some(at("2026-11-20T14:29:59.999Z")),
            ..parts()
        });
        assert_eq!(fine, coarse);
    }

    #[test]
    fn lateness_is_measured_and_not_believed() {
        let check = |participant: Option<&str>, expected: Reasons| {
            let participant_at = participant.map(at);
            let trade = TradeReader::default().trade(TradeParts { participant_at, ..parts() });
            assert_eq!(trade.reasons, expected, "{participant:?}");
        };
        check(None, Reasons::empty());
        check(Some("2026-11-20T14:29:50.123Z"), Reasons::empty());
        check(Some("2026-11-20T14:29:50.122Z"), Reasons::LATE);
        check(Some("2026-11-20T14:15:00.123Z"), Reasons::LATE | Reasons::LATE_SIGNATURE);
        check(Some("2026-11-20T14:30:02Z"), Reasons::empty());
    }

    #[test]
    fn the_quick_wall_clock_agrees_with_the_slow_one() {
        let mut second = FIRST_HOUR * SECONDS_AN_HOUR - SECONDS_A_DAY;
        // A step that walks through every minute of the day and every day of the week.
        while second < LAST_HOUR * SECONDS_AN_HOUR + SECONDS_A_DAY {
            let at = DateTime::from_timestamp(second, 0).unwrap();
            assert_eq!(new_york_minute(at), (new_york_date(at), minute_of_day(at)), "{at}");
            second += 100_043;
        }
        for text in [
            "2026-03-08T06:59:59.999Z",
            "2026-03-08T07:00:00Z",
            "2026-11-01T05:59:59.999Z",
            "2026-11-01T06:00:00Z",
            "2000-01-01T00:00:00Z",
        ] {
            let at = at(text);
            assert_eq!(new_york_minute(at), (new_york_date(at), minute_of_day(at)), "{at}");
        }
    }
}
