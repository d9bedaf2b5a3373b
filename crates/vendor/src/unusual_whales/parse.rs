//! From an answer's body, or a frame of the stream, to rows. Pure: no clock, no I/O.
//!
//! A row that cannot be what it should be is handed back as a reject with its raw text; its
//! neighbours are not lost. A print is refused only when it cannot be a print: a key field
//! missing or of the wrong kind, price or size not above zero, a time outside 2000 to 2100,
//! another ticker than the one asked for.

mod alerts;
mod bars;
mod contracts;
mod frames;
mod place;
mod prints;
mod state;
mod sums;
mod trades;
mod volatility;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use undertow_market::Symbol;

pub use alerts::decode_flow_alerts;
pub use bars::decode_bars;
pub use contracts::{MAX_LEVELS, decode_option_contracts, decode_price_volumes};
pub(super) use frames::reply;
pub use frames::{FrameReader, OffLitTrade, PriceTick, Reply, Row};
pub use prints::{decode_prints, decode_prints_slowly};
pub use state::{StockState, decode_stock_state};
pub use sums::{
    decode_flow_per_expiry, decode_flow_per_strike, decode_gamma_by_strike,
    decode_net_premium_ticks, decode_tide,
};
pub use trades::{TradesOf, decode_option_trades, decode_option_trades_slowly};
pub use volatility::{decode_iv_rank, decode_realized_volatility, decode_term_structure};

use super::scan::scan_rows;
use super::wire::{MAX_ROWS, Shape, WireTicker, read_rows};
use crate::Reject;
use crate::decode::{DecodeError, Decoded, any_row, boxed, text_of, typed_row};
use crate::field::FieldFault;
use crate::wire::{Raw, WireRow};

/// What was asked of an endpoint about one symbol.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The ticker.
    pub symbol: &'a Symbol,
    /// The trading day, where one was named.
    pub session_date: Option<NaiveDate>,
    /// When the answer was complete.
    pub received_at: DateTime<Utc>,
}

impl Asked<'_> {
    /// The symbol, unless the row names another. Most rows name none.
    fn symbol_of(&self, ticker: Raw<'_>) -> Result<Symbol, FieldFault> {
        let field = ticker.named("ticker");
        match field.text()? {
            Some(text) if text != self.symbol.as_str() => {
                Err(field.fault(format_args!("{text:.20} came, {} was asked for", self.symbol)))
            }
            _ => Ok(self.symbol.clone()),
        }
    }

    /// The row's day. It must be the one that was asked for; a row that names none has that one.
    fn day_of(&self, date: Raw<'_>) -> Result<NaiveDate, FieldFault> {
        let field = date.named("date");
        match (field.date()?, self.session_date) {
            (Some(found), Some(asked)) if found != asked => {
                Err(field.fault(format_args!("{found} came, {asked} was asked for")))
            }
            (found, asked) => field.required(found.or(asked)),
        }
    }
}

/// How an endpoint's rows are read.
#[derive(Clone, Copy)]
struct Form<'a> {
    shape: Shape,
    most_rows: usize,
    /// The symbol of a reject that names none itself.
    symbol: Option<&'a Symbol>,
    /// Whether the fast way is tried. The general way alone gives the same rows.
    may_scan: bool,
}

impl<'a> Form<'a> {
    /// `{"data": […]}` or the bare list, of the usual length.
    fn usual(symbol: Option<&'a Symbol>) -> Self {
        let (shape, most_rows) = (Shape::WrappedOrBare, MAX_ROWS);
        Self { shape, most_rows, symbol, may_scan: true }
    }

    fn read<'t, W: WireRow<'t>, T>(
        self,
        body: &'t [u8],
        mut parse: impl FnMut(&W) -> Result<T, FieldFault>,
    ) -> Result<Decoded<T>, DecodeError> {
        let text = text_of(body)?;
        match self.usual_page(text, &mut parse) {
            Some(rows) => Ok(Decoded { delivered: rows.len(), rows, rejects: Vec::new() }),
            None => self.any_page(text, &mut parse),
        }
    }

    /// A page of the usual form in which every row is good: nearly every page.
    fn usual_page<'t, W: WireRow<'t>, T>(
        self,
        text: &'t str,
        parse: &mut impl FnMut(&W) -> Result<T, FieldFault>,
    ) -> Option<Vec<T>> {
        /// What most pages hold.
        const USUAL_ROWS: usize = 500;
        if !self.may_scan {
            return None;
        }
        let mut rows = Vec::with_capacity(USUAL_ROWS);
        let on_row = |wire: &W| parse(wire).map(|row| rows.push(row)).is_ok();
        scan_rows(text, self.shape, self.most_rows, on_row)?;
        Some(rows)
    }

    fn any_page<'t, W: WireRow<'t>, T>(
        self,
        text: &'t str,
        parse: &mut impl FnMut(&W) -> Result<T, FieldFault>,
    ) -> Result<Decoded<T>, DecodeError> {
        let raws = read_rows(text, self.shape, self.most_rows)?;
        let (mut rows, mut rejects) = (Vec::new(), Vec::new());
        for raw in raws.iter().copied() {
            match any_row(raw, parse) {
                Ok(row) => rows.push(row),
                Err(reason) => rejects.push(self.reject(raw, reason)),
            }
        }
        Ok(Decoded { rows, rejects, delivered: raws.len() })
    }

    fn reject(self, raw: Raw<'_>, reason: String) -> Reject {
        let symbol = ticker_of(raw).or_else(|| self.symbol.map(Symbol::to_string));
        Reject::new(symbol, raw.0, reason)
    }
}

/// The ticker of a row that could not be parsed.
fn ticker_of(raw: Raw<'_>) -> Option<String> {
    let wire: WireTicker<'_> = typed_row(raw).ok()?;
    let fields = [wire.ticker, wire.underlying_symbol, wire.symbol];
    fields.into_iter().find_map(|field| field.named("ticker").text().ok()?).map(Cow::into_owned)
}
