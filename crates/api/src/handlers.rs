//! What each command does: check the request, ask engine or store, convert.

mod activity;
mod app;
pub(crate) mod backfills;
mod bars;
mod books;
mod connect;
mod flow;
pub(crate) mod levels;
mod plan;
pub(crate) mod prints;
mod profile;
mod request;
mod retention;
mod sessions;
pub(crate) mod status;
mod straddles;
mod volatility;

pub(crate) use activity::get_activity;
pub(crate) use app::{add_symbol, close_market, get_app, remove_symbol, reopen_market, start_demo};
pub(crate) use backfills::{list_backfills, start_backfill, stop_backfill};
pub(crate) use bars::get_bars;
pub(crate) use books::{list_gaps, list_log, list_quarantine};
pub(crate) use connect::connect_vendors;
pub(crate) use flow::{
    get_contract, get_contract_trades, get_flow_groups, get_flow_heat, get_flow_lines,
    get_flow_strikes, get_flow_summary, get_flow_trades, get_net_premium, get_tide,
};
pub(crate) use levels::get_levels;
pub(crate) use plan::get_plan;
pub(crate) use prints::{get_print, get_prints};
pub(crate) use profile::{get_profile, get_volume_by_price};
pub(crate) use request::stored;
pub(crate) use retention::{get_retention, set_retention};
pub(crate) use sessions::list_sessions;
pub(crate) use status::get_status;
pub(crate) use straddles::{
    get_opportunities, get_straddle, get_tape_activity, get_tape_watch, get_volatility_history,
    unwatch_tape, watch_tape,
};
pub(crate) use volatility::{get_correlation, get_volatility};
