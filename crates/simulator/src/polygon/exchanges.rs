//! `/v3/reference/exchanges`: every venue of the tape. The number 4 occurs once for each
//! facility, so it is no key.

use serde_json::{Value, json};

use super::query::Query;
use crate::answer::Answer;

/// Number, type, name, code, code of the operator, letter on the tape.
type Row = (u16, &'static str, &'static str, Option<&'static str>, &'static str, &'static str);

const ROWS: [Row; 24] = [
    (1, "exchange", "NYSE American, LLC", Some("XASE"), "XNYS", "A"),
    (2, "exchange", "Nasdaq OMX BX, Inc.", Some("XBOS"), "XNAS", "B"),
    (3, "exchange", "NYSE National, Inc.", Some("XCIS"), "XNYS", "C"),
    (4, "TRF", "FINRA NYSE TRF", Some("FINY"), "XNYS", "D"),
    (4, "TRF", "FINRA Nasdaq TRF Carteret", Some("FINN"), "FINR", "D"),
    (4, "TRF", "FINRA Nasdaq TRF Chicago", Some("FINC"), "FINR", "D"),
    (4, "TRF", "FINRA Alternative Display Facility", Some("XADF"), "FINR", "D"),
    (5, "SIP", "Unlisted Trading Privileges", None, "XNAS", "E"),
    (6, "TRF", "International Securities Exchange, LLC - Stocks", Some("XISE"), "XNAS", "I"),
    (7, "exchange", "Cboe EDGA", Some("EDGA"), "XCBO", "J"),
    (8, "exchange", "Cboe EDGX", Some("EDGX"), "XCBO", "K"),
    (9, "exchange", "NYSE Chicago, Inc.", Some("XCHI"), "XNYS", "M"),
    (10, "exchange", "New York Stock Exchange", Some("XNYS"), "XNYS", "N"),
    (11, "exchange", "NYSE Arca, Inc.", Some("ARCX"), "XNYS", "P"),
    (12, "exchange", "Nasdaq", Some("XNAS"), "XNAS", "T"),
    (13, "SIP", "Consolidated Tape Association", None, "XNYS", "S"),
    (14, "exchange", "Long-Term Stock Exchange", Some("LTSE"), "LTSE", "L"),
    (15, "exchange", "Investors Exchange", Some("IEXG"), "IEXG", "V"),
    (16, "TRF", "Cboe Stock Exchange", Some("CBSX"), "XCBO", "W"),
    (17, "exchange", "Nasdaq Philadelphia Exchange LLC", Some("XPHL"), "XNAS", "X"),
    (18, "exchange", "Cboe BYX", Some("BATY"), "XCBO", "Y"),
    (19, "exchange", "Cboe BZX", Some("BATS"), "XCBO", "Z"),
    (20, "exchange", "MIAX Pearl", Some("EPRL"), "MIHI", "H"),
    (21, "exchange", "Members Exchange", Some("MEMX"), "MEMX", "U"),
];

pub(super) fn list(query: &Query<'_>) -> Answer {
    let of_stocks = query.text("asset_class").is_none_or(|class| class == "stocks");
    let of_here = query.text("locale").is_none_or(|locale| locale == "us");
    let row = |(id, kind, name, code, operator, letter): Row| {
        let mut row = json!({
            "id": id,
            "type": kind,
            "asset_class": "stocks",
            "locale": "us",
            "name": name,
            "operating_mic": operator,
            "participant_id": letter,
        });
        if let Some(code) = code {
            row["mic"] = json!(code);
        }
        row
    };
    let rows: Vec<Value> = ROWS.into_iter().map(row).collect();
    let mut body = json!({ "status": "OK", "request_id": query.request.id });
    if of_stocks && of_here {
        body["count"] = json!(rows.len());
        body["results"] = json!(rows);
    }
    Answer::json(200, &body)
}
