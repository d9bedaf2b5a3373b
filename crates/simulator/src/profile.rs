//! What makes one symbol unlike another.

use undertow_market::Symbol;

/// A listed symbol's character.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolProfile {
    /// The ticker.
    pub symbol: Symbol,
    /// The price that it wanders around, in dollars; at least one.
    pub anchor_price: f64,
    /// Standard deviation of its daily return, as a fraction.
    pub daily_volatility: f64,
    /// How much of its daily return is the whole market's, from 0 to 1 (a correlation).
    pub market_share: f64,
    /// Shares traded on an ordinary day.
    pub daily_volume: i64,
    /// Off-exchange prints of $100,000 and more on an ordinary day.
    pub prints_per_session: u32,
    /// Usual distance from bid to ask in the regular session, in cents.
    pub spread_cents: i64,
    /// Whether it is an index fund: options that expire every day and trade a quarter of an hour
    /// longer, and no sector.
    pub is_fund: bool,
    /// Whether it counts in what the first vendor tells of the whole market.
    pub is_followed: bool,
    /// Trades in its options on an ordinary day, about.
    pub option_trades_per_session: u32,
    /// Implied volatility over the realised one, on the whole: above one where options are dear.
    pub implied_premium: f64,
    /// Half the distance from bid to offer of its options, as a share of the price.
    pub option_half_spread: f64,
    /// The least that a day's trading adds to what is open of its options, as a share of it; below
    /// zero where more is closed than opened.
    pub least_opening: f64,
    /// Where it is listed, in the consolidated tape's numbers.
    pub listing_venue: u16,
    /// Paid on every share each quarter, in cents; zero for none.
    pub quarterly_dividend_cents: i64,
}

/// Options cost about a fifth more than what comes of them.
const USUAL_PREMIUM: f64 = 1.2;
/// Quotes of options that many people trade.
const USUAL_HALF_SPREAD: f64 = 0.003;
/// Of options that come and go.
const USUAL_LEAST_OPENING: f64 = -0.45;
/// The tape's numbers of the exchanges that list.
const NYSE: u16 = 10;
const ARCA: u16 = 11;
const NASDAQ: u16 = 12;

/// Four index funds, four large companies and two wild ones, at round prices of their kind. The
/// wild ones move more than their options say: those of the first can be traded, those of the
/// second have quotes too wide for that.
#[must_use]
pub fn default_symbols() -> Vec<SymbolProfile> {
    //         price  vol    market volume       prints spread
    let funds = [
        (("SPY", 600.0, 0.008, 0.99, 60_000_000, 4_000, 1), 18_000),
        (("QQQ", 530.0, 0.011, 0.93, 40_000_000, 2_400, 1), 11_000),
        (("IWM", 230.0, 0.012, 0.85, 30_000_000, 700, 1), 4_000),
        (("DIA", 440.0, 0.007, 0.92, 3_500_000, 250, 3), 700),
    ];
    let companies = [
        (("AAPL", 230.0, 0.014, 0.65, 50_000_000, 1_100, 1), 3_500),
        (("NVDA", 140.0, 0.026, 0.65, 200_000_000, 2_200, 1), 6_000),
        (("TSLA", 340.0, 0.032, 0.50, 90_000_000, 1_500, 3), 7_000),
        (("MSFT", 430.0, 0.013, 0.70, 20_000_000, 900, 3), 2_000),
    ];
    let wild = [
        (("PLTR", 210.0, 0.050, 0.20, 12_000_000, 150, 3), 12_000),
        (("GME", 48.0, 0.050, 0.15, 8_000_000, 120, 3), 900),
    ];
    let funds = funds.into_iter().map(|(row, trades)| profile(row, true, trades));
    let companies = companies.into_iter().chain(wild);
    let companies = companies.map(|(row, trades)| profile(row, false, trades));
    funds.chain(companies).map(with_habits).collect()
}

/// What the tables above leave out, because most symbols have the same of it.
fn with_habits(profile: SymbolProfile) -> SymbolProfile {
    match profile.symbol.as_str() {
        "QQQ" => SymbolProfile { listing_venue: NASDAQ, ..profile },
        "PLTR" => SymbolProfile {
            is_followed: false,
            implied_premium: 0.5,
            // Whoever buys the cheap options keeps them.
            least_opening: 0.3,
            quarterly_dividend_cents: 15,
            ..profile
        },
        "GME" => SymbolProfile {
            is_followed: false,
            implied_premium: 0.5,
            option_half_spread: 0.08,
            listing_venue: NYSE,
            ..profile
        },
        _ => profile,
    }
}

type Row = (&'static str, f64, f64, f64, i64, u32, i64);

fn profile(row: Row, is_fund: bool, option_trades_per_session: u32) -> SymbolProfile {
    let (ticker, anchor_price, daily_volatility, market_share, daily_volume, prints, spread_cents) =
        row;
    SymbolProfile {
        symbol: Symbol::new(ticker).expect("the built-in tickers are valid"),
        anchor_price,
        daily_volatility,
        market_share,
        daily_volume,
        prints_per_session: prints,
        spread_cents,
        is_fund,
        is_followed: true,
        option_trades_per_session,
        implied_premium: USUAL_PREMIUM,
        option_half_spread: USUAL_HALF_SPREAD,
        least_opening: USUAL_LEAST_OPENING,
        listing_venue: if is_fund { ARCA } else { NASDAQ },
        quarterly_dividend_cents: 0,
    }
}
