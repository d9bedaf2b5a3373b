use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use undertow_market::{Conditions, OFF_EXCHANGE_VENUE, Price, Size};

use super::*;

fn date() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn symbol() -> Symbol {
    Symbol::new("SPY").unwrap()
}

fn keep(floor: i64) -> TapeKeep {
    TapeKeep { print_floor: floor.into() }
}

fn book() -> TapeBook {
    TapeBook::new(symbol(), date(), keep(100_000))
}

fn at(minute: u16) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minute.into())
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn size(text: &str) -> Size {
    text.parse().unwrap()
}

/// An off-exchange trade of 100 shares at $600.01.
fn off<'a>(id: &'a str, minute: u16) -> TapeTrade<'a> {
    TapeTrade {
        symbol: symbol(),
        session_date: date(),
        minute,
        executed_at: at(minute),
        reported_at: at(minute),
        received_at: at(minute),
        venue: OFF_EXCHANGE_VENUE,
        trf_id: Some(202),
        trade_id: id,
        sequence: 1,
        price: price("600.01"),
        size: size("100"),
        conditions: Conditions::default(),
        correction: 0,
        reasons: Reasons::empty(),
    }
}

fn lit<'a>(id: &'a str, minute: u16) -> TapeTrade<'a> {
    TapeTrade { venue: 11, trf_id: None, ..off(id, minute) }
}

fn with<'a>(trade: TapeTrade<'a>, reasons: Reasons) -> TapeTrade<'a> {
    TapeTrade { reasons, ..trade }
}

fn volume(trades: u32, shares: &str, notional: &str) -> TapeVolume {
    let [shares, notional] = [shares, notional].map(|text| text.parse().unwrap());
    TapeVolume { trades, shares, notional }
}

#[test]
fn a_trade_is_summed_where_it_was_made() {
    let mut book = book();
    assert!(book.take(&off("1", 600)));
    assert!(book.take(&TapeTrade { size: size("0.0073"), ..lit("2", 600) }));
    assert!(book.take(&lit("3", 601)));
    let minutes = book.minutes();
    assert_eq!(minutes.len(), 2);
    assert_eq!(minutes[0].off_exchange, volume(1, "100", "60001"));
    assert_eq!(minutes[0].lit, volume(1, "0.0073", "4.380073"));
    assert_eq!(minutes[1].off_exchange, TapeVolume::default());
    let now = book.volume_to_now();
    assert_eq!(now.lit, volume(2, "100.0073", "60005.380073"));
    assert_eq!(now.off_exchange, volume(1, "100", "60001"));
}

#[test]
fn a_trade_that_came_before_is_not_counted_again() {
    let mut book = book();
    assert!(book.take(&off("1", 600)));
    assert!(!book.take(&off("1", 600)), "twice while its minute is open");
    book.take_final(601);
    assert!(!book.take(&off("1", 600)), "after its minute was handed out");
    let elsewhere = [
        TapeTrade { symbol: Symbol::new("QQQ").unwrap(), ..off("9", 600) },
        TapeTrade { session_date: date() + chrono::Days::new(1), ..off("9", 600) },
    ];
    assert!(elsewhere.iter().all(|trade| !book.take(trade)), "of another symbol or day");
    assert_eq!(book.volume_to_now().off_exchange.trades, 1);
    // Another facility may use the same id.
    assert!(book.take(&TapeTrade { trf_id: Some(201), ..off("1", 600) }));
}

#[test]
fn what_has_a_reason_against_its_price_stands_apart() {
    let mut book = book();
    let average = Reasons::AVERAGE_PRICE;
    let trades = [
        with(off("1", 600), average | Reasons::ODD_LOT),
        with(off("2", 600), average | Reasons::EXTENDED_HOURS),
        with(off("3", 600), Reasons::CANCELED),
        with(lit("4", 600), Reasons::DUPLICATE),
        with(lit("5", 600), Reasons::ODD_LOT),
    ];
    assert!(trades.iter().all(|trade| book.take(trade)));
    let minute = &book.minutes()[0];
    assert_eq!(minute.off_exchange.trades, 2, "a cancel is in no sum");
    assert_eq!(minute.lit.trades, 1, "a repeat is in no sum");
    let apart: Vec<_> =
        minute.apart.iter().map(|of| (of.is_off_exchange, of.reasons, of.volume.trades)).collect();
    assert_eq!(
        apart,
        [(false, Reasons::DUPLICATE, 1), (true, average, 2), (true, Reasons::CANCELED, 1)]
    );
    let cells = book.cells();
    assert_eq!(cells.len(), 1);
    assert_eq!((cells[0].lit.trades, cells[0].off_exchange.trades), (1, 0));
    assert_eq!(cells[0].cell_low, Decimal::from(600));
}

#[test]
fn a_large_off_exchange_trade_is_kept_by_itself() {
    let mut book = book();
    let large = |id, minute| TapeTrade {
        size: size("200"),
        price: price("500"),
        sequence: minute,
        ..off(id, u16::try_from(minute).unwrap())
    };
    assert!(book.take(&large("late", 602)));
    assert!(book.take(&with(large("gone", 601), Reasons::CANCELED)));
    assert!(book.take(&TapeTrade { size: size("199.9999"), ..large("small", 600) }));
    assert!(book.take(&TapeTrade { venue: 11, ..large("lit", 600) }));
    let ids: Vec<_> = book.prints().into_iter().map(|print| print.trade_id).collect();
    assert_eq!(ids, ["gone".into(), "late".into()], "at the floor and above, in tape order");
    assert_eq!(book.take_final(602).prints.len(), 1);
    assert_eq!(book.prints().len(), 1);
}

#[test]
fn final_minutes_leave_with_their_cells_and_the_rest_stays() {
    let mut book = book();
    for (id, minute) in [("1", 600), ("2", 601), ("3", 602)] {
        assert!(book.take(&off(id, minute)));
    }
    let part = book.take_final(602);
    assert_eq!(part.minutes.iter().map(|of| of.minute).collect::<Vec<_>>(), [600, 601]);
    assert_eq!(part.cells[0].off_exchange.trades, 2);
    assert_eq!(book.cells()[0].off_exchange.trades, 1);
    assert!(book.take_final(602).is_empty());
    assert_eq!(book.volume_to_now().off_exchange.trades, 3);
    // A trade that comes after its minute left is in the next part.
    assert!(book.take(&off("4", 600)));
    let part = book.take_final(602);
    assert_eq!(part.minutes.len(), 1);
    assert_eq!(part.minutes[0].off_exchange.trades, 1);
    assert!(!book.take(&off("4", 600)) && !book.take(&off("1", 600)));
    let shares = book.off_exchange_shares();
    assert_eq!(shares[0], MinuteShares { minute: 600, shares: 200.into() });
    assert_eq!(shares.len(), 3);
}

#[test]
fn a_minute_is_read_again_from_its_beginning() {
    let mut book = book();
    for (id, minute) in [("1", 600), ("2", 601), ("3", 602)] {
        assert!(book.take(&off(id, minute)));
    }
    book.take_final(601);
    book.reset_minutes(600..602);
    assert_eq!(book.minutes().len(), 1);
    assert_eq!(book.volume_to_now().off_exchange.trades, 2);
    assert!(!book.take(&off("1", 600)), "it was handed out");
    assert!(book.take(&off("2", 601)));
    assert_eq!(book.volume_to_now().off_exchange.trades, 3);
}

#[test]
fn a_book_goes_on_where_stored_rows_end() {
    let mut first = book();
    for (id, minute) in [("1", 600), ("2", 601), ("3", 602)] {
        assert!(first.take(&off(id, minute)));
    }
    let stored = first.take_final(602).minutes;
    let mut book = TapeBook::resume(symbol(), date(), keep(100_000), &stored, 602);
    assert!(!book.take(&off("2", 601)));
    assert!(book.take(&off("3", 602)));
    assert_eq!(book.too_late(), 1);
    assert_eq!(book.volume_to_now(), first.volume_to_now());
    assert_eq!(book.off_exchange_shares(), first.off_exchange_shares());
    assert_eq!(book.take_final(1440), first.take_final(1440));
}

#[test]
fn a_forgotten_minute_takes_no_more_and_keeps_what_it_had() {
    let mut book = book();
    assert!(book.take(&off("1", 600)));
    book.forget(601);
    assert!(!book.take(&off("1", 600)) && !book.take(&off("2", 600)));
    assert!(book.take(&off("3", 601)));
    assert_eq!(book.too_late(), 2);
    assert_eq!(book.take_final(602).minutes.len(), 2);
}

#[test]
fn the_last_price_is_that_of_the_newest_trade_whose_price_is_real() {
    let mut book = book();
    assert_eq!(book.last_price(), None);
    assert!(book.take(&TapeTrade { price: price("601"), ..lit("new", 601) }));
    assert!(book.take(&TapeTrade { price: price("602"), ..lit("old", 600) }));
    let average = TapeTrade { price: price("603"), ..lit("average", 602) };
    assert!(book.take(&with(average, Reasons::AVERAGE_PRICE)));
    assert_eq!(book.last_price(), Some((price("601"), at(601))));
}

#[test]
fn a_minute_beyond_the_day_is_its_last() {
    let mut book = book();
    assert!(book.take(&off("1", u16::MAX)));
    assert_eq!(book.take_final(u16::MAX).minutes[0].minute, 1439);
}

/// What a trade is made of, small enough that repeats and shared minutes are common.
#[derive(Clone, Debug)]
struct Drawn {
    id: String,
    minute: u16,
    venue: u16,
    price: Price,
    size: Size,
    reasons: Reasons,
}

impl Drawn {
    fn trade(&self) -> TapeTrade<'_> {
        TapeTrade {
            venue: self.venue,
            price: self.price,
            size: self.size,
            reasons: self.reasons,
            ..off(&self.id, self.minute)
        }
    }
}

/// One id is one trade, whichever channel brings it.
fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let reasons = prop_oneof![
        4 => Just(Reasons::empty()),
        1 => (0_u16..1 << 15).prop_map(Reasons::from_bits_truncate),
    ];
    let one = (570_u16..580, 0_u16..6, 1_i64..2_000_000, 1_i64..100_000_000, reasons);
    let one = one.prop_map(|(minute, venue, ten_thousandths, millionths, reasons)| Drawn {
        id: String::new(),
        minute,
        venue,
        price: Price::new(Decimal::new(ten_thousandths, 4)).unwrap(),
        size: Size::new(Decimal::new(millionths, 6)).unwrap(),
        reasons,
    });
    prop::collection::vec(one, 1..60).prop_map(|mut trades| {
        for (number, trade) in trades.iter_mut().enumerate() {
            trade.id = number.to_string();
        }
        trades
    })
}

fn whole(trades: &[Drawn]) -> TapePart {
    let mut book = TapeBook::new(symbol(), date(), keep(1_000));
    for of in trades {
        book.take(&of.trade());
    }
    book.into_part()
}

fn merged(parts: &[TapePart]) -> TapePart {
    let mut minutes: BTreeMap<u16, TapeMinute> = BTreeMap::new();
    let mut cells: BTreeMap<Decimal, TapeCell> = BTreeMap::new();
    let mut prints = Vec::new();
    let mut notionals = Notionals::default();
    for part in parts {
        notionals.merge(&part.notionals);
        for of in &part.minutes {
            let sum = minutes.entry(of.minute).or_insert_with(|| TapeMinute {
                lit: TapeVolume::default(),
                off_exchange: TapeVolume::default(),
                apart: Vec::new(),
                ..of.clone()
            });
            sum.lit.merge(&of.lit).unwrap();
            sum.off_exchange.merge(&of.off_exchange).unwrap();
            for apart in &of.apart {
                let key = (apart.is_off_exchange, apart.reasons.bits());
                let place =
                    sum.apart.binary_search_by_key(&key, |a| (a.is_off_exchange, a.reasons.bits()));
                match place {
                    Ok(index) => sum.apart[index].volume.merge(&apart.volume).unwrap(),
                    Err(index) => sum.apart.insert(index, *apart),
                }
            }
        }
        for of in &part.cells {
            let empty = TapeCell {
                lit: TapeVolume::default(),
                off_exchange: TapeVolume::default(),
                ..of.clone()
            };
            let sum = cells.entry(of.cell_low).or_insert(empty);
            sum.lit.merge(&of.lit).unwrap();
            sum.off_exchange.merge(&of.off_exchange).unwrap();
        }
        prints.extend(part.prints.clone());
    }
    prints.sort_by_key(|print| (print.reported_at, print.sequence, print.identity));
    TapePart {
        minutes: minutes.into_values().collect(),
        cells: cells.into_values().collect(),
        prints,
        notionals,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_order_and_the_repeats_of_a_tape_do_not_matter(
        (trades, other) in drawn().prop_flat_map(|trades| {
            let doubled: Vec<Drawn> = trades.iter().chain(&trades).cloned().collect();
            (Just(trades), Just(doubled).prop_shuffle())
        })
    ) {
        prop_assert_eq!(whole(&trades), whole(&other));
    }

    #[test]
    fn parts_add_up_to_the_whole(trades in drawn(), cuts in prop::collection::vec(565_u16..585, 1..8)) {
        let mut book = TapeBook::new(symbol(), date(), keep(1_000));
        let mut parts = Vec::new();
        for (number, of) in trades.iter().enumerate() {
            book.take(&of.trade());
            if number % 5 == 0 {
                parts.push(book.take_final(cuts[number / 5 % cuts.len()]));
            }
        }
        let now = book.volume_to_now();
        parts.push(book.take_final(MINUTES_PER_DAY));
        prop_assert_eq!(book.volume_to_now(), now);
        prop_assert_eq!(merged(&parts), whole(&trades));
    }

    /// Against plain decimals, added up as the definitions of the domain say.
    #[test]
    fn the_sums_are_those_of_plain_decimals(trades in drawn()) {
        let part = whole(&trades);
        let mut off: HashMap<u16, TapeVolume> = HashMap::new();
        let mut cells: HashMap<Decimal, TapeVolume> = HashMap::new();
        for of in &trades {
            let trade = of.trade();
            let (shares, notional) = (trade.size.get(), trade.notional());
            let one = TapeVolume { trades: 1, shares, notional };
            if trade.is_off_exchange() && trade.counts_in_volume() {
                off.entry(of.minute).or_default().merge(&one).unwrap();
            }
            if trade.is_level_eligible() && !trade.is_off_exchange() {
                let cell = cells.entry(crate::bins::cell_low(of.price)).or_default();
                cell.merge(&one).unwrap();
            }
        }
        let counted: u32 = part.notionals.buckets().map(|(_, trades)| trades).sum();
        prop_assert_eq!(counted, off.values().map(|of| of.trades).sum::<u32>());
        for minute in &part.minutes {
            let expected = off.remove(&minute.minute).unwrap_or_default();
            prop_assert_eq!(minute.off_exchange, expected);
        }
        for cell in &part.cells {
            let expected = cells.remove(&cell.cell_low).unwrap_or_default();
            prop_assert_eq!(cell.lit, expected);
        }
        prop_assert!(off.is_empty() && cells.is_empty());
        let large = |of: &&Drawn| {
            of.venue == OFF_EXCHANGE_VENUE && of.trade().notional() >= Decimal::ONE_THOUSAND
        };
        prop_assert_eq!(part.prints.len(), trades.iter().filter(large).count());
    }
}
