//! The fast way through a page of prints.
//!
//! Nearly every answer is `{"data":[{flat object}, …]}` without an escape. This reads just that,
//! and gives up at anything else: a nested value, an escape, a key that comes twice, another key
//! beside `data`, broken JSON. The general way ([`super::wire`]) then reads the answer anew. It
//! accepts nothing that the general way would refuse; the fuzz targets compare the two.

use super::wire::{MAX_ROWS, Raw, WirePrint};

/// The bytes at which a plain string ends or is no plain string. A table, because most bytes of an
/// answer pass through it.
const IS_SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

/// Reads every row. None when the answer is not of the usual form or `on_row` says to stop.
pub(super) fn scan_prints<'a>(
    text: &'a str,
    mut on_row: impl FnMut(&WirePrint<'a>) -> bool,
) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.expect(b'{')?;
    let key = scanner.string()?;
    scanner.expect(b':')?;
    scanner.expect(b'[')?;
    if key != "\"data\"" {
        return None;
    }
    let mut count = 0;
    let mut has_more = scanner.peek()? != b']';
    while has_more {
        count += 1;
        let row = scanner.row()?;
        if count > MAX_ROWS || !on_row(&row) {
            return None;
        }
        has_more = scanner.take_if(b',')?;
    }
    scanner.expect(b']')?;
    scanner.expect(b'}')?;
    scanner.is_at_end().then_some(())
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn row(&mut self) -> Option<WirePrint<'a>> {
        let mut row = WirePrint::default();
        self.expect(b'{')?;
        if self.take_if(b'}')? {
            return Some(row);
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            let value = self.value()?;
            if let Some(slot) = row.slot(key) {
                if !slot.0.is_empty() {
                    return None;
                }
                *slot = Raw(value);
            }
            if !self.take_if(b',')? {
                self.expect(b'}')?;
                return Some(row);
            }
        }
    }

    fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    /// A string with its quotation marks.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let begin = self.at - 1;
        let rest = &self.text.as_bytes()[self.at..];
        let end = rest.iter().position(|byte| IS_SPECIAL[usize::from(*byte)])?;
        if rest[end] != b'"' {
            return None;
        }
        self.at += end + 1;
        Some(&self.text[begin..self.at])
    }

    fn word(&mut self, word: &'static str) -> Option<&'a str> {
        let found = self.text.get(self.at..self.at + word.len())?;
        self.at += word.len();
        (found == word).then_some(found)
    }

    fn number(&mut self) -> Option<&'a str> {
        let begin = self.at;
        self.skip(b'-');
        let is_zero = self.skip(b'0');
        if !is_zero {
            self.digits()?;
        }
        if self.skip(b'.') {
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _sign = self.skip(b'-') || self.skip(b'+');
            self.digits()?;
        }
        Some(&self.text[begin..self.at])
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let rest = &self.text.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// The next byte that is no space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take_if(byte)?.then_some(())
    }

    #[inline]
    fn take_if(&mut self, byte: u8) -> Option<bool> {
        let is_there = self.peek()? == byte;
        self.at += usize::from(is_there);
        Some(is_there)
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}
