use chrono::TimeDelta;
use proptest::prelude::*;
use undertow_market::{MarketSession, OptionTrade, Quote, Symbol, TradeFlags, VendorId};
use uuid::Uuid;

use super::*;

const SESSION: &str = "2026-11-20";

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn dollars(amount: i64) -> Decimal {
    Decimal::from(amount)
}

fn cell(kind: OptionKind, side: Side, premium: i64) -> FlowCell {
    FlowCell {
        expiry: date("2026-12-18"),
        strike: "600".parse().unwrap(),
        kind,
        side,
        complex: false,
        premium: dollars(premium),
        contracts: 1,
        trades: 2,
        delta_notional: 0.0,
        premium_without_delta: Decimal::ZERO,
        premium_opening_provable: Decimal::ZERO,
        premium_opening_probable: Decimal::ZERO,
    }
}

/// Calls bought, sold and without a side, then puts.
fn session(premiums: [i64; 6]) -> Vec<FlowCell> {
    let kinds = [OptionKind::Call, OptionKind::Put];
    let sides = [Side::Buy, Side::Sell, Side::Unknown];
    let each = kinds.into_iter().flat_map(|kind| sides.map(|side| (kind, side)));
    each.zip(premiums).map(|((kind, side), premium)| cell(kind, side, premium)).collect()
}

#[test]
fn a_tenor_begins_the_day_after_the_one_before_ends() {
    for (days, name) in [
        (-1, "zero"),
        (0, "zero"),
        (1, "week"),
        (7, "week"),
        (8, "month"),
        (30, "month"),
        (31, "longer"),
    ] {
        assert_eq!(Tenor::of(days).as_str(), name, "{days}");
    }
}

#[test]
fn a_trade_opened_when_nothing_else_was_there_to_close() {
    let check = |size, day_volume, open_interest, expected| {
        let found = Opening::of(size, day_volume, open_interest);
        assert_eq!(found, expected, "{size} {day_volume:?} {open_interest:?}");
    };
    check(101, Some(101), Some(100), Opening::Provable);
    check(100, Some(100), Some(100), Opening::Unknown);
    check(101, Some(102), Some(100), Opening::Probable);
    check(102, Some(103), Some(100), Opening::Provable);
    check(10, Some(90), Some(100), Opening::Unknown);
    check(101, None, Some(100), Opening::Unknown);
    check(101, Some(101), None, Opening::Unknown);
    // A day's volume that lags behind its own trade says nothing less than the trade.
    check(101, Some(0), Some(100), Opening::Provable);
}

#[test]
fn premium_points_up_or_down_by_kind_side_and_put_sign() {
    let cells = session([50, 20, 5, 30, 10, 15]);
    let check = |sign, bullish, bearish, sentiment: f64| {
        let found = FlowSentiment::of(&cells, sign);
        assert_eq!((found.bullish(), found.bearish()), (dollars(bullish), dollars(bearish)));
        assert!((found.sentiment().unwrap() - sentiment).abs() < 1e-12, "{sign:?}");
        assert!((found.coverage().unwrap() - 110.0 / 130.0).abs() < 1e-12);
        assert_eq!(found.trades, 12);
    };
    check(PutSign::Plain, 60, 50, 10.0 / 110.0);
    check(PutSign::Contrarian, 80, 30, 50.0 / 110.0);
}

#[test]
fn legs_of_larger_orders_are_in_no_sum_but_their_own() {
    let mut cells = session([50, 0, 0, 0, 50, 0]);
    let leg =
        FlowCell { complex: true, delta_notional: 9e9, ..cell(OptionKind::Put, Side::Buy, 300) };
    let plain = FlowSentiment::of(&cells, PutSign::Plain);
    cells.push(leg);
    let found = FlowSentiment::of(&cells, PutSign::Plain);
    assert_eq!(found.excluded, dollars(300));
    assert_eq!(found.excluded_share(), Some(0.75));
    assert_eq!(FlowSentiment { excluded: Decimal::ZERO, ..found }, plain);
    assert_eq!(heat(&cells)[0].premium, dollars(100));
}

#[test]
fn delta_and_opening_have_their_shares() {
    let with = |side, delta_notional, without: i64, provable: i64, probable: i64| FlowCell {
        delta_notional,
        premium_without_delta: dollars(without),
        premium_opening_provable: dollars(provable),
        premium_opening_probable: dollars(probable),
        ..cell(OptionKind::Call, side, 100)
    };
    let cells = [
        with(Side::Buy, 5_000.0, 20, 10, 40),
        with(Side::Sell, -2_000.0, 30, 0, 20),
        with(Side::Unknown, 0.0, 100, 20, 40),
    ];
    let found = FlowSentiment::of(&cells, PutSign::Plain);
    assert!((found.delta_notional - 3_000.0).abs() < 1e-9);
    assert_eq!(found.delta_missing_share(), Some(0.25));
    assert_eq!(found.opening_provable_share(), Some(0.1));
    let probable = found.opening_probable_share().unwrap();
    assert!((probable - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_session_without_trades_has_no_shares() {
    let none = FlowSentiment::of(&[], PutSign::Plain);
    assert_eq!(none.sentiment(), None);
    assert_eq!(none.coverage(), None);
    assert_eq!(none.excluded_share(), None);
    assert_eq!(none.delta_missing_share(), None);
    assert_eq!(none.opening_provable_share(), None);
    let sideless = FlowSentiment::of(&session([0, 0, 5, 0, 0, 0]), PutSign::Plain);
    assert_eq!((sideless.sentiment(), sideless.coverage()), (None, Some(0.0)));
}

#[test]
fn each_expiry_falls_into_one_tenor() {
    let expiring = |expiry: &str, premium| FlowCell {
        expiry: date(expiry),
        ..cell(OptionKind::Put, Side::Sell, premium)
    };
    let cells = [
        expiring(SESSION, 1),
        expiring("2026-11-27", 2),
        expiring("2026-11-28", 4),
        expiring("2026-12-20", 8),
        expiring("2026-12-21", 16),
    ];
    let tenors = by_tenor(&cells, date(SESSION));
    assert_eq!(tenors.map(|tenor| tenor.tenor), Tenor::ALL);
    assert_eq!(tenors.map(|tenor| tenor.puts.sell), [1, 2, 12, 16].map(dollars));
}

#[test]
fn the_heat_map_nets_calls_and_puts_of_a_strike() {
    let mut cells = session([50, 20, 5, 30, 10, 15]);
    cells.push(FlowCell { strike: "590".parse().unwrap(), ..cell(OptionKind::Put, Side::Buy, 7) });
    let found: Vec<(String, [Decimal; 3])> = heat(&cells)
        .into_iter()
        .map(|cell| (cell.strike.to_string(), [cell.call_net, cell.put_net, cell.premium]))
        .collect();
    let expected = [("590", [0, 7, 7]), ("600", [30, 20, 130])];
    assert_eq!(found, expected.map(|(strike, sums)| (strike.to_owned(), sums.map(dollars))));
}

fn minute(minute: i64, kind: OptionKind, tenor: Tenor, bought: i64, sold: i64) -> FlowMinute {
    FlowMinute {
        at: open() + TimeDelta::minutes(minute),
        kind,
        tenor,
        bought: dollars(bought),
        sold: dollars(sold),
        delta_notional: 10.0,
    }
}

fn open() -> DateTime<Utc> {
    "2026-11-20T14:30:00Z".parse().unwrap()
}

#[test]
fn lines_run_from_the_open_whatever_the_order_of_the_minutes() {
    let minutes = [
        minute(3, OptionKind::Call, Tenor::Zero, 0, 25),
        minute(0, OptionKind::Call, Tenor::Zero, 10, 4),
        minute(0, OptionKind::Put, Tenor::Zero, 1, 3),
        minute(3, OptionKind::Put, Tenor::Longer, 8, 0),
    ];
    let found = lines(&minutes);
    let point = |point: &FlowPoint| {
        let [zero, .., longer] = point.net;
        ((point.at - open()).num_minutes(), [zero.calls, zero.puts, longer.puts])
    };
    let points: Vec<_> = found.iter().map(point).collect();
    assert_eq!(points, [(0, [6, -2, 0].map(dollars)), (3, [-19, -2, 8].map(dollars))]);
    assert!((found[1].delta_notional - 40.0).abs() < 1e-9);
    assert!(lines(&[]).is_empty());
}

proptest! {
    #[test]
    fn the_last_point_is_the_sum_of_the_minutes(
        rows in prop::collection::vec((0_i64..390, 0_usize..4, any::<bool>(), 0_i64..1_000, 0_i64..1_000), 1..60),
    ) {
        let kind = |call| if call { OptionKind::Call } else { OptionKind::Put };
        let minutes: Vec<FlowMinute> = rows
            .iter()
            .map(|&(at, tenor, call, bought, sold)| minute(at, kind(call), Tenor::ALL[tenor], bought, sold))
            .collect();
        let last = lines(&minutes).pop().unwrap();
        for (tenor, net) in Tenor::ALL.into_iter().zip(last.net) {
            for (kind, net) in [(OptionKind::Call, net.calls), (OptionKind::Put, net.puts)] {
                let own = minutes.iter().filter(|minute| (minute.tenor, minute.kind) == (tenor, kind));
                prop_assert_eq!(own.map(|minute| minute.bought - minute.sold).sum::<Decimal>(), net);
            }
        }
    }

    #[test]
    fn the_sums_of_the_heat_map_are_those_of_the_sentiment(
        premiums in prop::array::uniform6(0_i64..1_000_000),
    ) {
        let cells = session(premiums);
        let sentiment = FlowSentiment::of(&cells, PutSign::Plain);
        let heat = heat(&cells);
        let net = |of: fn(&HeatCell) -> Decimal| heat.iter().map(of).sum::<Decimal>();
        let direction = net(|cell| cell.call_net) - net(|cell| cell.put_net);
        prop_assert_eq!(direction, sentiment.bullish() - sentiment.bearish());
        prop_assert_eq!(net(|cell| cell.premium), sentiment.premium());
    }
}

/// A trade of one contract at the ask (`B`), the bid (`S`) or the middle (`U`).
fn trade(id: u128, ms: i64, side: char, exchange: &str, flags: TradeFlags) -> OptionTrade {
    let (bid, ask) = ("2.00".parse().unwrap(), "2.10".parse().unwrap());
    let price = match side {
        'B' => ask,
        'S' => bid,
        _ => "2.05".parse().unwrap(),
    };
    let executed_at = open() + TimeDelta::milliseconds(ms);
    OptionTrade {
        vendor: VendorId::UnusualWhales,
        id: Uuid::from_u128(id),
        symbol: Symbol::new("SPY").unwrap(),
        contract: "SPY261218C00600000".parse().unwrap(),
        session_date: date(SESSION),
        session: MarketSession::Regular,
        executed_at,
        received_at: executed_at,
        price,
        size: 10,
        quote: Some(Quote { bid, ask }),
        underlying_price: None,
        implied_volatility: None,
        delta: None,
        gamma: None,
        open_interest: Some(25),
        day_volume: Some(0),
        flags,
        condition: None,
        exchange: (!exchange.is_empty()).then(|| exchange.into()),
    }
}

/// The groups of trades (milliseconds, side, exchange, flags) at a window of a minute, as
/// (first, last, side, trades, kind).
fn grouped(trades: &[(i64, char, &str, TradeFlags)]) -> Vec<(i64, i64, Side, i64, GroupKind)> {
    let one = |(id, &(ms, side, exchange, flags)): (u128, &(i64, char, &str, TradeFlags))| {
        trade(id, ms, side, exchange, flags)
    };
    let trades: Vec<OptionTrade> = (0..).zip(trades).map(one).collect();
    let ms = |at: DateTime<Utc>| (at - open()).num_milliseconds();
    let row = |group: FlowGroup| {
        (ms(group.first_at), ms(group.last_at), group.side, group.trades, group.kind)
    };
    group(&trades, TimeDelta::seconds(60)).into_iter().map(row).collect()
}

#[test]
fn trades_are_grouped_by_the_rule() {
    use GroupKind::{Repeat, Single, Sweep};
    const NONE: TradeFlags = TradeFlags::empty();
    const SWEEP: TradeFlags = TradeFlags::SWEEP;
    let check = |trades: &[(i64, char, &str, TradeFlags)], expected: &[_]| {
        assert_eq!(grouped(trades), expected, "{trades:?}");
    };
    check(&[(0, 'B', "A", NONE)], &[(0, 0, Side::Buy, 1, Single)]);
    check(&[(0, 'B', "A", SWEEP)], &[(0, 0, Side::Buy, 1, Single)]);
    // Each within the window of the one before, so a chain may be longer than the window.
    check(
        &[(120_000, 'B', "A", NONE), (0, 'B', "A", NONE), (60_000, 'B', "A", NONE)],
        &[(0, 120_000, Side::Buy, 3, Repeat)],
    );
    check(
        &[(0, 'B', "A", NONE), (60_001, 'B', "A", NONE)],
        &[(0, 0, Side::Buy, 1, Single), (60_001, 60_001, Side::Buy, 1, Single)],
    );
    // Another side in between does not part a group.
    check(
        &[(0, 'B', "A", NONE), (5, 'S', "A", NONE), (9, 'B', "B", NONE), (9, 'U', "", NONE)],
        &[
            (0, 9, Side::Buy, 2, Sweep),
            (5, 5, Side::Sell, 1, Single),
            (9, 9, Side::Unknown, 1, Single),
        ],
    );
    // A sweep lasts a second at most, and spans exchanges or says that it is one.
    check(&[(0, 'S', "A", NONE), (1_000, 'S', "B", NONE)], &[(0, 1_000, Side::Sell, 2, Sweep)]);
    check(&[(0, 'S', "A", NONE), (1_001, 'S', "B", NONE)], &[(0, 1_001, Side::Sell, 2, Repeat)]);
    check(&[(0, 'S', "A", NONE), (9, 'S', "A", NONE)], &[(0, 9, Side::Sell, 2, Repeat)]);
    check(&[(0, 'S', "A", NONE), (9, 'S', "", NONE)], &[(0, 9, Side::Sell, 2, Repeat)]);
    check(&[(0, 'S', "A", NONE), (9, 'S', "A", SWEEP)], &[(0, 9, Side::Sell, 2, Sweep)]);
    // What was withdrawn is no child of a group.
    check(
        &[(0, 'B', "A", NONE), (9, 'B', "B", TradeFlags::CANCELED)],
        &[(0, 0, Side::Buy, 1, Single)],
    );
}

#[test]
fn a_group_adds_up_its_trades() {
    let trades = [
        OptionTrade { day_volume: Some(10), ..trade(1, 0, 'B', "A", TradeFlags::SWEEP) },
        OptionTrade {
            size: 30,
            price: "2.20".parse().unwrap(),
            day_volume: Some(40),
            ..trade(2, 9, 'B', "B", TradeFlags::AUCTION)
        },
    ];
    let found = group(&trades, TimeDelta::seconds(1)).pop().unwrap();
    assert_eq!((found.size, found.sweeps, found.kind), (40, 1, GroupKind::Sweep));
    assert_eq!(found.premium, dollars(8_700));
    assert_eq!(found.average_price(), Some("2.175".parse().unwrap()));
    assert_eq!(found.flags, TradeFlags::SWEEP | TradeFlags::AUCTION);
    // Neither trade alone is larger than what was open, together they are.
    assert_eq!(found.opening, Opening::Provable);
    let mut untold = trades;
    untold[0].day_volume = None;
    assert_eq!(group(&untold, TimeDelta::seconds(1))[0].opening, Opening::Unknown);
}

#[test]
fn contracts_are_grouped_apart() {
    let other = OptionTrade {
        contract: "SPY261218P00600000".parse().unwrap(),
        ..trade(1, 0, 'B', "A", TradeFlags::empty())
    };
    let trades = [trade(2, 0, 'B', "A", TradeFlags::empty()), other];
    assert_eq!(group(&trades, TimeDelta::seconds(60)).len(), 2);
}

#[test]
fn the_rule_says_its_window() {
    assert!(rule_in_words(TimeDelta::seconds(60)).contains("within 60 seconds of"));
    assert!(rule_in_words(TimeDelta::seconds(1)).contains("within 1 second of"));
}

proptest! {
    #[test]
    fn every_trade_is_in_one_group_and_groups_of_one_side_do_not_overlap(
        rows in prop::collection::vec((0_i64..300_000, 0_usize..3), 1..80),
        window_s in 0_i64..120,
    ) {
        let trades: Vec<OptionTrade> = (0..)
            .zip(&rows)
            .map(|(id, &(ms, side))| trade(id, ms, ['B', 'S', 'U'][side], "A", TradeFlags::empty()))
            .collect();
        let window = TimeDelta::seconds(window_s);
        let groups = group(&trades, window);
        let total: i64 = groups.iter().map(|group| group.trades).sum();
        prop_assert_eq!(usize::try_from(total).unwrap(), trades.len());
        for side in [Side::Buy, Side::Sell, Side::Unknown] {
            let own: Vec<&FlowGroup> = groups.iter().filter(|group| group.side == side).collect();
            for pair in own.windows(2) {
                prop_assert!(pair[1].first_at - pair[0].last_at > window);
            }
            for group in own {
                let children = trades.iter().filter(|trade| {
                    trade.side() == side && (group.first_at..=group.last_at).contains(&trade.executed_at)
                });
                prop_assert_eq!(i64::try_from(children.count()).unwrap(), group.trades);
            }
        }
    }
}
