//! Cursors: opaque to the client. They hold the whole question and where its answer goes on.

/// The parameter that says where to go on, inside of a cursor only.
pub(super) const AFTER: &str = "after";

/// Parameters as a cursor.
pub(super) fn sealed<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let text: Vec<String> = params.map(|(name, value)| format!("{name}={value}")).collect();
    text.join("&").bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of a cursor. None where it is not one of ours.
pub(super) fn opened(cursor: &str) -> Option<Vec<(String, String)>> {
    let byte = |place: usize| u8::from_str_radix(cursor.get(place..place + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(byte).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let param = |text: &str| {
        let (name, value) = text.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    text.split('&').map(param).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_to_what_was_sealed_and_nothing_else_opens() {
        let params = [("limit", "2"), ("timestamp.gte", "2026-06-02"), (AFTER, "5.7")];
        let opened_again = opened(&sealed(params.into_iter())).unwrap();
        let expected = params.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(opened_again, expected);
        for text in ["", "6", "zz", "61", "é1"] {
            assert_eq!(opened(text), None, "{text}");
        }
    }
}
