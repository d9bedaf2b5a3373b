//! Which options are listed on a day: expiries, and strikes around the prices that were seen
//! since an expiry was listed. A contract that is listed stays until it expires.

use chrono::{Datelike, Days, NaiveDate};

use crate::profile::SymbolProfile;

/// How long before its expiry a contract of each class is listed, in days.
const MONTHLY_DAYS: u64 = 365;
const WEEKLY_DAYS: u64 = 49;
const DAILY_DAYS: u64 = 14;
/// No strike lies further from the prices that were seen than this fraction.
const WIDEST: f64 = 0.5;
/// Coarse strikes are so many fine ones apart.
const COARSE: i64 = 5;
const TICKS_PER_DOLLAR: i64 = 10_000;

/// What sort of expiry a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The last session of the week of a third Friday.
    Monthly,
    /// The last session of another week.
    Weekly,
    /// Any other session, of funds only.
    Daily,
}

/// Strikes that were listed together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Position of the first session on which they trade.
    pub(crate) born: usize,
    /// Distance of two strikes in ticks.
    pub(crate) step: i64,
    /// How far from the price they reach, as a fraction.
    pub(crate) reach: f64,
}

/// A day on which options expire.
#[derive(Clone, Debug)]
pub(crate) struct Expiry {
    /// Position among the sessions.
    pub(crate) position: usize,
    pub(crate) date: NaiveDate,
    pub(crate) layers: Vec<Layer>,
}

/// The sort of expiry that a session is. The last known session counts as the end of its week.
pub(crate) fn class(dates: &[NaiveDate], position: usize) -> Class {
    let date = dates[position];
    let next = dates.get(position + 1);
    if next.is_some_and(|next| next.iso_week() == date.iso_week()) {
        return Class::Daily;
    }
    let friday =
        date + Days::new(u64::from(4_u32.saturating_sub(date.weekday().num_days_from_monday())));
    if (15..=21).contains(&friday.day()) { Class::Monthly } else { Class::Weekly }
}

impl Class {
    pub(crate) fn is_listed(self, profile: &SymbolProfile, days: i64) -> bool {
        let longest = match self {
            Self::Monthly => MONTHLY_DAYS,
            Self::Weekly => WEEKLY_DAYS,
            Self::Daily if profile.is_fund => DAILY_DAYS,
            Self::Daily => return false,
        };
        (0..=longest as i64).contains(&days)
    }

    fn layers(self, profile: &SymbolProfile) -> Vec<(u64, i64, f64)> {
        let fine = fine_step(profile);
        let reach = |deviations: f64, sessions: f64| {
            (deviations * profile.daily_volatility * sessions.sqrt()).min(WIDEST)
        };
        let weekly = (WEEKLY_DAYS, fine, reach(2.0, 34.0));
        match self {
            Self::Monthly => vec![(MONTHLY_DAYS, COARSE * fine, reach(2.2, 252.0)), weekly],
            Self::Weekly => vec![weekly],
            Self::Daily => vec![(DAILY_DAYS, fine, reach(2.5, 10.0))],
        }
    }
}

/// Distance of the finest strikes, in ticks.
pub(crate) fn fine_step(profile: &SymbolProfile) -> i64 {
    if profile.is_fund || profile.anchor_price < 200.0 {
        TICKS_PER_DOLLAR
    } else {
        TICKS_PER_DOLLAR * 5 / 2
    }
}

/// The expiries that are listed in the session at `position`, nearest first.
pub(crate) fn expiries(
    profile: &SymbolProfile,
    dates: &[NaiveDate],
    position: usize,
) -> Vec<Expiry> {
    let today = dates[position];
    let listed = |later: &usize| (dates[*later] - today).num_days() <= MONTHLY_DAYS as i64;
    (position..dates.len())
        .take_while(listed)
        .filter_map(|later| expiry(profile, dates, position, later))
        .collect()
}

fn expiry(
    profile: &SymbolProfile,
    dates: &[NaiveDate],
    position: usize,
    later: usize,
) -> Option<Expiry> {
    let date = dates[later];
    let class = class(dates, later);
    if !class.is_listed(profile, (date - dates[position]).num_days()) {
        return None;
    }
    let layer = |(days, step, reach)| {
        let born = dates.partition_point(|listed| *listed < date - Days::new(days));
        // Strikes are set around the close before, so the very first session lists none.
        Layer { born: born.max(1), step, reach }
    };
    let layers = class.layers(profile).into_iter().map(layer).filter(|l| l.born <= position);
    Some(Expiry { position: later, date, layers: layers.collect() })
}

#[cfg(test)]
mod tests {
    use undertow_market::Calendar;

    use super::*;
    use crate::profile::default_symbols;

    fn listed(ticker: usize, on: &str) -> Vec<(String, Class)> {
        let dates = Calendar::nyse().sessions_between(
            NaiveDate::from_ymd_opt(2025, 1, 2).unwrap(),
            NaiveDate::from_ymd_opt(2027, 12, 31).unwrap(),
        );
        let position = dates.binary_search(&on.parse().unwrap()).unwrap();
        let of = |expiry: &Expiry| (expiry.date.to_string(), class(&dates, expiry.position));
        expiries(&default_symbols()[ticker], &dates, position).iter().map(of).collect()
    }

    #[test]
    fn funds_expire_daily_then_weekly_then_monthly_for_a_year() {
        let listed = listed(0, "2026-06-02");
        let names: Vec<&str> = listed.iter().map(|(date, _)| date.as_str()).collect();
        assert_eq!(
            names[..5],
            ["2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05", "2026-06-08"]
        );
        // The third Friday of June is a holiday: the month ends on the Thursday before.
        assert!(listed.contains(&("2026-06-18".to_owned(), Class::Monthly)), "{listed:?}");
        assert!(listed.contains(&("2026-07-10".to_owned(), Class::Weekly)), "{listed:?}");
        assert_eq!(names.last(), Some(&"2027-05-21"));
        assert!((25..=35).contains(&names.len()), "{names:?}");
    }

    #[test]
    fn companies_expire_at_the_ends_of_weeks_only() {
        let listed = listed(4, "2026-06-02");
        assert_eq!(listed[0], ("2026-06-05".to_owned(), Class::Weekly));
        assert!(listed.iter().all(|(_, class)| *class != Class::Daily), "{listed:?}");
    }
}
