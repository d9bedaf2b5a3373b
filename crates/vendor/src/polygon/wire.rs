//! The vendor's answers as they lie on the wire. Every field keeps its raw JSON text: see
//! [`crate::wire`].

use serde::Deserialize;

use crate::wire::{Raw, WireRow, wire_row};

/// What stands around the rows of an answer. Other fields repeat what was asked or count the rows.
/// A list without rows is left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Envelope<'a> {
    pub(super) results: Raw<'a>,
    pub(super) status: Raw<'a>,
    pub(super) next_url: Raw<'a>,
    /// Of aggregates, which do not name the ticker in each row.
    pub(super) ticker: Raw<'a>,
    pub(super) request_id: Raw<'a>,
    pub(super) error: Raw<'a>,
    pub(super) message: Raw<'a>,
}

wire_row! {
    /// One row of `/v3/trades/{ticker}`. An invented example:
    ///
    /// ```json
    /// {"conditions": [12, 37], "exchange": 4, "id": "71", "participant_timestamp":
    ///  1772463845278302001, "price": 512.3401, "sequence_number": 1063, "sip_timestamp":
    ///  1772463845279001002, "size": 40, "decimal_size": "40.0", "tape": 2, "trf_id": 202,
    ///  "trf_timestamp": 1772463845278990003, "correction": 1}
    /// ```
    ///
    /// A field that would be empty, zero or false is left out.
    WireTrade {
        conditions, correction, decimal_size, exchange, id, participant_timestamp, price,
        sequence_number, sip_timestamp, size, trf_id,
    }
}

wire_row! {
    /// One row of `/v3/reference/splits`: `{"ticker": "SPY", "execution_date": "2026-03-02",
    /// "split_from": 1, "split_to": 4}`.
    WireSplit { ticker, execution_date, split_from, split_to }
}

wire_row! {
    /// One row of `/v3/reference/dividends`: `{"ticker": "SPY", "ex_dividend_date": "2026-03-20",
    /// "cash_amount": 1.6955, "currency": "USD", "dividend_type": "CD"}`.
    WireDividend { ticker, ex_dividend_date, cash_amount, currency }
}

wire_row! {
    /// One row of `/v3/snapshot/options/{underlying}`. Each field is an object or is left out. An
    /// invented example:
    ///
    /// ```json
    /// {"details": {"ticker": "O:SPY260320C00515000", "shares_per_contract": 100},
    ///  "day": {"close": 3.15, "volume": 933}, "open_interest": 6016,
    ///  "greeks": {"delta": 0.441, "gamma": 0.019, "theta": -0.21, "vega": 0.38},
    ///  "implied_volatility": 0.1432, "last_trade": {"price": 3.15},
    ///  "last_quote": {"bid": 3.1, "ask": 3.15, "last_updated": 1772463845279001002},
    ///  "underlying_asset": {"ticker": "SPY", "price": 512.34, "timeframe": "DELAYED"}}
    /// ```
    WireChain {
        details, day, greeks, implied_volatility, last_quote, last_trade, open_interest,
        underlying_asset, error,
    }
}

wire_row! {
    /// What a contract is.
    WireDetails { ticker, shares_per_contract }
}

wire_row! {
    /// A contract's day.
    WireDay { close, volume }
}

wire_row! {
    /// The greeks. There is no rho.
    WireGreeks { delta, gamma, theta, vega }
}

wire_row! {
    /// The best bid and offer.
    WireQuote { bid, ask, last_updated }
}

wire_row! {
    /// The last trade.
    WireLast { price }
}

wire_row! {
    /// The underlying, as the plan for stocks shows it.
    WireUnderlying { price, timeframe }
}

wire_row! {
    /// One row of `/v3/reference/options/contracts`: `{"ticker": "O:SPY260320C00515000",
    /// "underlying_ticker": "SPY", "shares_per_contract": 100, "additional_underlyings": […]}`. The
    /// last is there for adjusted contracts only.
    WireListing { ticker, underlying_ticker, shares_per_contract, additional_underlyings }
}

wire_row! {
    /// One row of `/v3/reference/conditions`: `{"id": 2, "name": "Average Price Trade",
    /// "data_types": ["trade"], "update_rules": {"consolidated": {"updates_high_low": false,
    /// "updates_open_close": false, "updates_volume": true}}}`.
    WireCondition { id, name, data_types, update_rules }
}

wire_row! {
    /// The two sets of rules of a condition; the other is that of one venue.
    WireRules { consolidated }
}

wire_row! {
    /// What a trade with a condition sets.
    WireUpdates { updates_high_low, updates_open_close, updates_volume }
}

wire_row! {
    /// One row of `/v3/reference/exchanges`: `{"id": 4, "name": "FINRA NYSE TRF", "mic": "FINY"}`.
    /// The number is no key: four rows have 4.
    WireVenue { id, name, mic }
}

wire_row! {
    /// One row of `/v1/marketstatus/upcoming`: `{"date": "2026-11-27", "exchange": "NYSE", "name":
    /// "Thanksgiving", "status": "early-close", "close": "2026-11-27T18:00:00.000Z"}`.
    WireNotice { date, exchange, name, status, close }
}

wire_row! {
    /// What a row that could not be read still tells of its ticker.
    WireTicker { ticker, underlying_ticker }
}

/// One row of the aggregates: `{"o": 510.1, "h": 513.22, "l": 509.8, "c": 512.4, "v": 61200500.5,
/// "vw": 511.98, "t": 1772427600000, "n": 512340}`. `T`, the ticker, stands only in answers about
/// more than one.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct WireAggregate<'a> {
    #[serde(rename = "T")]
    pub(super) ticker: Raw<'a>,
    #[serde(rename = "o")]
    pub(super) open: Raw<'a>,
    #[serde(rename = "h")]
    pub(super) high: Raw<'a>,
    #[serde(rename = "l")]
    pub(super) low: Raw<'a>,
    #[serde(rename = "c")]
    pub(super) close: Raw<'a>,
    #[serde(rename = "v")]
    pub(super) volume: Raw<'a>,
    #[serde(rename = "vw")]
    pub(super) vwap: Raw<'a>,
    #[serde(rename = "t")]
    pub(super) time: Raw<'a>,
    #[serde(rename = "n")]
    pub(super) trades: Raw<'a>,
}

impl<'a> WireRow<'a> for WireAggregate<'a> {
    fn place(key: &str) -> Option<u8> {
        match key {
            "\"T\"" => Some(0),
            "\"o\"" => Some(1),
            "\"h\"" => Some(2),
            "\"l\"" => Some(3),
            "\"c\"" => Some(4),
            "\"v\"" => Some(5),
            "\"vw\"" => Some(6),
            "\"t\"" => Some(7),
            "\"n\"" => Some(8),
            _ => None,
        }
    }

    fn at(&mut self, place: u8) -> Option<&mut Raw<'a>> {
        match place {
            0 => Some(&mut self.ticker),
            1 => Some(&mut self.open),
            2 => Some(&mut self.high),
            3 => Some(&mut self.low),
            4 => Some(&mut self.close),
            5 => Some(&mut self.volume),
            6 => Some(&mut self.vwap),
            7 => Some(&mut self.time),
            8 => Some(&mut self.trades),
            _ => None,
        }
    }
}
