//! Every command, once. From this list come the dispatcher that both hosts call, and the
//! TypeScript types of the screen.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::columns::Columns;
use crate::dto::*;
use crate::error::ApiError;
use crate::handlers;

/// What a command answers with.
#[derive(Debug)]
pub enum Answer {
    /// A JSON document.
    Json(String),
    /// A columnar answer (see [`crate::columns`]).
    Columns(Vec<u8>),
}

/// A command's name and types, for the bindings.
#[derive(Debug, Clone, Copy)]
pub struct CommandInfo {
    /// Name on the wire.
    pub name: &'static str,
    /// Request type in TypeScript.
    pub request: fn(&ts_rs::Config) -> String,
    /// Response type in TypeScript.
    pub response: fn(&ts_rs::Config) -> String,
}

fn request<T: DeserializeOwned>(name: &str, payload: &str) -> Result<T, ApiError> {
    let text = if payload.trim().is_empty() { "{}" } else { payload };
    serde_json::from_str(text)
        .map_err(|error| ApiError::invalid(format!("{name}: the request does not fit: {error}")))
}

fn json(value: &impl Serialize) -> Result<Answer, ApiError> {
    serde_json::to_string(value).map(Answer::Json).map_err(ApiError::internal)
}

fn binary(columns: &Columns) -> Result<Answer, ApiError> {
    columns.to_bytes().map(Answer::Columns)
}

macro_rules! commands {
    ($($(#[doc = $doc:literal])+ $name:ident ( $request:ty ) -> $kind:ident $response:ty;)+) => {
        /// Every command, in the order of the list.
        pub const COMMANDS: &[CommandInfo] = &[$(CommandInfo {
            name: stringify!($name),
            request: <$request as ts_rs::TS>::name,
            response: commands!(@type $kind $response),
        }),+];

        /// Runs the command `name` on a JSON request.
        ///
        /// # Errors
        /// There is no such command, the request does not fit, or the command failed.
        pub async fn dispatch(app: &App, name: &str, payload: &str) -> Result<Answer, ApiError> {
            match name {
                $(stringify!($name) => {
                    let request = request::<$request>(name, payload)?;
                    $kind(&handlers::$name(app, request).await?)
                })+
                _ => Err(ApiError::new(
                    crate::error::ErrorCode::NotFound,
                    format!("There is no command named \"{name}\"."),
                )),
            }
        }
    };
    (@type json $response:ty) => { <$response as ts_rs::TS>::name };
    (@type binary $response:ty) => { |config| format!("Columns<{}>", <$response as ts_rs::TS>::name(config)) };
}

commands! {
    /// The program at a glance.
    get_app(Nothing) -> json AppView;
    /// Opens the simulated market.
    start_demo(StartDemo) -> json AppView;
    /// Tries vendors' keys, keeps them when all of them work, and opens the real market.
    connect_vendors(ConnectVendors) -> json ConnectedView;
    /// Opens the market that was chosen last again, after it could not be opened.
    reopen_market(Nothing) -> json AppView;
    /// Closes the open market and goes back to the first-run question.
    close_market(Nothing) -> json AppView;
    /// Adds a symbol to the watch list and begins to collect it.
    add_symbol(OneSymbol) -> json AppView;
    /// Takes a symbol off the watch list. What is stored stays.
    remove_symbol(OneSymbol) -> json AppView;
    /// The health of everything.
    get_status(Nothing) -> json Status;
    /// A page of bars.
    get_bars(GetBars) -> binary BarsMeta;
    /// A page of prints.
    get_prints(GetPrints) -> binary PrintsMeta;
    /// One print, whole.
    get_print(GetPrint) -> json PrintDetail;
    /// Off-exchange levels.
    get_levels(GetLevels) -> binary LevelsMeta;
    /// Price by volume.
    get_profile(GetProfile) -> binary ProfileMeta;
    /// A session's shares by price, on exchanges and off them.
    get_volume_by_price(GetVolumeByPrice) -> binary VolumeByPriceMeta;
    /// Off-exchange activity of a session against its baseline.
    get_activity(GetActivity) -> binary ActivityMeta;
    /// A page of option trades or alerts.
    get_flow_trades(GetFlowTrades) -> binary FlowTradesMeta;
    /// Option trades of a session, grouped.
    get_flow_groups(GetFlowGroups) -> binary FlowGroupsMeta;
    /// Sentiment of a session's flow.
    get_flow_summary(GetFlowDay) -> json FlowSummary;
    /// Running net premium of a session by tenor.
    get_flow_lines(GetFlowLines) -> binary FlowLinesMeta;
    /// Net premium of a session by strike and expiry.
    get_flow_heat(GetFlowDay) -> binary FlowHeatMeta;
    /// Premium and gamma of a session by strike.
    get_flow_strikes(GetFlowDay) -> binary FlowStrikesMeta;
    /// One contract: its quote, its open interest, and the volatilities of its expiry.
    get_contract(GetContract) -> json ContractDetail;
    /// Every trade of one contract in a session, asked of the vendor now.
    get_contract_trades(GetContract) -> binary FlowTradesMeta;
    /// Running net premium as the vendor counts it.
    get_net_premium(GetNetPremium) -> binary RunningMeta;
    /// The tide of the market or of a fund's holdings.
    get_tide(GetTide) -> binary RunningMeta;
    /// Implied against historical volatility.
    get_volatility(OneSymbol) -> json VolatilityView;
    /// How off-exchange imbalance and options imbalance move together.
    get_correlation(GetCorrelation) -> json CorrelationView;
    /// What is asked of the vendor, and how often.
    get_plan(Nothing) -> json PlanView;
    /// Every watched symbol as a straddle candidate.
    get_opportunities(GetOpportunities) -> json OpportunitiesView;
    /// One symbol's straddle, whole.
    get_straddle(GetStraddle) -> json StraddleView;
    /// A session's off-exchange activity on the consolidated tape against its baseline.
    get_tape_activity(GetTapeActivity) -> binary TapeActivityMeta;
    /// Historical volatility by estimator and implied volatility, session by session.
    get_volatility_history(OneSymbol) -> json VolatilityHistoryView;
    /// The watch list of the consolidated tape and the progress of its history.
    get_tape_watch(Nothing) -> json TapeWatchView;
    /// Adds a symbol to the watch list of the consolidated tape.
    watch_tape(OneSymbol) -> json TapeWatchView;
    /// Takes a symbol off the watch list of the consolidated tape. What is stored stays.
    unwatch_tape(OneSymbol) -> json TapeWatchView;
    /// Trading sessions and their hours.
    list_sessions(ListSessions) -> json Vec<SessionView>;
    /// Stretches of time in which data is missing.
    list_gaps(ListGaps) -> json Vec<GapView>;
    /// Starts a backfill.
    start_backfill(StartBackfill) -> json BackfillView;
    /// Backfills, newest first.
    list_backfills(ListRows) -> json Vec<BackfillView>;
    /// Stops a backfill; started again it continues where it stopped.
    stop_backfill(OneBackfill) -> json BackfillView;
    /// How long the rows of each table are kept.
    get_retention(Nothing) -> json Vec<RetentionView>;
    /// Says how long the rows of a table are kept. What is older goes at the next daily run.
    set_retention(SetRetention) -> json Vec<RetentionView>;
    /// Rejected rows, newest first.
    list_quarantine(ListRows) -> json Vec<QuarantineRow>;
    /// The log, newest first.
    list_log(ListRows) -> json Vec<LogRow>;
}
