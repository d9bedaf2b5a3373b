//! The fast way through JSON of the usual form.
//!
//! Rows of every vendor are flat objects without an escape. This reads just that, and gives up at
//! anything else: a nested value (but for a list of strings and numbers), an escape, a key that
//! comes twice, broken JSON. The general way then reads the text anew. It accepts nothing that the
//! general way would refuse; the fuzz targets compare the two.

use crate::wire::{Raw, WireRow};

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

/// The bytes that matter to whoever looks only for the end of an object.
const ENDS_PART: [bool; 256] = {
    let mut table = [false; 256];
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table[b'{' as usize] = true;
    table[b'}' as usize] = true;
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

/// The keys of the rows so far, in their order, for one kind of row. A vendor writes every row by
/// the same program, so the next row's keys are most often the same texts in the same order:
/// comparing them is cheaper than finding their ends and their fields anew.
#[derive(Debug, Default)]
pub(crate) struct Order(Vec<Key>);

#[derive(Debug)]
struct Key {
    /// With quotation marks, colon, and the spaces between.
    text: String,
    /// The number of its field.
    place: Option<u8>,
}

/// More keys than any row has.
const MAX_KEYS: usize = 128;
/// How many known keys are compared. Some vendors leave out a field that would be empty, so the
/// next key of a row may be one of the next few.
const LOOK_AHEAD: usize = 3;

impl Order {
    /// The number of the known key with which the text begins, from this number on.
    #[inline]
    fn find(&self, from: usize, text: &[u8]) -> Option<usize> {
        let next = self.0.iter().enumerate().skip(from).take(LOOK_AHEAD);
        next.filter(|(_, key)| text.starts_with(key.text.as_bytes()))
            .map(|(number, _)| number)
            .next()
    }

    /// Keeps the memory of the key that was there: rows may differ again and again.
    fn learn(&mut self, number: usize, text: &str, place: Option<u8>) {
        match self.0.get_mut(number) {
            Some(known) => {
                known.text.clear();
                known.text.push_str(text);
                known.place = place;
            }
            None if number < MAX_KEYS => self.0.push(Key { text: text.to_owned(), place }),
            None => {}
        }
    }
}

/// A place in a text. Every step says none when the text is not what the step expects there.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The text from here on.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Stands again where this was the rest.
    pub(crate) fn go_back_to(&mut self, rest: &'a str) {
        self.at = self.text.len() - rest.len();
    }

    /// Goes on after so many bytes.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// A flat object. The fields that it has no place for are passed over. The order is that of
    /// rows of the same kind.
    pub(crate) fn row<W: WireRow<'a>>(&mut self, order: &mut Order) -> Option<W> {
        let mut row = W::default();
        self.expect(b'{')?;
        if self.take_if(b'}')? {
            return Some(row);
        }
        let mut next = 0;
        loop {
            let place = self.key::<W>(order, &mut next)?;
            let value = self.value()?;
            if let Some(slot) = place.and_then(|place| row.at(place)) {
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

    /// The field of the next key. Moves past its colon, and on in the order.
    #[inline]
    fn key<W: WireRow<'a>>(&mut self, order: &mut Order, next: &mut usize) -> Option<Option<u8>> {
        self.peek()?;
        if let Some(number) = order.find(*next, &self.text.as_bytes()[self.at..]) {
            let key = &order.0[number];
            self.at += key.text.len();
            *next = number + 1;
            return Some(key.place);
        }
        let begin = self.at;
        let place = W::place(self.string()?);
        self.expect(b':')?;
        order.learn(*next, &self.text[begin..self.at], place);
        *next += 1;
        Some(place)
    }

    /// Passes over a flat object without looking into it.
    pub(crate) fn skip_row(&mut self) -> Option<()> {
        self.expect(b'{')?;
        let mut is_in_string = false;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            let next = rest.iter().position(|byte| ENDS_PART[usize::from(*byte)])?;
            self.at += next + 1;
            match rest[next] {
                b'"' => is_in_string = !is_in_string,
                b'}' if !is_in_string => return Some(()),
                b'{' | b'}' if is_in_string => {}
                // A nested object, or an escape.
                _ => return None,
            }
        }
    }

    /// A value that is no object, with its quotation marks or brackets.
    pub(crate) fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'[' => self.list(),
            _ => self.number(),
        }
    }

    /// A list of strings and numbers with its brackets.
    fn list(&mut self) -> Option<&'a str> {
        let begin = self.at;
        self.expect(b'[')?;
        let mut has_more = self.peek()? != b']';
        while has_more {
            if self.peek()? == b'"' {
                self.string()?;
            } else {
                self.number()?;
            }
            has_more = self.take_if(b',')?;
        }
        self.expect(b']')?;
        Some(&self.text[begin..self.at])
    }

    /// A string with its quotation marks.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<&'a str> {
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
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    /// Passes over this byte, which must be the next that is no space.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Option<()> {
        self.take_if(byte)?.then_some(())
    }

    /// Passes over this byte if it is the next that is no space.
    #[inline]
    pub(crate) fn take_if(&mut self, byte: u8) -> Option<bool> {
        let is_there = self.peek()? == byte;
        self.at += usize::from(is_there);
        Some(is_there)
    }

    /// Whether nothing but spaces is left.
    pub(crate) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }
}
