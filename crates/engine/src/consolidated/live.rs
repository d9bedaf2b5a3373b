//! The tape of one symbol in the session that runs: what was read of it, and what is final.
//!
//! Two channels bring the same trades. The stream brings them at once, from the moment on at which
//! it was joined; REST brings everything, later. So a tape is either **read over REST up to an
//! instant**, or **brought by the stream**. It goes over to the stream when REST has told
//! everything up to the join, and back to REST when the stream broke. What both bring is counted
//! once, because the book knows a trade that it has seen. A minute is final when everything up to
//! its end was read, so no final minute has a hole.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use undertow_analysis::activity::MINUTES_PER_DAY;
use undertow_analysis::opportunity::SpotInput;
use undertow_analysis::tape::{SessionVolume, TapeBook, TapeKeep, TapePart};
use undertow_market::{Reasons, Symbol, TapeMinute, TapeTrade};

use super::day::TapeDay;

/// What is read again before where REST was read to: reports arrive late.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// What was reported in the last seconds may not be served over REST yet.
pub(super) const REST_LAG: TimeDelta = TimeDelta::seconds(3);

/// Trades that come so many minutes after their own still count at once. Of those that come later
/// the session's reread tells.
const STRAGGLERS: u16 = 3;

/// How a tape is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Over REST: everything before `read_to` was read.
    Rest {
        read_to: DateTime<Utc>,
        /// The stream brings everything from then on.
        joined_at: Option<DateTime<Utc>>,
    },
    /// By the stream. Everything before `since` was read over REST.
    Stream { since: DateTime<Utc> },
}

/// The tape of one symbol in the session that runs.
pub(super) struct Live {
    book: TapeBook,
    day: TapeDay,
    /// Minutes before this left the book: they are stored, or on their way.
    taken_before: u16,
    pub(super) reading: Reading,
    /// Whether holes are filled over REST: so it is for the watch list.
    pub(super) is_watched: bool,
    /// Trades whose identities are in memory.
    held: usize,
    /// How many of them belong to minutes before which.
    left: VecDeque<(u16, usize)>,
    /// When the newest trade reached the tape.
    pub(super) newest_at: Option<DateTime<Utc>>,
    /// The newest price that anybody could trade at.
    price: Option<SpotInput>,
    /// Nothing leaves the book while the session is being replaced.
    pub(super) is_held_back: bool,
    /// When it is asked for next over REST, market time.
    pub(super) next_read_at: DateTime<Utc>,
    /// Whether an answer is on its way.
    pub(super) is_being_read: bool,
    /// What is wrong, in words.
    pub(super) problem: Option<String>,
}

/// What a session has so far, up to the last final minute and to now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SoFar {
    /// Minutes before this are final.
    pub(super) final_before: u16,
    /// Off-exchange shares of the final minutes.
    pub(super) final_off_shares: rust_decimal::Decimal,
    /// Everything, final or not.
    pub(super) now: SessionVolume,
    pub(super) newest_at: Option<DateTime<Utc>>,
    /// The newest price that anybody could trade at.
    pub(super) price: Option<SpotInput>,
}

impl Live {
    /// Trades that the tape counts, up to now.
    pub(super) fn trades(&self) -> u64 {
        let now = self.book.volume_to_now();
        u64::from(now.lit.trades) + u64::from(now.off_exchange.trades)
    }

    /// A tape of which `stored` minutes before `stored_before` are in the database.
    pub(super) fn resumed(
        symbol: Symbol,
        day: TapeDay,
        keep: TapeKeep,
        stored: &[TapeMinute],
        stored_before: u16,
    ) -> Self {
        let book = TapeBook::resume(symbol, day.date, keep, stored, stored_before);
        let read_to = day.at(stored_before);
        Self {
            book,
            day,
            taken_before: stored_before,
            reading: Reading::Rest { read_to, joined_at: None },
            is_watched: true,
            held: 0,
            left: VecDeque::new(),
            newest_at: None,
            price: None,
            is_held_back: false,
            next_read_at: DateTime::<Utc>::MIN_UTC,
            is_being_read: false,
            problem: None,
        }
    }

    /// A tape that only the stream brings, from its first whole minute on.
    pub(super) fn of_the_stream(
        symbol: Symbol,
        day: TapeDay,
        keep: TapeKeep,
        joined_at: DateTime<Utc>,
    ) -> Self {
        let first_whole = day.minute_of(joined_at) + 1;
        Self {
            is_watched: false,
            reading: Reading::Stream { since: day.at(first_whole) },
            ..Self::resumed(symbol, day, keep, &[], first_whole.min(MINUTES_PER_DAY))
        }
    }

    /// What is kept of it beside its sums.
    pub(super) fn keep(&self) -> TapeKeep {
        self.book.keep()
    }

    /// Minutes before this left the book.
    pub(super) fn taken_before(&self) -> u16 {
        self.taken_before
    }

    /// Trades whose identities are in memory.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Trades that came after their minute was final.
    pub(super) fn too_late(&self) -> u64 {
        self.book.too_late()
    }

    /// Counts a trade; false when it is known or its minute is final.
    pub(super) fn take(&mut self, trade: &TapeTrade<'_>) -> bool {
        let is_new = self.book.take(trade);
        if is_new {
            self.held += 1;
            self.newest_at = self.newest_at.max(Some(trade.reported_at));
            let is_newer = self.price.is_none_or(|known| known.at <= trade.reported_at);
            if is_newer && trade.is_level_eligible() {
                self.price = Some(SpotInput { price: trade.price, at: trade.reported_at });
            }
        }
        is_new
    }

    /// The stream brings this tape from `at` on.
    pub(super) fn joined(&mut self, at: DateTime<Utc>) {
        if let Reading::Rest { joined_at, .. } = &mut self.reading {
            *joined_at = Some(at);
            self.next_read_at = at + REST_LAG;
        }
    }

    /// The stream broke: it brought everything before `brought_to`, where it was whole.
    pub(super) fn broken(&mut self, brought_to: DateTime<Utc>) {
        let read_to = match self.reading {
            Reading::Rest { read_to, .. } => read_to,
            Reading::Stream { since } => {
                // At once, and not at the pace of what is polled.
                self.next_read_at = DateTime::<Utc>::MIN_UTC;
                brought_to.max(since)
            }
        };
        self.reading = Reading::Rest { read_to, joined_at: None };
    }

    /// A tape that only the stream brings lost what came between the break and `joined_at`: its
    /// minutes from the break to the first whole one are left out.
    pub(super) fn skip_to(&mut self, joined_at: DateTime<Utc>) {
        let Reading::Rest { read_to, .. } = self.reading else { return };
        let (from, to) = (self.day.minute_of(read_to), self.day.minute_of(joined_at) + 1);
        self.book.reset_minutes(from..to);
        self.book.forget(to);
        self.reading = Reading::Stream { since: self.day.at(to) };
    }

    /// From where REST is asked.
    pub(super) fn ask_from(&self) -> Option<DateTime<Utc>> {
        match self.reading {
            Reading::Rest { read_to, .. } => {
                Some((read_to - OVERLAP).max(self.day.at(self.taken_before)))
            }
            Reading::Stream { .. } => None,
        }
    }

    /// REST told everything before `read_to`.
    pub(super) fn read_on(&mut self, to: DateTime<Utc>) {
        if let Reading::Rest { read_to, .. } = &mut self.reading {
            *read_to = (*read_to).max(to);
        }
    }

    /// REST told everything that there was at `asked_at`. True when the stream brings the rest.
    pub(super) fn read_whole(&mut self, asked_at: DateTime<Utc>) -> bool {
        let Reading::Rest { read_to, joined_at: Some(joined_at) } = self.reading else {
            return false;
        };
        let meets = asked_at >= joined_at + REST_LAG;
        if meets {
            self.reading = Reading::Stream { since: read_to };
        } else {
            self.next_read_at = joined_at + REST_LAG;
        }
        meets
    }

    /// Everything before this was read. `stream_to` = what the stream has certainly brought.
    pub(super) fn read_to(&self, stream_to: Option<DateTime<Utc>>) -> DateTime<Utc> {
        match self.reading {
            Reading::Rest { read_to, .. } => read_to,
            Reading::Stream { since } => stream_to.map_or(since, |to| to.max(since)),
        }
    }

    /// Takes out the minutes that became final; none when there is no further one.
    /// `last` is the day's last minute that is handed out as it becomes final.
    pub(super) fn take_final(
        &mut self,
        stream_to: Option<DateTime<Utc>>,
        last: u16,
    ) -> Option<TapePart> {
        let final_before = self.day.minute_of(self.read_to(stream_to)).min(last);
        if self.is_held_back || final_before <= self.taken_before {
            return None;
        }
        let part = self.book.take_final(final_before);
        self.taken_before = final_before;
        self.left.push_back((final_before, trades_of(&part)));
        self.forget(final_before.saturating_sub(STRAGGLERS));
        Some(part)
    }

    fn forget(&mut self, before: u16) {
        self.book.forget(before);
        while let Some((_, trades)) = self.left.pop_front_if(|(end, _)| *end <= before) {
            self.held = self.held.saturating_sub(trades);
        }
    }

    /// What the session has so far.
    pub(super) fn so_far(&self) -> SoFar {
        let minutes = self.book.off_exchange_shares();
        let of_final = minutes.iter().filter(|of| of.minute < self.taken_before);
        SoFar {
            final_before: self.taken_before,
            final_off_shares: of_final.map(|of| of.shares).sum(),
            now: self.book.volume_to_now(),
            newest_at: self.newest_at,
            price: self.price,
        }
    }
}

/// How many trades went into a part: those that the tape counts, and cancels and repeats.
fn trades_of(part: &TapePart) -> usize {
    let count = |of: &TapeMinute| {
        let apart = of.apart.iter().filter(|apart| apart.reasons.intersects(Reasons::NOT_COUNTED));
        of.lit.trades + of.off_exchange.trades + apart.map(|of| of.volume.trades).sum::<u32>()
    };
    part.minutes.iter().map(|of| count(of) as usize).sum()
}

#[cfg(test)]
mod tests;
