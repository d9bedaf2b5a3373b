//! Which way the premium of a session leans, and how much of it can say so.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use undertow_market::{OptionKind, Price, Side};

use super::{FlowCell, Tenor};
use crate::coverage::Sides;

/// What a bought put is taken to say.
///
/// For single stocks it is bearish. For index funds net put buying has, by published evidence,
/// preceded gains, so both readings are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PutSign {
    /// Bought puts are bearish.
    #[default]
    Plain,
    /// Bought puts are bullish.
    Contrarian,
}

impl PutSign {
    /// The name in settings and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Contrarian => "contrarian",
        }
    }
}

/// The sentiment of a session. All dollars are of directional trades but for `excluded`.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowSentiment {
    /// What a bought put is taken to say.
    pub put_sign: PutSign,
    /// Directional trades.
    pub trades: i64,
    /// Premium of calls by side, dollars.
    pub calls: Sides,
    /// Premium of puts by side, dollars.
    pub puts: Sides,
    /// Premium of legs of larger orders, dollars: in no other sum.
    pub excluded: Decimal,
    /// Side times delta times shares times the underlying's price, dollars. The put sign does
    /// not touch it: it is what the trades did, not what they are taken to say.
    pub delta_notional: f64,
    /// Premium of trades with a side that carried no delta, dollars: not in `delta_notional`.
    pub without_delta: Decimal,
    /// Premium that provably opened, dollars.
    pub opening_provable: Decimal,
    /// Premium that probably opened, the provable included, dollars.
    pub opening_probable: Decimal,
}

impl FlowSentiment {
    /// Sums the cells of a session.
    #[must_use]
    pub fn of(cells: &[FlowCell], put_sign: PutSign) -> Self {
        let mut sum = Self {
            put_sign,
            trades: 0,
            calls: Sides::default(),
            puts: Sides::default(),
            excluded: cells.iter().filter(|cell| cell.complex).map(|cell| cell.premium).sum(),
            delta_notional: 0.0,
            without_delta: Decimal::ZERO,
            opening_provable: Decimal::ZERO,
            opening_probable: Decimal::ZERO,
        };
        for cell in directional(cells) {
            sum.add(cell);
        }
        sum
    }

    /// Premium that points up, dollars: calls bought and puts sold.
    #[must_use]
    pub fn bullish(&self) -> Decimal {
        match self.put_sign {
            PutSign::Plain => self.calls.buy + self.puts.sell,
            PutSign::Contrarian => self.calls.buy + self.puts.buy,
        }
    }

    /// Premium that points down, dollars: calls sold and puts bought.
    #[must_use]
    pub fn bearish(&self) -> Decimal {
        match self.put_sign {
            PutSign::Plain => self.calls.sell + self.puts.buy,
            PutSign::Contrarian => self.calls.sell + self.puts.sell,
        }
    }

    /// (bullish - bearish) / (bullish + bearish), -1 to 1. None without a trade that has a side.
    #[must_use]
    pub fn sentiment(&self) -> Option<f64> {
        share(self.bullish() - self.bearish(), self.bullish() + self.bearish())
    }

    /// The share of directional premium that has a side, 0 to 1. None without premium.
    #[must_use]
    pub fn coverage(&self) -> Option<f64> {
        self.both().coverage()
    }

    /// The share of all premium that was kept out as legs of larger orders, 0 to 1. None
    /// without premium.
    #[must_use]
    pub fn excluded_share(&self) -> Option<f64> {
        share(self.excluded, self.premium() + self.excluded)
    }

    /// The share of premium with a side that is missing from `delta_notional`, 0 to 1. None
    /// without a trade that has a side.
    #[must_use]
    pub fn delta_missing_share(&self) -> Option<f64> {
        let both = self.both();
        share(self.without_delta, both.buy + both.sell)
    }

    /// The share of directional premium that provably opened, 0 to 1. None without premium.
    #[must_use]
    pub fn opening_provable_share(&self) -> Option<f64> {
        share(self.opening_provable, self.premium())
    }

    /// The share of directional premium that probably opened, the provable included, 0 to 1.
    /// None without premium.
    #[must_use]
    pub fn opening_probable_share(&self) -> Option<f64> {
        share(self.opening_probable, self.premium())
    }

    /// Directional premium, dollars.
    #[must_use]
    pub fn premium(&self) -> Decimal {
        let both = self.both();
        both.buy + both.sell + both.unknown
    }

    fn both(&self) -> Sides {
        [self.calls, self.puts].into_iter().sum()
    }

    fn add(&mut self, cell: &FlowCell) {
        self.trades += cell.trades;
        add(if cell.kind == OptionKind::Call { &mut self.calls } else { &mut self.puts }, cell);
        if cell.side != Side::Unknown {
            self.delta_notional += cell.delta_notional;
            self.without_delta += cell.premium_without_delta;
        }
        self.opening_provable += cell.premium_opening_provable;
        self.opening_probable += cell.premium_opening_probable;
    }
}

/// Directional premium of one tenor, dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TenorPremium {
    /// Which.
    pub tenor: Tenor,
    /// Calls by side.
    pub calls: Sides,
    /// Puts by side.
    pub puts: Sides,
}

/// Directional premium by tenor, in the order of [`Tenor::ALL`]. The tenor of a contract is
/// counted from the session's date.
#[must_use]
pub fn by_tenor(cells: &[FlowCell], session_date: NaiveDate) -> [TenorPremium; 4] {
    Tenor::ALL.map(|tenor| {
        let mut sum = TenorPremium { tenor, calls: Sides::default(), puts: Sides::default() };
        let days = |cell: &FlowCell| (cell.expiry - session_date).num_days();
        for cell in directional(cells).filter(|cell| Tenor::of(days(cell)) == tenor) {
            add(if cell.kind == OptionKind::Call { &mut sum.calls } else { &mut sum.puts }, cell);
        }
        sum
    })
}

/// Net premium of one strike and expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatCell {
    /// The expiry.
    pub expiry: NaiveDate,
    /// The strike, dollars a share.
    pub strike: Price,
    /// Calls bought less calls sold, dollars.
    pub call_net: Decimal,
    /// Puts bought less puts sold, dollars.
    pub put_net: Decimal,
    /// Directional premium of both, those without a side included, dollars.
    pub premium: Decimal,
}

/// Net premium by expiry and strike, nearest expiry and lowest strike first. Strikes of which
/// only legs of larger orders traded are left out.
#[must_use]
pub fn heat(cells: &[FlowCell]) -> Vec<HeatCell> {
    let mut found = BTreeMap::<(NaiveDate, Price), [Sides; 2]>::new();
    for cell in directional(cells) {
        let [calls, puts] = found.entry((cell.expiry, cell.strike)).or_default();
        add(if cell.kind == OptionKind::Call { calls } else { puts }, cell);
    }
    let heat_cell = |((expiry, strike), [calls, puts]): (_, [Sides; 2])| HeatCell {
        expiry,
        strike,
        call_net: calls.buy - calls.sell,
        put_net: puts.buy - puts.sell,
        premium: [calls, puts].iter().map(|sides| sides.buy + sides.sell + sides.unknown).sum(),
    };
    found.into_iter().map(heat_cell).collect()
}

fn directional(cells: &[FlowCell]) -> impl Iterator<Item = &FlowCell> {
    cells.iter().filter(|cell| !cell.complex)
}

fn add(sides: &mut Sides, cell: &FlowCell) {
    match cell.side {
        Side::Buy => sides.buy += cell.premium,
        Side::Sell => sides.sell += cell.premium,
        Side::Unknown => sides.unknown += cell.premium,
    }
}

fn share(part: Decimal, whole: Decimal) -> Option<f64> {
    part.checked_div(whole)?.to_f64()
}
