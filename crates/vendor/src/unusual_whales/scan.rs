//! The fast way through a page of rows and through a frame of the stream.
//!
//! Nearly every answer is `{"data":[{flat object}, …]}` without an escape, and nearly every frame
//! `["channel",{flat object}]`. This reads just that, and gives up at anything else: a nested value
//! (but for a list of strings), an escape, a key that comes twice, another key beside `data`,
//! broken JSON. The general way ([`super::wire`]) then reads the text anew. It accepts nothing that
//! the general way would refuse; the fuzz targets compare the two.

use super::wire::{Raw, Shape, WireRow};

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

/// Bits are set where a byte of the eight may be special ([`IS_SPECIAL`]); none when none is.
#[inline]
fn special_bits(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let below = |bytes: u64, least: u64| bytes.wrapping_sub(ONES * least) & !bytes & HIGH;
    let is = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    below(eight, 0x20) | is(b'"') | is(b'\\')
}

/// The keys of the rows so far, in their order. A vendor writes every row by the same program, so
/// the next row's keys are most often the same texts at the same places: comparing them is cheaper
/// than finding their ends and their fields anew.
#[derive(Debug, Default)]
pub(super) struct Order(Vec<Key>);

#[derive(Debug)]
struct Key {
    /// With quotation marks, colon, and the spaces between.
    text: Box<str>,
    /// The number of its field.
    place: Option<u8>,
}

/// More keys than any row has.
const MAX_KEYS: usize = 128;

impl Order {
    fn learn(&mut self, number: usize, text: &str, place: Option<u8>) {
        let key = Key { text: text.into(), place };
        match self.0.get_mut(number) {
            Some(known) => *known = key,
            None if number < MAX_KEYS => self.0.push(key),
            None => {}
        }
    }
}

/// Reads every row. None when the answer is not of the usual form or `on_row` says to stop.
pub(super) fn scan_rows<'a, W: WireRow<'a>>(
    text: &'a str,
    shape: Shape,
    most: usize,
    mut on_row: impl FnMut(&W) -> bool,
) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
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
    let mut scanner = Scanner { text, at: 0 };
    scanner.expect(b'[')?;
    scanner.string()?;
    scanner.expect(b',')?;
    let row = scanner.row(order)?;
    scanner.expect(b']')?;
    scanner.is_at_end().then_some(row)
}

/// The channel's name in a frame, without reading the rest.
pub(super) fn scan_channel(text: &str) -> Option<&str> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.expect(b'[')?;
    scanner.string()?.strip_prefix('"')?.strip_suffix('"')
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn row<W: WireRow<'a>>(&mut self, order: &mut Order) -> Option<W> {
        let mut row = W::default();
        self.expect(b'{')?;
        if self.take_if(b'}')? {
            return Some(row);
        }
        for number in 0.. {
            let place = self.key::<W>(order, number)?;
            let value = self.value()?;
            if let Some(slot) = place.and_then(|place| row.at(place)) {
                if !slot.0.is_empty() {
                    return None;
                }
                *slot = Raw(value);
            }
            if !self.take_if(b',')? {
                break;
            }
        }
        self.expect(b'}')?;
        Some(row)
    }

    /// The field of the next key. Moves past its colon.
    #[inline]
    fn key<W: WireRow<'a>>(&mut self, order: &mut Order, number: usize) -> Option<Option<u8>> {
        self.peek()?;
        if let Some(key) = order.0.get(number)
            && self.text.as_bytes()[self.at..].starts_with(key.text.as_bytes())
        {
            self.at += key.text.len();
            return Some(key.place);
        }
        let begin = self.at;
        let place = W::place(self.string()?);
        self.expect(b':')?;
        order.learn(number, &self.text[begin..self.at], place);
        Some(place)
    }

    fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'[' => self.list(),
            _ => self.number(),
        }
    }

    /// A list of strings with its brackets.
    fn list(&mut self) -> Option<&'a str> {
        let begin = self.at;
        self.expect(b'[')?;
        let mut has_more = self.peek()? != b']';
        while has_more {
            self.string()?;
            has_more = self.take_if(b',')?;
        }
        self.expect(b']')?;
        Some(&self.text[begin..self.at])
    }

    /// A string with its quotation marks.
    #[inline]
    fn string(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let begin = self.at - 1;
        let bytes = self.text.as_bytes();
        // Eight bytes at a time, as long as none of them is special.
        while let Some(Ok(eight)) = bytes.get(self.at..self.at + 8).map(<[u8; 8]>::try_from)
            && special_bits(u64::from_le_bytes(eight)) == 0
        {
            self.at += 8;
        }
        let rest = &bytes[self.at..];
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
