//! Verdicts, gates and sources in words. They are short: the list has little room.

use chrono::NaiveDate;
use undertow_analysis::atm::{ForwardSource, IvSource};
use undertow_analysis::opportunity::{
    Assessment, CriterionKind, HistoricalInput, ImpliedInput, Missing, Verdict,
};
use undertow_analysis::straddle::{CostSource, Gate, GateKind};
use undertow_analysis::volatility::Estimator;
use undertow_market::OptionKind;

/// Why a verdict is no opportunity.
pub(super) fn verdict(of: &Verdict) -> String {
    match of {
        Verdict::Opportunity => "All criteria and gates hold".to_owned(),
        Verdict::Rejected(gate) => failing(gate),
        Verdict::NotMet(kind) => unmet(*kind).to_owned(),
        Verdict::Insufficient(missing) => lacking(*missing),
    }
}

/// Why what was an opportunity is none any more.
pub(super) fn gone(of: &Assessment) -> String {
    match &of.verdict {
        Verdict::NotMet(CriterionKind::ActivityIncrease) => {
            let threshold = of.criteria.iter().find_map(|criterion| {
                (criterion.kind == CriterionKind::ActivityIncrease)
                    .then_some(criterion.threshold)?
            });
            threshold.map_or_else(
                || unmet(CriterionKind::ActivityIncrease).to_owned(),
                |least| format!("Activity below +{:.0} %", least * 100.0),
            )
        }
        other => verdict(other),
    }
}

fn unmet(kind: CriterionKind) -> &'static str {
    match kind {
        CriterionKind::ActivityIncrease => "Too little activity",
        CriterionKind::ImpliedBelowHistorical => "IV not below HV",
        CriterionKind::Spread => "HV less IV too small",
    }
}

fn lacking(missing: Missing) -> String {
    match missing {
        Missing::History { sessions } => format!("Insufficient history ({sessions})"),
        Missing::NothingBefore => "No earlier session traded by now".to_owned(),
        Missing::Historical => "No historical volatility yet".to_owned(),
        Missing::Implied => "No implied volatility at the money".to_owned(),
        Missing::Spot => "No price of the share yet".to_owned(),
    }
}

fn failing(gate: &Gate) -> String {
    let leg = gate.leg.map_or("Call or put", leg);
    match (gate.kind, gate.value) {
        (GateKind::Listed, _) => "No call and put at the money".to_owned(),
        (GateKind::Quoted, _) => format!("{leg} not quoted on both sides"),
        (GateKind::Spread, Some(spread)) => {
            format!("{leg} spread {} > {}", percent(spread), percent(gate.threshold))
        }
        (GateKind::Spread, None) => format!("{leg} without a spread"),
        (GateKind::OpenInterest, Some(open)) => {
            format!("{leg} open interest {open:.0} < {:.0}", gate.threshold)
        }
        (GateKind::OpenInterest, None) => format!("{leg} open interest unknown"),
    }
}

/// What was found of a gate at both legs, against its limit.
pub(super) fn gate(kind: GateKind, of: &[&Gate]) -> String {
    let found = |write: &dyn Fn(f64) -> String| {
        let part = |gate: &&Gate| {
            let name = gate.leg.map_or("both", leg);
            format!("{name} {}", gate.value.map_or_else(|| "unknown".to_owned(), write))
        };
        of.iter().map(part).collect::<Vec<_>>().join(", ")
    };
    let limit = of.first().map_or(0.0, |gate| gate.threshold);
    match kind {
        GateKind::Listed => "A call and a put at the money are listed within the days".to_owned(),
        GateKind::Quoted => {
            format!(
                "Sides that are quoted: {}; two are wanted",
                found(&|sides| format!("{sides:.0}"))
            )
        }
        GateKind::Spread => {
            format!("Spread of the middle: {}; at most {}", found(&percent), percent(limit))
        }
        GateKind::OpenInterest => {
            format!("Open interest: {}; at least {limit:.0}", found(&|open| format!("{open:.0}")))
        }
    }
}

fn leg(kind: OptionKind) -> &'static str {
    match kind {
        OptionKind::Call => "Call",
        OptionKind::Put => "Put",
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// What prices a straddle.
pub(super) fn cost(source: Option<CostSource>) -> String {
    match source {
        Some(CostSource::Quotes) => "quotes of both legs",
        Some(CostSource::LastPrice) => {
            "the legs' last prices, because the plan has no quotes of options"
        }
        None => "nothing: neither quotes nor last prices",
    }
    .to_owned()
}

/// Where implied volatility comes from.
pub(super) fn implied(of: &ImpliedInput) -> String {
    let source = match of.source {
        Some(IvSource::Vendor) => "the vendor's",
        Some(IvSource::Middle) => "from the middle of the quotes",
        Some(IvSource::LastPrice) => "from last prices",
        None => return "not known yet".to_owned(),
    };
    let by_parity = of.used.iter().all(|point| point.forward_source == ForwardSource::Parity);
    let money = if by_parity { "put-call parity" } else { "the share's price" };
    let dates: Vec<String> = of.used.iter().map(|point| day(point.expiry)).collect();
    format!("{source}, at the money by {money}, of {}", dates.join(" and "))
}

/// Where historical volatility comes from.
pub(super) fn historical(of: &HistoricalInput) -> String {
    let name = match of.estimator {
        Estimator::CloseToClose => "close to close",
        Estimator::Parkinson => "Parkinson",
        Estimator::GarmanKlass => "Garman-Klass",
        Estimator::RogersSatchell => "Rogers-Satchell",
        Estimator::YangZhang => "Yang-Zhang",
    };
    let to = of.to.map(|date| format!(" to {}", day(date))).unwrap_or_default();
    format!("{name} over {} sessions{to}, adjusted", of.sessions)
}

fn day(date: NaiveDate) -> String {
    date.format("%-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: GateKind, leg: OptionKind, value: Option<f64>, threshold: f64) -> Gate {
        Gate { kind, leg: Some(leg), value, threshold, holds: Some(false) }
    }

    #[test]
    fn verdicts_name_what_is_wrong_with_its_figures() {
        let rejected =
            |kind, leg, value, threshold| Verdict::Rejected(of(kind, leg, value, threshold));
        for (found, words) in [
            (
                rejected(GateKind::Spread, OptionKind::Put, Some(0.142), 0.1),
                "Put spread 14.2 % > 10 %",
            ),
            (
                rejected(GateKind::OpenInterest, OptionKind::Call, Some(62.0), 100.0),
                "Call open interest 62 < 100",
            ),
            (
                rejected(GateKind::Quoted, OptionKind::Put, Some(1.0), 2.0),
                "Put not quoted on both sides",
            ),
            (Verdict::Insufficient(Missing::History { sessions: 34 }), "Insufficient history (34)"),
            (Verdict::NotMet(CriterionKind::ImpliedBelowHistorical), "IV not below HV"),
        ] {
            assert_eq!(verdict(&found), words);
        }
    }

    #[test]
    fn a_gate_tells_both_legs_and_what_is_unknown() {
        let [call, put] = [
            of(GateKind::Spread, OptionKind::Call, Some(0.03), 0.1),
            of(GateKind::Spread, OptionKind::Put, None, 0.1),
        ];
        assert_eq!(
            gate(GateKind::Spread, &[&call, &put]),
            "Spread of the middle: Call 3 %, Put unknown; at most 10 %"
        );
    }
}
