//! Straddles: candidates, the one that is looked at, and the watch list of the consolidated tape.
//! Volatilities, shares and probabilities are fractions: 0.25 is 25 %.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Asks for the watched symbols as straddle candidates.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetOpportunities {
    /// Most rows, 1 to 1,000; none = 600.
    pub limit: Option<u32>,
    /// Whether those that ended today are wanted too.
    pub include_ended: bool,
}

/// Every watched symbol as a straddle candidate, the most telling first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct OpportunitiesView {
    /// The session that they are of, `YYYY-MM-DD`.
    pub session_date: Option<String>,
    /// When the newest of them was assessed, epoch ms.
    pub as_of_ms: Option<f64>,
    /// What they are measured against.
    pub thresholds: ThresholdsView,
    /// One row a symbol, and one for each that ended.
    pub rows: Vec<CandidateView>,
}

/// The thresholds of the rule and of its gates; each is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct ThresholdsView {
    /// Least increase of activity over its baseline: 3 is "+300 %", four times.
    pub activity_increase: f64,
    /// Least historical less implied volatility: 0.1 is ten points.
    pub spread: f64,
    /// Fewest days to expiry.
    pub min_days: u32,
    /// Most days to expiry.
    pub max_days: u32,
    /// Widest spread of a leg, as a share of its middle.
    pub max_leg_spread: f64,
    /// Least open interest of a leg, contracts.
    pub min_open_interest: u32,
    /// Fewest baseline sessions that make a comparison.
    pub needed_sessions: u32,
}

/// What a candidate is at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CandidateState {
    /// All criteria hold, since the last assessment.
    New,
    /// All criteria hold, as before.
    Updated,
    /// All criteria hold, and a gate does not.
    Rejected,
    /// A criterion does not hold.
    NotMet,
    /// Too little history to say.
    Insufficient,
    /// Held earlier today, and does no longer.
    Gone,
    /// Held when its session or its options ended.
    Expired,
    /// Nothing was assessed yet.
    Waiting,
}

/// One symbol against the rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct CandidateView {
    /// The ticker.
    pub symbol: String,
    /// Stored opportunity that this is; none = it never was one.
    pub id: Option<String>,
    /// What it is.
    pub state: CandidateState,
    /// Why it is rejected, insufficient or gone, in words.
    pub reason: Option<String>,
    /// When it was first an opportunity, epoch ms.
    pub first_ms: Option<f64>,
    /// When it was assessed, epoch ms.
    pub as_of_ms: Option<f64>,
    /// Off-exchange shares so far over the baseline of the same minute: 4.2.
    pub activity: Option<f64>,
    /// Sessions of that baseline.
    pub baseline_sessions: u32,
    /// Implied volatility at the money, thirty days.
    pub implied: Option<f64>,
    /// Historical volatility.
    pub historical: Option<f64>,
    /// Whether each of the three criteria holds: activity, implied below historical, spread.
    /// None = cannot be said.
    pub met: Vec<Option<bool>>,
    /// Price of the share, dollars.
    pub spot: Option<f64>,
    /// Strike, dollars.
    pub strike: Option<f64>,
    /// Expiry, `YYYY-MM-DD`.
    pub expiry: Option<String>,
    /// Days to it.
    pub days: Option<u32>,
    /// Cost at the ask, dollars a share.
    pub cost: Option<f64>,
    /// Cost as a share of the price: how far it must move.
    pub break_even: Option<f64>,
}

/// Asks for one symbol's straddle.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct GetStraddle {
    /// The ticker.
    pub symbol: String,
}

/// One symbol's straddle, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StraddleView {
    /// The row of the list.
    pub candidate: CandidateView,
    /// What it is measured against.
    pub thresholds: ThresholdsView,
    /// Where and when its figures come from.
    pub sources: SourcesView,
    /// The contracts; none = no expiry or strike fits.
    pub contracts: Option<ContractsView>,
    /// Every gate, passed or not.
    pub gates: Vec<GateView>,
    /// The cost at each fill assumption, cheapest first.
    pub fills: Vec<FillView>,
    /// What the two volatilities expect.
    pub expected: Option<ExpectedView>,
    /// The two distributions of the price at expiry, lowest price first.
    pub distribution: Vec<DensityView>,
    /// Implied volatility at the money by expiry, nearest first.
    pub term: Vec<StraddleTermView>,
    /// Implied volatility of ninety days less that of thirty.
    pub term_slope: Option<f64>,
    /// How the user's own opportunities ended.
    pub record: RecordView,
}

/// Where the figures of a straddle come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct SourcesView {
    /// `quotes`, or `last_price` where the plan has no quotes; none = nothing prices it.
    pub cost: Option<String>,
    /// The same in words.
    pub cost_words: String,
    /// Where implied volatility comes from, in words.
    pub implied_words: String,
    /// Where historical volatility comes from, in words.
    pub historical_words: String,
    /// When the chain was read, epoch ms.
    pub chain_ms: Option<f64>,
    /// Up to when activity is known, epoch ms.
    pub activity_ms: Option<f64>,
    /// When the price was made, epoch ms.
    pub spot_ms: Option<f64>,
}

/// The two contracts of a straddle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ContractsView {
    /// Strike, dollars.
    pub strike: f64,
    /// Expiry, `YYYY-MM-DD`.
    pub expiry: String,
    /// Days to it.
    pub days: u32,
    /// Forward price by put-call parity, dollars.
    pub forward: Option<f64>,
    /// The call.
    pub call: LegView,
    /// The put.
    pub put: LegView,
}

/// One contract of a straddle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct LegView {
    /// The contract in the usual notation.
    pub contract: String,
    /// Best bid, dollars.
    pub bid: Option<f64>,
    /// Best offer, dollars.
    pub ask: Option<f64>,
    /// When the quote was made, epoch ms.
    pub quote_ms: Option<f64>,
    /// Last price, dollars.
    pub last: Option<f64>,
    /// (ask - bid) / middle.
    pub spread: Option<f64>,
    /// Contracts open at the end of the day before.
    pub open_interest: Option<f64>,
    /// Contracts traded today.
    pub volume: Option<f64>,
    /// Implied volatility.
    pub implied: Option<f64>,
}

/// A gate that a candidate must pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct GateView {
    /// `listed`, `quoted`, `spread` or `open_interest`.
    pub gate: String,
    /// Whether it is passed; none = cannot be said.
    pub passed: Option<bool>,
    /// What was found, against the limit, in words.
    pub words: String,
}

/// The cost of a straddle at one fill assumption: the middle plus `lambda` half spreads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct FillView {
    /// 0 = at the middle, 1 = at the ask; none = last prices, which have no spread.
    pub lambda: Option<f64>,
    /// Dollars a share.
    pub cost: f64,
    /// Strike less cost, dollars.
    pub low: f64,
    /// Strike plus cost, dollars.
    pub high: f64,
    /// Cost over the price of the share.
    pub break_even: f64,
    /// One standard deviation of the price at expiry as the cost implies it, dollars.
    pub deviation: f64,
    /// Probability beyond a breakeven at implied volatility.
    pub beyond_implied: Option<f64>,
    /// The same at historical volatility.
    pub beyond_historical: Option<f64>,
    /// Theoretical value at historical volatility less cost, dollars a share.
    pub edge: Option<f64>,
    /// How often the past moved further over the same horizon.
    pub past: Option<PastView>,
}

/// How often past windows moved further than a breakeven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PastView {
    /// Windows; they overlap.
    pub windows: u32,
    /// How many fit one after another: what the interval rests on.
    pub independent: u32,
    /// Sessions of a window.
    pub horizon: u32,
    /// Share.
    pub rate: f64,
    /// 95 % interval: low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

/// What the two volatilities expect by expiry, dollars a share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct ExpectedView {
    /// Expected absolute move at implied volatility.
    pub move_implied: Option<f64>,
    /// Expected absolute move at historical volatility.
    pub move_historical: Option<f64>,
    /// Theoretical value at historical volatility.
    pub value_historical: Option<f64>,
}

/// The two densities at one price, a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
pub struct DensityView {
    /// Price at expiry, dollars.
    pub price: f64,
    /// At implied volatility.
    pub implied: Option<f64>,
    /// At historical volatility.
    pub historical: Option<f64>,
}

/// Implied volatility at the money of one expiry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct StraddleTermView {
    /// `YYYY-MM-DD`.
    pub expiry: String,
    /// Days to it.
    pub days: u32,
    /// Implied volatility.
    pub implied: f64,
}

/// How the user's own opportunities ended. A rate is shown from `needed` on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct RecordView {
    /// Opportunities that were scored.
    pub scored: u32,
    /// How many make a rate.
    pub needed: u32,
    /// Share that paid more than they cost.
    pub paid: Option<f64>,
}

/// Asks for a session's off-exchange curve on the consolidated tape.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct GetTapeActivity {
    /// The ticker.
    pub symbol: String,
    /// `YYYY-MM-DD`; none = the latest session.
    pub session: Option<String>,
}

/// Describes the columns `minute`, `today`, `mean`, `low`, `high`: shares up to the end of each
/// minute of the New York day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TapeActivityMeta {
    /// The ticker.
    pub symbol: String,
    /// The session.
    pub session_date: String,
    /// Sessions of the baseline.
    pub baseline_sessions: u32,
    /// Fewest that make one.
    pub needed_sessions: u32,
    /// Shares so far over the baseline.
    pub multiple: Option<f64>,
    /// Up to when the tape is stored, epoch ms.
    pub to_ms: Option<f64>,
    /// Off-exchange shares as a share of all.
    pub off_exchange_share: Option<f64>,
    /// Whether the session was read whole, cancels and corrections included.
    pub is_whole: bool,
}

/// Historical volatility by estimator and implied volatility, session by session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct VolatilityHistoryView {
    /// The ticker.
    pub symbol: String,
    /// Sessions of an estimate.
    pub length: u32,
    /// The estimator that the rule uses.
    pub estimator: String,
    /// Session dates, oldest first.
    pub dates: Vec<String>,
    /// Implied volatility at the money, thirty days; one value a date.
    pub implied: Vec<Option<f64>>,
    /// One series an estimator.
    pub historical: Vec<EstimatorSeriesView>,
}

/// One estimator, session by session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct EstimatorSeriesView {
    /// `close_to_close`, `parkinson`, `garman_klass`, `rogers_satchell` or `yang_zhang`.
    pub estimator: String,
    /// One value a date.
    pub values: Vec<Option<f64>>,
}

/// The watch list of the consolidated tape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TapeWatchView {
    /// Name of the vendor in commands.
    pub vendor: String,
    /// Name as the company writes it.
    pub vendor_title: String,
    /// Whether a key is set.
    pub key_set: bool,
    /// What is wrong with the whole of it, in words.
    pub problem: Option<String>,
    /// The live stream: `off`, `joining`, `live`, `refused` or `waiting`.
    pub stream: String,
    /// The stream's state in words.
    pub stream_note: Option<String>,
    /// Most symbols.
    pub most: u32,
    /// Sessions of history that each symbol is to have.
    pub history_sessions: u32,
    /// Sessions of history read a minute; none while nothing is read, or too little to say.
    pub history_per_minute: Option<f64>,
    /// Why no history is read although some is missing, in words.
    pub history_problem: Option<String>,
    /// The symbols, in order.
    pub symbols: Vec<TapeSymbolView>,
}

/// One watched symbol of the consolidated tape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct TapeSymbolView {
    /// The ticker.
    pub symbol: String,
    /// Sessions of history that are stored whole.
    pub sessions_done: u32,
    /// Sessions that are still to be read; none before it was looked. With none left and some
    /// missing, the plan reaches no further back.
    pub sessions_left: Option<u32>,
    /// Seconds until they are, at the pace of now and after those of the symbols before it.
    pub seconds_left: Option<f64>,
    /// Up to when the tape is stored, epoch ms.
    pub to_ms: Option<f64>,
    /// What is wrong, in words.
    pub problem: Option<String>,
}
