//! One level, bar by bar.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use undertow_market::Bar;

use super::{Approach, Outcome, Touch};

/// The price has left a level when it is this many touch distances away.
const LEAVES_AT: Decimal = Decimal::from_parts(3, 0, 0, false, 0);

pub(super) fn touches(bars: &[Bar], level: Decimal, distance: Decimal) -> Vec<Touch> {
    let Some(first) = bars.first() else {
        return Vec::new();
    };
    let mut walk = Walk::new(Band::new(level, distance), first.open.get());
    for bar in bars {
        walk.step(bar);
    }
    walk.finish()
}

/// A level with the prices that matter around it.
struct Band {
    level: Decimal,
    near_low: Decimal,
    near_high: Decimal,
    far_low: Decimal,
    far_high: Decimal,
}

impl Band {
    fn new(level: Decimal, distance: Decimal) -> Self {
        let far = distance * LEAVES_AT;
        Self {
            level,
            near_low: level - distance,
            near_high: level + distance,
            far_low: level - far,
            far_high: level + far,
        }
    }

    fn is_reached(&self, low: Decimal, high: Decimal) -> bool {
        low <= self.near_high && high >= self.near_low
    }

    fn is_left(&self, low: Decimal, high: Decimal) -> bool {
        low <= self.far_low || high >= self.far_high
    }

    /// Whether prices up to these have gone back far enough to where they came from.
    fn is_held(&self, from: Approach, low: Decimal, high: Decimal) -> bool {
        match from {
            Approach::Above => high >= self.far_high,
            Approach::Below => low <= self.far_low,
        }
    }

    fn is_breached(&self, from: Approach, close: Decimal) -> bool {
        match from {
            Approach::Above => close <= self.near_low,
            Approach::Below => close >= self.near_high,
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    /// A bar that reaches the level touches it.
    Armed,
    /// Touched, and not decided yet.
    Touched { at: DateTime<Utc>, from: Approach },
    /// Waits until the price has left.
    Spent,
}

struct Walk {
    band: Band,
    state: State,
    /// The side of the level that the last close was on.
    side: Approach,
    touches: Vec<Touch>,
}

impl Walk {
    fn new(band: Band, open: Decimal) -> Self {
        let state = if band.is_reached(open, open) { State::Spent } else { State::Armed };
        let side = if open < band.level { Approach::Below } else { Approach::Above };
        Self { band, state, side, touches: Vec::new() }
    }

    fn step(&mut self, bar: &Bar) {
        let (low, high, close) = (bar.low.get(), bar.high.get(), bar.close.get());
        match self.state {
            State::Armed if self.band.is_reached(low, high) => {
                // Low and high may have come before the touch: only the close is after it.
                self.decide(bar.start_at, self.side, [close, close, close]);
            }
            State::Armed => {}
            State::Touched { at, from } => self.decide(at, from, [low, high, close]),
            State::Spent if self.band.is_left(low, high) => self.state = State::Armed,
            State::Spent => {}
        }
        if close != self.band.level {
            self.side = if close < self.band.level { Approach::Below } else { Approach::Above };
        }
    }

    /// What the prices after a touch make of it. The close is the last of them.
    fn decide(&mut self, at: DateTime<Utc>, from: Approach, [low, high, close]: [Decimal; 3]) {
        let outcome = if self.band.is_held(from, low, high) {
            Outcome::Held
        } else if self.band.is_breached(from, close) {
            Outcome::Breached
        } else {
            self.state = State::Touched { at, from };
            return;
        };
        self.touches.push(Touch { at, from, outcome });
        let left = self.band.is_left(low, high);
        self.state = if left { State::Armed } else { State::Spent };
    }

    fn finish(mut self) -> Vec<Touch> {
        if let State::Touched { at, from } = self.state {
            self.touches.push(Touch { at, from, outcome: Outcome::Unresolved });
        }
        self.touches
    }
}
