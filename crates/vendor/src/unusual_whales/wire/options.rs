//! Rows of the options endpoints and of the stream.

use crate::wire::wire_row;

wire_row! {
    /// One option trade: a row of `/api/option-trades`, `/api/stock/{ticker}/flow-recent`,
    /// `/api/option-contract/{id}/flow`, and a frame of the channel `option_trades`. An invented
    /// example of the former:
    ///
    /// ```json
    /// {"id": "0a1b2c3d-0000-4000-8000-000000000001", "underlying_symbol": "SPY",
    ///  "option_chain_id": "SPY260320C00515000", "executed_at": "2026-03-02T15:04:05.278302Z",
    ///  "size": 40, "price": "3.15", "premium": "12600.00", "nbbo_bid": "3.10", "nbbo_ask": "3.15",
    ///  "underlying_price": "512.34", "implied_volatility": "0.1432", "delta": "0.4410",
    ///  "gamma": "0.0190", "open_interest": 6016, "volume": 933, "canceled": false,
    ///  "report_flags": [], "upstream_condition_detail": "auto", "exchange": "XCBO"}
    /// ```
    ///
    /// The stream names the contract `option_symbol` and the code `trade_code`, gives `executed_at`
    /// in milliseconds and says nothing of `canceled`. `tags` are not read: they are the vendor's
    /// own reading of the trade (side, mood, kind of company), and no conditions of it. Strike,
    /// expiry and type stand in the contract's symbol.
    WireTrade {
        id, underlying_symbol, option_chain_id, option_symbol, executed_at, size, price, premium,
        nbbo_bid, nbbo_ask, underlying_price, implied_volatility, delta, gamma, open_interest,
        volume, canceled, report_flags, upstream_condition_detail, trade_code, exchange,
    }
}

wire_row! {
    /// One alert: a row of `/api/option-trades/flow-alerts` or a frame of the channel
    /// `flow-alerts`. An invented example of the former:
    ///
    /// ```json
    /// {"id": "0a1b2c3d-0000-4000-8000-000000000002", "ticker": "SPY",
    ///  "option_chain": "SPY260320C00515000", "created_at": "2026-03-02T15:04:09.166305Z",
    ///  "start_time": 1772463840120, "end_time": 1772463845278, "alert_rule": "RepeatedHits",
    ///  "price": "3.15", "underlying_price": "512.34", "total_size": 400, "trade_count": 9,
    ///  "total_premium": "126000", "total_ask_side_prem": "100800", "total_bid_side_prem": "0",
    ///  "iv_end": "0.1432", "open_interest": 6016, "volume": 933, "has_sweep": true,
    ///  "has_floor": false, "has_multileg": false, "all_opening_trades": false}
    /// ```
    ///
    /// The stream has no `created_at` and no volatility, names the rule `rule_name`, gives
    /// `executed_at` in milliseconds and dollars as JSON numbers. `volume_oi_ratio` is 0 in all of
    /// its frames, so it is not read.
    WireAlert {
        id, ticker, option_chain, created_at, executed_at, start_time, end_time, alert_rule,
        rule_name, price, underlying_price, total_size, trade_count, total_premium,
        total_ask_side_prem, total_bid_side_prem, iv_end, open_interest, volume, has_sweep,
        has_floor, has_multileg, all_opening_trades,
    }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/flow-per-strike` (with `strike`) or `/flow-per-expiry` (with
    /// `expiry`), bare lists both. An invented example:
    ///
    /// ```json
    /// {"ticker": "SPY", "date": "2026-03-02", "strike": "515.0", "call_premium": "9908777.0",
    ///  "call_premium_ask_side": "5037703.0", "call_premium_bid_side": "4055973.0",
    ///  "call_volume": 40385, "call_volume_ask_side": 20145, "call_volume_bid_side": 16923,
    ///  "call_trades": 6338, "put_premium": "2746872.0", "put_premium_ask_side": "799873.0",
    ///  "put_premium_bid_side": "1614848.0", "put_volume": 4306, "put_volume_ask_side": 1398,
    ///  "put_volume_bid_side": 2323, "put_trades": 841}
    /// ```
    WireSums {
        ticker, date, strike, expiry, call_premium, call_premium_ask_side, call_premium_bid_side,
        call_volume, call_volume_ask_side, call_volume_bid_side, call_trades, put_premium,
        put_premium_ask_side, put_premium_bid_side, put_volume, put_volume_ask_side,
        put_volume_bid_side, put_trades,
    }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/option-contracts`. An invented example:
    ///
    /// ```json
    /// {"option_symbol": "SPY260320C00515000", "open_interest": 22868, "prev_oi": 20217,
    ///  "volume": 132276, "nbbo_bid": "0", "nbbo_ask": "0.01", "last_price": null,
    ///  "implied_volatility": null, "delta": "0.441", "gamma": "0.019"}
    /// ```
    WireContract {
        option_symbol, open_interest, prev_oi, volume, nbbo_bid, nbbo_ask, last_price,
        implied_volatility, delta, gamma,
    }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/iv-rank` (with `close`, `volatility` and the rank) or of
    /// `/volatility/realized` (with the others). Invented examples:
    ///
    /// ```json
    /// {"date": "2026-03-02", "close": "512.4", "volatility": "0.1432", "iv_rank_1y": "21.7405"}
    /// {"date": "2026-03-02", "price": "512.4", "implied_volatility": "0.1432",
    ///  "realized_volatility": null, "unshifted_rv_date": "2026-04-14"}
    /// ```
    WireVolatility {
        ticker, date, close, volatility, iv_rank_1y, price, implied_volatility, realized_volatility,
    }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/volatility/term-structure`. An invented example:
    ///
    /// ```json
    /// {"ticker": "SPY", "date": "2026-03-02", "expiry": "2026-03-20", "dte": 18,
    ///  "volatility": "0.1519", "implied_move": "9.1025", "implied_move_perc": "0.01765"}
    /// ```
    WireTerm { ticker, date, expiry, volatility, implied_move }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/net-prem-ticks`: a minute, not a running sum. An invented
    /// example:
    ///
    /// ```json
    /// {"date": "2026-03-02", "tape_time": "2026-03-02T15:04:00.000000Z", "call_volume": 1145,
    ///  "put_volume": 241, "net_call_premium": "2234.00", "net_put_premium": "-11106.00",
    ///  "net_delta": "26294.85817964231814400"}
    /// ```
    WireMinute {
        ticker, date, tape_time, call_volume, put_volume, net_call_premium, net_put_premium,
        net_delta,
    }
}

wire_row! {
    /// One row of `/api/market/market-tide` or `/api/market/{etf}/etf-tide`: a running sum. An
    /// invented example:
    ///
    /// ```json
    /// {"date": "2026-03-02", "timestamp": "2026-03-02T10:05:00-05:00", "net_volume": 24809,
    ///  "net_call_premium": "2456915.0000", "net_put_premium": "-1448141.0000"}
    /// ```
    WireTide { date, timestamp, net_volume, net_call_premium, net_put_premium }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/greek-exposure/strike`. An invented example:
    ///
    /// ```json
    /// {"date": "2026-03-02", "strike": "515", "call_gex": "642.2347", "put_gex": "-22185.3285",
    ///  "call_delta": "63759.5013", "put_delta": "-606738.6088"}
    /// ```
    WireGamma { ticker, date, strike, call_gex, put_gex, call_delta, put_delta }
}

wire_row! {
    /// One row of `/api/stock/{ticker}/stock-volume-price-levels`. An invented example:
    ///
    /// ```json
    /// {"price": 512.34, "lit_vol": 19941285, "off_vol": 22074116}
    /// ```
    WireLevel { price, lit_vol, off_vol }
}

wire_row! {
    /// A frame of the channel `price`. An invented example:
    ///
    /// ```json
    /// {"ticker": "SPY", "close": "512.34", "time": 1772463845692, "vol": 6015555}
    /// ```
    WirePrice { ticker, close, time, vol }
}

wire_row! {
    /// A frame of the channel `off_lit_trades`. Not the row of `/api/darkpool`: it has no id, no
    /// market centre, no `canceled`, and `symbol` for `ticker`. An invented example:
    ///
    /// ```json
    /// {"symbol": "SPY", "price": "512.3401", "type": "off_lit", "size": 1200, "volume": 20100300,
    ///  "executed_at": "2026-03-02T15:04:05Z", "trf_executed_at": "2026-03-02T15:04:05.250Z",
    ///  "nbbo_bid": "512.33", "nbbo_ask": "512.35", "sale_cond_codes": null, "trade_code": null,
    ///  "ext_hour_sold_codes": null, "trade_settlement": "regular"}
    /// ```
    WireOffLit {
        symbol, price, size, volume, executed_at, trf_executed_at, nbbo_bid, nbbo_ask,
        sale_cond_codes, trade_code, ext_hour_sold_codes, trade_settlement,
    }
}

wire_row! {
    /// The answer to a join: `{"response": {}, "status": "ok"}`.
    WireReply { response, status }
}
