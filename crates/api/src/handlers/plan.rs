//! What is asked of the vendor, and how often.

use undertow_engine::plan::{Pace, cost};
use undertow_engine::planner::Plan;

use crate::app::App;
use crate::convert::{count, ms};
use crate::dto::{Nothing, PlanView, PlannedView};
use crate::error::ApiError;

/// Hours of a day in which something is collected.
const OPEN_HOURS: i64 = 16;

pub(crate) async fn get_plan(app: &App, _: Nothing) -> Result<PlanView, ApiError> {
    let market = app.market()?;
    let plan = market.engine.plan();
    let stream = market.engine.stream();
    let open = chrono::TimeDelta::hours(OPEN_HOURS);
    let desired = |pace: &Pace| cost(&pace.want, pace.want.desired, plan.symbols, open);
    Ok(PlanView {
        desired_a_day: plan.paces.iter().map(desired).sum::<f64>().round(),
        left_today: plan.left.map(f64::from),
        resets_ms: market.engine.budget().day_resets_at.map(ms),
        summary: summary(&plan),
        series: plan.paces.iter().map(|pace| planned(&plan, pace)).collect(),
        stream: stream.phase.as_str().to_owned(),
        stream_note: stream.note,
    })
}

fn planned(plan: &Plan, pace: &Pace) -> PlannedView {
    PlannedView {
        series: pace.want.series.as_str().to_owned(),
        label: pace.want.label.to_owned(),
        symbols: plan.symbols,
        desired_s: pace.want.desired.as_seconds_f64(),
        actual_s: pace.actual.map(|every| every.as_seconds_f64()),
        asked: count(plan.asked.get(&pace.want.series).copied().unwrap_or(0)),
    }
}

fn summary(plan: &Plan) -> String {
    let names = |which: &dyn Fn(&Pace) -> bool| {
        let labels = plan.paces.iter().filter(|pace| which(pace)).map(|pace| pace.want.label);
        labels.collect::<Vec<_>>().join(", ")
    };
    let dropped = names(&|pace| pace.actual.is_none());
    let slowed = names(&|pace| pace.actual.is_some() && !pace.is_as_wanted());
    match (dropped.is_empty(), slowed.is_empty()) {
        (true, true) => "Everything is asked for as often as wanted.".to_owned(),
        (true, false) => {
            format!("Asked for less often, to make the day's requests last: {slowed}.")
        }
        (false, _) => format!("Left out until the day's requests begin anew: {dropped}."),
    }
}
