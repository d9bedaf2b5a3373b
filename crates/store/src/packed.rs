//! Rows packed into bytes: one column after the other, each in as few bytes a number as it needs.
//!
//! A column holds its least number, and of each number how far it lies above that, in as many
//! bytes as the farthest needs. So it is read with a copy and an addition for each number, and
//! equal rows make equal bytes. Everything is big-endian, as Postgres' own binary forms are.
//!
//! Dollars and shares are whole numbers with many zeros at their end; [`Packer::scaled`] leaves
//! off those that all of a column have. Nothing is ever rounded.

/// The first byte of everything that is packed. Another form will have another.
const FORMAT: u8 = 1;
/// Bytes of the largest number.
const WIDEST: usize = 16;
/// Most zeros that are left off: as many as dollars have digits after their point.
const MAX_ZEROS: u8 = 16;

/// Why bytes cannot be unpacked.
pub(crate) type Broken = &'static str;
const CUT_SHORT: Broken = "what is packed is cut short";

/// Rows being packed.
pub(crate) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    pub(crate) fn new(rows: usize) -> Self {
        let rows = u32::try_from(rows).expect("prints of a day are counted in 32 bits");
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&rows.to_be_bytes());
        Self { bytes }
    }

    /// Adds a column. Of no numbers there is nothing to add.
    pub(crate) fn column(&mut self, values: &[i128]) {
        let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else {
            return;
        };
        let above = |value: &i128| value.wrapping_sub(*least).cast_unsigned();
        let width = width_of(above(most));
        self.bytes.push(u8::try_from(width).expect("at most sixteen"));
        self.bytes.extend_from_slice(&least.to_be_bytes());
        for value in values {
            self.bytes.extend_from_slice(&above(value).to_be_bytes()[WIDEST - width..]);
        }
    }

    /// Adds a column of numbers that end in many zeros.
    pub(crate) fn scaled(&mut self, values: &[i128]) {
        if values.is_empty() {
            return;
        }
        let zeros = common_zeros(values);
        let power = 10_i128.pow(zeros.into());
        self.bytes.push(zeros);
        self.column(&values.iter().map(|value| value / power).collect::<Vec<_>>());
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Packed rows being read, column by column in the order in which they were packed.
pub(crate) struct Unpacker<'b> {
    rest: &'b [u8],
}

impl<'b> Unpacker<'b> {
    /// Also tells how many rows there are.
    pub(crate) fn new(bytes: &'b [u8]) -> Result<(Self, usize), Broken> {
        let mut unpacker = Self { rest: bytes };
        if unpacker.array::<1>()? != [FORMAT] {
            return Err("it is packed in a form that this program does not know");
        }
        let rows = u32::from_be_bytes(unpacker.array()?) as usize;
        // No two rows have the same key, so that some column has a byte for each of them.
        if rows > bytes.len() {
            return Err(CUT_SHORT);
        }
        Ok((unpacker, rows))
    }

    pub(crate) fn column(&mut self, count: usize) -> Result<Vec<i128>, Broken> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let [width] = self.array()?;
        let least = i128::from_be_bytes(self.array()?);
        let above = self.take(count.saturating_mul(width.into()))?;
        match width {
            0 => Ok(vec![least; count]),
            1 => Ok(widen::<1>(least, above)),
            2 => Ok(widen::<2>(least, above)),
            3 => Ok(widen::<3>(least, above)),
            4 => Ok(widen::<4>(least, above)),
            5 => Ok(widen::<5>(least, above)),
            6 => Ok(widen::<6>(least, above)),
            7 => Ok(widen::<7>(least, above)),
            8 => Ok(widen::<8>(least, above)),
            16 => Ok(widen::<WIDEST>(least, above)),
            _ => Err("a packed column has an impossible width"),
        }
    }

    pub(crate) fn scaled(&mut self, count: usize) -> Result<Vec<i128>, Broken> {
        if count == 0 {
            return Ok(Vec::new());
        }
        let [zeros] = self.array()?;
        let power = 10_i128.checked_pow(zeros.into()).ok_or(TOO_LARGE)?;
        let mut values = self.column(count)?;
        for edge in [values.iter().min(), values.iter().max()].into_iter().flatten() {
            edge.checked_mul(power).ok_or(TOO_LARGE)?;
        }
        for value in &mut values {
            // The least and the largest do not overflow, so none does.
            *value *= power;
        }
        Ok(values)
    }

    /// Makes sure that nothing is left.
    pub(crate) fn finish(self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err("something follows what is packed") }
    }

    fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], Broken> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT_SHORT)?;
        self.rest = rest;
        Ok(taken)
    }
}

const TOO_LARGE: Broken = "a packed number is too large";

/// The width is known when this is compiled: a loop over it would be several times as slow.
fn widen<const WIDTH: usize>(least: i128, above: &[u8]) -> Vec<i128> {
    let (above, _) = above.as_chunks::<WIDTH>();
    let widened = above.iter().map(|bytes| {
        let mut wide = [0; WIDEST];
        wide[WIDEST - WIDTH..].copy_from_slice(bytes);
        least.wrapping_add(i128::from_be_bytes(wide))
    });
    widened.collect()
}

/// Eight bytes or fewer, or all of them: nothing between is worth a case of its own.
fn width_of(most: u128) -> usize {
    match u64::try_from(most) {
        Ok(most) => 8 - most.leading_zeros() as usize / 8,
        Err(_) => WIDEST,
    }
}

/// How many zeros all of the numbers end in.
fn common_zeros(values: &[i128]) -> u8 {
    let mut zeros = MAX_ZEROS;
    for value in values {
        while value % 10_i128.pow(zeros.into()) != 0 {
            zeros -= 1;
        }
    }
    zeros
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(values: &[i128]) -> Vec<u8> {
        let mut packer = Packer::new(values.len());
        packer.column(values);
        packer.scaled(values);
        packer.finish()
    }

    fn unpacked(bytes: &[u8]) -> Result<(Vec<i128>, Vec<i128>), Broken> {
        let (mut unpacker, rows) = Unpacker::new(bytes)?;
        let columns = (unpacker.column(rows)?, unpacker.scaled(rows)?);
        unpacker.finish()?;
        Ok(columns)
    }

    #[test]
    fn a_column_takes_the_bytes_that_its_range_needs() {
        let head = 5 + 17 + 18;
        for (values, width) in [
            (vec![7, 7, 7, 7], 0),
            (vec![1_000, 1_255], 1),
            (vec![1_000, 1_256], 2),
            (vec![-1, i128::from(u32::MAX)], 5),
            (vec![0, i128::from(u64::MAX)], 8),
            (vec![0, i128::from(u64::MAX) + 1], 16),
        ] {
            let bytes = packed(&values);
            assert_eq!(bytes.len(), head + 2 * width * values.len(), "{values:?}");
        }
        assert_eq!(packed(&[]).len(), 5);
        // 622.12 and 1244.24 dollars: three bytes and two, where sixteen digits would need eight.
        let mut packer = Packer::new(2);
        packer.scaled(&[6_221_200_000_000_000_000, 12_442_400_000_000_000_000]);
        assert_eq!(packer.finish().len(), 5 + 18 + 2 * 2);
    }

    #[test]
    fn bytes_that_were_not_packed_here_are_an_error() {
        let good = packed(&[1, 2, 300]);
        assert!(unpacked(&good).is_ok());
        for length in 0..good.len() {
            assert!(unpacked(&good[..length]).is_err(), "{length} bytes");
        }
        assert!(unpacked(&[&good[..], &[0]].concat()).is_err(), "one byte more");
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            unpacked(&bytes)
        };
        assert!(with(0, 2).is_err(), "another form");
        assert!(with(1, 255).is_err(), "four thousand million rows");
        assert!(with(5, 9).is_err(), "a width that is never packed");
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(
            values in prop::collection::vec((any::<i64>(), 0_u32..17, any::<bool>()), 0..40),
        ) {
            let values: Vec<i128> = values
                .into_iter()
                .map(|(value, zeros, wide)| {
                    i128::from(value) * 10_i128.pow(zeros) * if wide { 1_000 } else { 1 }
                })
                .collect();
            let bytes = packed(&values);
            prop_assert_eq!(unpacked(&bytes), Ok((values.clone(), values)));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpacked(&bytes);
            let _ = unpacked(&[&[FORMAT, 0, 0, 0, 3], &bytes[..]].concat());
        }
    }
}
