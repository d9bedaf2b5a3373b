//! Net premium and delta notional of a session, running from its open.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::OptionKind;

use super::{FlowMinute, Tenor};

/// Bought less sold, dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetPremium {
    /// Calls.
    pub calls: Decimal,
    /// Puts.
    pub puts: Decimal,
}

/// The session's sums up to the end of a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowPoint {
    /// When the minute begins.
    pub at: DateTime<Utc>,
    /// Net premium by tenor, in the order of [`Tenor::ALL`].
    pub net: [NetPremium; 4],
    /// Signed delta notional of all tenors, dollars.
    pub delta_notional: f64,
}

/// Adds up the minutes of one session, in order of time: one point for each minute that traded.
/// Between two points nothing changed.
///
/// It takes minutes only. A vendor's running series is cumulative as it comes, has another type,
/// and does not belong here.
#[must_use]
pub fn lines(minutes: &[FlowMinute]) -> Vec<FlowPoint> {
    let mut by_minute = BTreeMap::<DateTime<Utc>, Vec<&FlowMinute>>::new();
    for minute in minutes {
        by_minute.entry(minute.at).or_default().push(minute);
    }
    let (mut net, mut delta_notional) = ([NetPremium::default(); 4], 0.0);
    let point = |(at, minutes): (_, Vec<&FlowMinute>)| {
        for minute in minutes {
            add(&mut net[place(minute.tenor)], minute);
            delta_notional += minute.delta_notional;
        }
        FlowPoint { at, net, delta_notional }
    };
    by_minute.into_iter().map(point).collect()
}

fn add(net: &mut NetPremium, minute: &FlowMinute) {
    let change = minute.bought - minute.sold;
    match minute.kind {
        OptionKind::Call => net.calls += change,
        OptionKind::Put => net.puts += change,
    }
}

/// The place of a tenor in [`Tenor::ALL`].
fn place(tenor: Tenor) -> usize {
    match tenor {
        Tenor::Zero => 0,
        Tenor::Week => 1,
        Tenor::Month => 2,
        Tenor::Longer => 3,
    }
}
