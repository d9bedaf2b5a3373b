//! What a market is: symbols, exact numbers, prints, bars, options and the exchange calendar.
//!
//! This crate is pure. It never does I/O, never reads a clock, never draws a random number,
//! and knows nothing of a vendor's wire format, of storage or of the screen. Time arrives as
//! arguments; instants are UTC and the market day is America/New_York.

pub mod bar;
pub mod calendar;
pub mod flow;
pub mod number;
pub mod option;
pub mod options_market;
pub mod print;
pub mod reasons;
pub mod reference;
pub mod side;
pub mod symbol;
pub mod tape;
pub mod vendor;

pub use bar::{Bar, BarInterval};
pub use calendar::{
    Calendar, Correction, CorrectionKind, Day, MarketSession, OutsideCalendar, SessionHours,
    minute_of_day, new_york_date, new_york_instant,
};
pub use flow::{FlowAlert, OptionTrade, TradeFlags};
pub use number::{NumberError, Price, Size};
pub use option::{ContractError, OptionContract, OptionKind};
pub use options_market::{
    ContractState, FlowBucket, FlowSnapshot, FlowSums, GammaStrike, NetPremiumTick, PriceVolume,
    TermPoint, TidePoint, TideScope, VolatilityDay,
};
pub use print::{Print, PrintKey};
pub use reasons::Reasons;
pub use reference::{
    Aggregate, CalendarNotice, ChainQuote, ContractListing, DayBar, Dividend, Split,
};
pub use side::{NoSide, Quote, Side, SideState};
pub use symbol::{Symbol, SymbolError};
pub use tape::{
    Conditions, OFF_EXCHANGE_VENUE, TapeApart, TapeCell, TapeMinute, TapePrint, TapeTrade,
    TapeVolume, TooMuchVolume,
};
pub use vendor::VendorId;
