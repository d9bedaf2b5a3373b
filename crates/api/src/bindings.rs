//! The TypeScript side of the contract, written from the Rust types.
//!
//! `ui/src/api/bindings.ts` holds what [`typescript`] returns; a test keeps it fresh.

use ts_rs::{Config, TS};

use crate::commands::COMMANDS;
use crate::dto::*;
use crate::error::{ApiError, ErrorCode};
use crate::events::Event;

const HEAD: &str = "// Written by crates/api from the Rust types. Do not edit: run\n\
                    // `UPDATE_EXPECT=1 cargo nextest run --workspace bindings` after a change.\n";

fn declaration<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("{docs}export {}\n", T::decl(config))
}

macro_rules! declarations {
    ($config:expr; $($type:ty),+ $(,)?) => { [$(declaration::<$type>($config)),+] };
}

/// Every type, and the table of commands.
#[must_use]
pub fn typescript() -> String {
    let config = &Config::new();
    let types = declarations!(config;
        Nothing, Mode, AppView, ClockView, VendorView, ReasonView, StartDemo, ConnectVendors,
        VendorKey, ConnectedView, KeyVerdict, OneSymbol, GetBars, BarsMeta, GetPrints, PrintsCursor, PrintsMeta, CodeLabel, GetPrint,
        PrintDetail, PrintField, GetLevels, LevelsMeta, GetProfile, ProfileMeta, GetActivity,
        ActivityMeta, ListSessions, SessionView, GapView, ListGaps, Health, Status, FeedView,
        BudgetView, DatabaseView, StartBackfill, OneBackfill, BackfillView, ListRows,
        QuarantineRow, LogRow,
        GetFlowTrades, FlowCursor, FlowTradesMeta, ContractView, FlagLabel, GetFlowGroups,
        FlowGroupsMeta, GetFlowDay, PremiumView, FlowSummary, TenorView, GetFlowLines,
        FlowLinesMeta, GetNetPremium, GetTide, RunningMeta, FlowHeatMeta, FlowStrikesMeta,
        VolatilityView, HistoricalView, TermView, VolatilityDayView, GetCorrelation,
        CorrelationView, LagView, PlanView, PlannedView,
        GetOpportunities, OpportunitiesView, ThresholdsView, CandidateState, CandidateView,
        GetStraddle, StraddleView, SourcesView, ContractsView, LegView, GateView, FillView,
        PastView, ExpectedView, DensityView, StraddleTermView, RecordView, GetTapeActivity,
        TapeActivityMeta, VolatilityHistoryView, EstimatorSeriesView, TapeWatchView,
        TapeSymbolView,
        GetContract, ContractDetail, ListedView,
        SmileView, GetVolumeByPrice, VolumeByPriceMeta, RetentionView, SetRetention,
        Event, ErrorCode, ApiError,
    );
    let mut text = String::from(HEAD);
    text.push_str("\nimport type { Columns } from \"./columns\";\n\n");
    text.push_str(&types.join("\n"));
    text.push_str(
        "\n/** Every command: what it asks and what it answers. */\nexport interface Commands {\n",
    );
    for command in COMMANDS {
        text.push_str(&format!(
            "  {}: {{ request: {}; response: {} }};\n",
            command.name,
            (command.request)(config),
            (command.response)(config)
        ));
    }
    text.push_str("}\n");
    text
}
