//! The fast way through a page of rows and through a frame of the stream.
//!
//! Nearly every answer is `{"data":[{flat object}, …]}` and nearly every frame
//! `["channel",{flat object}]`. This reads just that, and gives up at anything else: what
//! [`crate::scan`] gives up at, or another key beside `data`. The general way ([`super::wire`])
//! then reads the text anew.

use super::wire::Shape;
use crate::scan::{Order, Scanner};
use crate::wire::WireRow;

/// Reads every row. None when the answer is not of the usual form or `on_row` says to stop.
pub(super) fn scan_rows<'a, W: WireRow<'a>>(
    text: &'a str,
    shape: Shape,
    most: usize,
    mut on_row: impl FnMut(&W) -> bool,
) -> Option<()> {
    let mut scanner = Scanner::new(text);
    let mut order = Order::default();
    let is_bare = shape == Shape::WrappedOrBare && scanner.peek()? == b'[';
    if !is_bare {
        scanner.expect(b'{')?;
        let key = scanner.string()?;
        scanner.expect(b':')?;
        if key != "\"data\"" {
            return None;
        }
    }
    scanner.expect(b'[')?;
    let mut count = 0;
    let mut has_more = scanner.peek()? != b']';
    while has_more {
        count += 1;
        let row = scanner.row(&mut order)?;
        if count > most || !on_row(&row) {
            return None;
        }
        has_more = scanner.take_if(b',')?;
    }
    scanner.expect(b']')?;
    if !is_bare {
        scanner.expect(b'}')?;
    }
    scanner.is_at_end().then_some(())
}

/// Reads a frame of the stream: the channel's name and its row. The order is that of frames with
/// the same kind of row.
pub(super) fn scan_frame<'a, W: WireRow<'a>>(text: &'a str, order: &mut Order) -> Option<W> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[')?;
    scanner.string()?;
    scanner.expect(b',')?;
    let row = scanner.row(order)?;
    scanner.expect(b']')?;
    scanner.is_at_end().then_some(row)
}

/// The channel's name in a frame, without reading the rest.
pub(super) fn scan_channel(text: &str) -> Option<&str> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[')?;
    scanner.string()?.strip_prefix('"')?.strip_suffix('"')
}
