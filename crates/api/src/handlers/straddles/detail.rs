//! One symbol's straddle, whole.

use undertow_analysis::atm::{Atm, AtmPoint, Market};
use undertow_analysis::opportunity::{Evidence, Inputs};
use undertow_analysis::straddle::{Cost, CostSource, DensityPoint, Gate, GateKind, Leg, Straddle};
use undertow_market::{OptionKind, Price};
use undertow_store::chains::ChainAt;

use super::{Known, ms_of, words};
use crate::convert::{count, float};
use crate::dto::{
    CandidateView, ContractsView, DensityView, ExpectedView, FillView, GateView, LegView, PastView,
    RecordView, SourcesView, StraddleTermView, StraddleView, ThresholdsView,
};

/// Opportunities that make a record; fewer say nothing.
const RECORD_NEEDED: u32 = 30;
/// Gates in the order in which they are shown.
const GATES: [GateKind; 3] = [GateKind::Quoted, GateKind::Spread, GateKind::OpenInterest];

pub(super) fn view(
    known: &Known,
    candidate: CandidateView,
    thresholds: ThresholdsView,
    chain: Option<ChainAt>,
    rate: f64,
) -> StraddleView {
    let straddle = known.judged.as_ref().and_then(|(_, assessment)| assessment.straddle.as_ref());
    let evidence = known.judged.as_ref().map(|(evidence, _)| evidence);
    let atm = chain.map(|chain| at_the_money(&chain, evidence, rate)).unwrap_or_default();
    StraddleView {
        candidate,
        thresholds,
        sources: sources(evidence, straddle),
        contracts: straddle.map(contracts),
        gates: straddle.map(|straddle| gates(straddle, &thresholds)).unwrap_or_default(),
        fills: straddle.map(fills).unwrap_or_default(),
        expected: straddle.map(expected),
        distribution: straddle.map(distribution).unwrap_or_default(),
        term: term(&atm),
        term_slope: atm.slope,
        // Opportunities are not followed to their expiry yet, and a record that is not measured
        // is not shown.
        record: RecordView { scored: 0, needed: RECORD_NEEDED, paid: None },
    }
}

fn at_the_money(chain: &ChainAt, evidence: Option<&Evidence>, rate: f64) -> Atm {
    let spot = evidence.and_then(|evidence| evidence.inputs.spot).map(|spot| spot.price);
    Atm::of(&chain.quotes, &Market { at: chain.taken_at, spot, rate })
}

fn term(atm: &Atm) -> Vec<StraddleTermView> {
    let view = |point: &AtmPoint| {
        Some(StraddleTermView {
            expiry: point.expiry.to_string(),
            days: whole_days(point.days),
            implied: point.implied?.value,
        })
    };
    atm.term.iter().filter_map(view).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days to an expiry: a few thousand at most, and none below zero after the clamp"
)]
fn whole_days(days: f64) -> u32 {
    days.round().clamp(0.0, 100_000.0) as u32
}

fn sources(evidence: Option<&Evidence>, straddle: Option<&Straddle>) -> SourcesView {
    let inputs = evidence.map(|evidence| &evidence.inputs);
    let source = straddle.and_then(|straddle| straddle.source);
    let chain = |inputs: &Inputs| {
        let pair = inputs.pair.as_ref().map(|pair| pair.taken_at);
        pair.or(inputs.implied.taken_at)
    };
    let unknown = || "not known yet".to_owned();
    SourcesView {
        cost: source.map(|source| {
            let name = match source {
                CostSource::Quotes => "quotes",
                CostSource::LastPrice => "last_price",
            };
            name.to_owned()
        }),
        cost_words: words::cost(source),
        implied_words: inputs.map_or_else(unknown, |of| words::implied(&of.implied)),
        historical_words: inputs.map_or_else(unknown, |of| words::historical(&of.historical)),
        chain_ms: ms_of(inputs.and_then(chain)),
        activity_ms: ms_of(inputs.map(|of| of.at)),
        spot_ms: ms_of(inputs.and_then(|of| of.spot).map(|spot| spot.at)),
    }
}

fn contracts(of: &Straddle) -> ContractsView {
    ContractsView {
        strike: float(of.strike.get()),
        expiry: of.expiry.to_string(),
        days: of.days,
        forward: Some(of.forward),
        call: leg(&of.call, spread(of, OptionKind::Call)),
        put: leg(&of.put, spread(of, OptionKind::Put)),
    }
}

/// The spread of a leg as its gate found it.
fn spread(of: &Straddle, kind: OptionKind) -> Option<f64> {
    let is_it = |gate: &&Gate| gate.kind == GateKind::Spread && gate.leg == Some(kind);
    of.gates.iter().find(is_it)?.value
}

fn leg(of: &Leg, spread: Option<f64>) -> LegView {
    let price = |price: Option<Price>| price.map(|price| float(price.get()));
    LegView {
        contract: of.contract.to_string(),
        bid: price(of.bid),
        ask: price(of.ask),
        quote_ms: ms_of(of.quote_at),
        last: price(of.last_price.or(of.day_close)),
        spread,
        open_interest: of.open_interest.map(count),
        volume: of.volume.map(count),
        implied: of.implied_volatility,
    }
}

/// The gates, the two legs of each together: the worse one says whether it is passed.
fn gates(of: &Straddle, thresholds: &ThresholdsView) -> Vec<GateView> {
    let listed = GateView {
        gate: GateKind::Listed.as_str().to_owned(),
        passed: Some(true),
        words: format!(
            "{} days to expiry, {} to {} wanted",
            of.days, thresholds.min_days, thresholds.max_days
        ),
    };
    let both = |kind: GateKind| {
        let legs: Vec<&Gate> = of.gates.iter().filter(|gate| gate.kind == kind).collect();
        let passed = if legs.iter().any(|gate| gate.holds == Some(false)) {
            Some(false)
        } else {
            legs.iter().all(|gate| gate.holds == Some(true)).then_some(true)
        };
        GateView { gate: kind.as_str().to_owned(), passed, words: words::gate(kind, &legs) }
    };
    std::iter::once(listed).chain(GATES.map(both)).collect()
}

fn fills(of: &Straddle) -> Vec<FillView> {
    of.costs.iter().map(|cost| fill(cost, of.horizon_sessions)).collect()
}

fn fill(cost: &Cost, horizon: u32) -> FillView {
    FillView {
        lambda: cost.fill.map(float),
        cost: float(cost.cost),
        low: float(cost.low),
        high: float(cost.high),
        break_even: cost.share_of_spot,
        deviation: cost.one_sigma,
        beyond_implied: cost.beyond_at_implied,
        beyond_historical: cost.beyond_at_historical,
        edge: cost.edge,
        past: cost.base_rate.map(|past| PastView {
            windows: past.windows,
            independent: past.independent,
            horizon,
            rate: past.rate,
            low: past.low,
            high: past.high,
        }),
    }
}

fn expected(of: &Straddle) -> ExpectedView {
    ExpectedView {
        move_implied: of.implied.map(|outlook| outlook.expected_move),
        move_historical: of.historical.map(|outlook| outlook.expected_move),
        value_historical: of.historical.map(|outlook| outlook.value),
    }
}

fn distribution(of: &Straddle) -> Vec<DensityView> {
    let points = of.drawing().density.into_iter();
    let view = |point: DensityPoint| DensityView {
        price: point.price,
        implied: point.implied,
        historical: point.historical,
    };
    points.map(view).collect()
}
