//! Sums over prints by day, part of day and price, from the table `darkpool_day_sums`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::Row;
use undertow_analysis::levels::Cell;
use undertow_market::{MarketSession, Symbol};

use crate::day_sums::{self, CellKey, CellSums, Day, LOW_SCALE, dollars, shares, unpack_cells};
use crate::numeric::Numeric;
use crate::{Store, StoreError};

/// Sums over all days of a query, by bins of one width.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelBin {
    /// The centre of the bin, in dollars.
    pub price: Decimal,
    /// Level-eligible prints.
    pub prints: i64,
    /// Their shares.
    pub shares: Decimal,
    /// Their dollars.
    pub notional: Decimal,
    /// The part of `notional` above the middle of the quote.
    pub buy_notional: Decimal,
    /// The part of `notional` below the middle of the quote.
    pub sell_notional: Decimal,
    /// Dollars of the largest print.
    pub largest_notional: Decimal,
    /// When the first print was executed.
    pub first_at: Option<DateTime<Utc>>,
    /// When the last print was executed.
    pub last_at: Option<DateTime<Utc>>,
    /// Dollars of prints whose price may not build a level.
    pub excluded_notional: Decimal,
}

/// Which cells.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelFilter {
    /// The ticker.
    pub symbol: Symbol,
    /// First trading day.
    pub from: NaiveDate,
    /// Last trading day.
    pub to: NaiveDate,
    /// Parts of the day; empty for all.
    pub sessions: Vec<MarketSession>,
}

impl Store {
    /// The cells of a symbol and days, by day, part of day and price. Cells that hold nothing but
    /// cancelled prints are left out.
    ///
    /// # Errors
    /// The database refuses, or a stored row is broken.
    pub async fn level_cells(&self, filter: &LevelFilter) -> Result<Vec<Cell>, StoreError> {
        let mut found = Vec::new();
        self.each_day(filter, |day, cells| {
            for (key, sums) in cells {
                found.push(read_cell(day, *key, sums)?);
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The same cells summed by bins of a width, by price.
    ///
    /// # Errors
    /// [`StoreError::BadWidth`] when a bin of the width is not made of whole cells, whatever the
    /// price (see `undertow_analysis::bins`); the database refuses, or a stored row is broken.
    pub async fn level_bins(
        &self,
        filter: &LevelFilter,
        width: Decimal,
    ) -> Result<Vec<LevelBin>, StoreError> {
        let grid = Grid::of(width).ok_or(StoreError::BadWidth(width))?;
        let mut bins = BTreeMap::<i64, CellSums>::new();
        self.each_day(filter, |_, cells| {
            // Neighbours share a bin more often than not.
            for cells in cells.chunk_by(|(a, _), (b, _)| grid.bin_of(*a) == grid.bin_of(*b)) {
                let bin = bins.entry(grid.bin_of(cells[0].0)).or_default();
                cells.iter().for_each(|(_, sums)| bin.merge(sums));
            }
            Ok(())
        })
        .await?;
        bins.into_iter().map(|(bin, sums)| grid.read_bin(bin, &sums)).collect()
    }

    /// The newest trading day of a symbol that has prints.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn newest_session(&self, symbol: &Symbol) -> Result<Option<NaiveDate>, StoreError> {
        let newest = sqlx::query_scalar(
            "SELECT max(session_date) FROM trading.darkpool_day_sums WHERE symbol = $1",
        )
        .bind(symbol.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(newest)
    }

    /// Gives the cells of one day after the other to a function.
    async fn each_day(
        &self,
        filter: &LevelFilter,
        mut day_cells: impl FnMut(&Day, &[(CellKey, CellSums)]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let rows = sqlx::query(
            "SELECT session_date, cells FROM trading.darkpool_day_sums
             WHERE symbol = $1 AND session_date BETWEEN $2 AND $3 ORDER BY session_date",
        )
        .bind(filter.symbol.as_str())
        .bind(filter.from)
        .bind(filter.to)
        .fetch_all(&self.pool)
        .await?;
        let sessions: Vec<u8> = filter.sessions.iter().map(|session| session.code()).collect();
        for row in &rows {
            let day = Day { symbol: filter.symbol.clone(), session_date: row.try_get(0)? };
            let unpacked = unpack_cells(row.try_get(1)?);
            let mut cells = unpacked.map_err(|problem| day_sums::broken(&day, problem))?;
            let is_wanted = |session| sessions.is_empty() || sessions.contains(&session);
            cells.retain(|((session, _), sums)| is_wanted(*session) && sums.counts());
            day_cells(&day, &cells)?;
        }
        Ok(())
    }
}

/// Bins of one width, in cents. Lower edges are numbered, the bin around zero is 0.
struct Grid {
    width: i64,
}

impl Grid {
    /// The edges of a bin are odd multiples of half its width, and cells start at whole cents.
    fn of(width: Decimal) -> Option<Self> {
        let cents = Numeric::from(width).at_scale(LOW_SCALE)?;
        let width = i64::try_from(cents).ok()?;
        (width > 0 && width % 2 == 0).then_some(Self { width })
    }

    fn bin_of(&self, (_, low): CellKey) -> i64 {
        (low + self.width / 2).div_euclid(self.width)
    }

    fn read_bin(&self, bin: i64, sums: &CellSums) -> Result<LevelBin, StoreError> {
        let price = i128::from(bin) * i128::from(self.width);
        Ok(LevelBin {
            price: exact(Numeric::new(price, LOW_SCALE))?,
            prints: sums.prints,
            shares: exact(shares(sums.shares))?,
            notional: exact(dollars(sums.notional()))?,
            buy_notional: exact(dollars(sums.buy))?,
            sell_notional: exact(dollars(sums.sell))?,
            largest_notional: exact(dollars(sums.largest))?,
            first_at: sums.first_at(),
            last_at: sums.last_at(),
            excluded_notional: exact(dollars(sums.excluded))?,
        })
    }
}

fn exact(number: Numeric) -> Result<Decimal, StoreError> {
    let too_long = || StoreError::broken(day_sums::TABLE, "(a sum)", "it has too many digits");
    number.to_decimal().ok_or_else(too_long)
}

fn read_cell(day: &Day, key: CellKey, sums: &CellSums) -> Result<Cell, StoreError> {
    let (session, low) = key;
    let exact = |number: Numeric| {
        number.to_decimal().ok_or_else(|| day_sums::broken(day, "a sum has too many digits"))
    };
    let session = MarketSession::from_code(session)
        .ok_or_else(|| day_sums::broken(day, format!("{session} is no part of a trading day")))?;
    Ok(Cell {
        session_date: day.session_date,
        session,
        cell_low: exact(Numeric::new(low.into(), LOW_SCALE))?,
        prints: sums.prints,
        shares: exact(shares(sums.shares))?,
        notional: exact(dollars(sums.notional()))?,
        buy_notional: exact(dollars(sums.buy))?,
        sell_notional: exact(dollars(sums.sell))?,
        unknown_notional: exact(dollars(sums.unknown))?,
        largest_notional: exact(dollars(sums.largest))?,
        first_at: sums.first_at(),
        last_at: sums.last_at(),
        excluded_prints: sums.excluded_prints,
        excluded_shares: exact(shares(sums.excluded_shares))?,
        excluded_notional: exact(dollars(sums.excluded))?,
    })
}
