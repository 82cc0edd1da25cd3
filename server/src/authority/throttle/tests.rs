use std::net::Ipv4Addr;

use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::error;

const START: Moment = Moment::from_secs(1_000_000);
const ADDRESS: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));

/// Attempts that may wait for others.
const PLACES: usize = 2;

fn throttle() -> Throttle {
    Throttle::new(ThrottleLimits::default(), PLACES, [7; 16])
}

/// An attempt that need not wait for others.
fn admit<'a>(
    throttle: &'a Throttle,
    person: &str,
    address: Option<IpAddr>,
    now: Moment,
) -> Result<Attempt<'a>> {
    throttle.admit(person, address, now).now_or_never().unwrap()
}

fn fail(throttle: &Throttle, person: &str, address: Option<IpAddr>, now: Moment) {
    drop(admit(throttle, person, address, now).unwrap());
}

fn refused<T>(result: Result<T>) -> Option<(Throttled, u64)> {
    let Kind::TooMany(error::ThrottleRefusal { who, retry_after_secs }) = result.err()?.kind() else {
        panic!("a throttle only says that it was too much")
    };
    Some((who, retry_after_secs))
}

fn address(number: u32) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)))
}

#[test]
fn ten_failures_lock_the_pair_for_a_quarter_of_an_hour_and_nobody_else() {
    let throttle = throttle();
    for second in 0..10 {
        fail(&throttle, "ann", ADDRESS, START.plus_secs(second));
    }
    let tenth = START.plus_secs(9);
    assert_eq!(refused(admit(&throttle, "ann", ADDRESS, tenth)), Some((Throttled::Account, 900)));
    assert_eq!(
        refused(admit(&throttle, "ann", ADDRESS, tenth.plus_millis(899_999))),
        Some((Throttled::Account, 1))
    );
    assert!(admit(&throttle, "ann", ADDRESS, tenth.plus_secs(900)).is_ok());
    assert!(admit(&throttle, "ann", address(2), tenth).is_ok());
    assert!(admit(&throttle, "bob", ADDRESS, tenth).is_ok());
}

#[test]
fn the_tenth_failure_after_the_window_has_closed_is_a_first_one() {
    for (tenth_after_millis, locked) in [(899_999, true), (900_000, false)] {
        let throttle = throttle();
        for _ in 0..9 {
            fail(&throttle, "ann", ADDRESS, START);
        }
        let tenth = START.plus_millis(tenth_after_millis);
        fail(&throttle, "ann", ADDRESS, tenth);
        assert_eq!(
            refused(admit(&throttle, "ann", ADDRESS, tenth)).is_some(),
            locked,
            "{tenth_after_millis}"
        );
    }
}

#[test]
fn a_hundred_failures_from_anywhere_lock_the_account_everywhere() {
    let throttle = throttle();
    for number in 0..100 {
        fail(&throttle, "ann", address(number), START);
    }
    assert_eq!(refused(admit(&throttle, "ann", address(200), START)), Some((Throttled::Account, 900)));
    assert_eq!(refused(admit(&throttle, "ann", None, START)), Some((Throttled::Account, 900)));
    assert!(admit(&throttle, "bob", address(1), START).is_ok());
}

#[test]
fn a_hundred_failures_of_anybody_lock_the_address() {
    let throttle = throttle();
    for number in 0..100 {
        fail(&throttle, &format!("user {number}"), ADDRESS, START);
    }
    assert_eq!(refused(admit(&throttle, "ann", ADDRESS, START)), Some((Throttled::Address, 900)));
    assert!(admit(&throttle, "ann", address(2), START).is_ok());
}

#[test]
fn refused_tries_count_for_the_address() {
    let throttle = throttle();
    (0..10).for_each(|_| fail(&throttle, "ann", ADDRESS, START));
    for _ in 0..90 {
        assert_eq!(refused(admit(&throttle, "ann", ADDRESS, START)), Some((Throttled::Account, 900)));
    }
    assert_eq!(refused(admit(&throttle, "ann", ADDRESS, START)), Some((Throttled::Address, 900)));
}

#[test]
fn a_success_forgets_the_pair_and_nothing_else() {
    let throttle = throttle();
    for round in 0..10 {
        (0..9).for_each(|_| fail(&throttle, "ann", ADDRESS, START));
        let attempt = admit(&throttle, "ann", ADDRESS, START);
        assert!(attempt.is_ok(), "round {round}");
        attempt.unwrap().succeeded();
    }
    (0..10).for_each(|_| fail(&throttle, "ann", ADDRESS, START));
    assert_eq!(refused(admit(&throttle, "ann", ADDRESS, START)), Some((Throttled::Address, 900)));
    assert_eq!(refused(admit(&throttle, "ann", address(2), START)), Some((Throttled::Account, 900)));
}

#[test]
fn one_subscriber_of_ipv6_is_one_address() {
    let throttle = throttle();
    let six = |low: u64| Some(IpAddr::V6(Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(low))));
    (0..10).for_each(|low| fail(&throttle, "ann", six(low), START));
    assert!(refused(admit(&throttle, "ann", six(u64::MAX), START)).is_some());
    let neighbour = Some(IpAddr::V6(Ipv6Addr::from_bits(0x2001_0db8 << 96 | 1 << 64)));
    assert!(admit(&throttle, "ann", neighbour, START).is_ok());
    let mapped = Some(IpAddr::V6(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()));
    (0..10).for_each(|_| fail(&throttle, "bob", mapped, START));
    assert!(refused(admit(&throttle, "bob", ADDRESS, START)).is_some(), "one host, spelt in two ways");
}

#[test]
fn twenty_registrations_an_hour_from_one_address() {
    let throttle = throttle();
    for minute in 0..20 {
        assert!(throttle.register(ADDRESS, START.plus_secs(minute * 60)).is_ok());
    }
    let last = START.plus_secs(20 * 60);
    assert_eq!(refused(throttle.register(ADDRESS, last)), Some((Throttled::Address, 2400)));
    assert!(throttle.register(address(2), last).is_ok());
    assert!(throttle.register(None, last).is_ok());
    assert!(throttle.register(ADDRESS, START.plus_secs(3600)).is_ok());
}

#[test]
fn a_limit_of_nought_is_none() {
    let off = Limit { count: 0, window_secs: 900, lock_secs: 900 };
    let limits = ThrottleLimits { pair: off, account: off, address: off, registrations: off };
    let throttle = Throttle::new(limits, PLACES, [7; 16]);
    (0..1000).for_each(|_| fail(&throttle, "ann", ADDRESS, START));
    assert!(admit(&throttle, "ann", ADDRESS, START).is_ok());
    assert!((0..1000).all(|_| throttle.register(ADDRESS, START).is_ok()));
    assert_eq!(throttle.remembered(), 0);
}

#[test]
fn memory_is_bounded_and_the_oldest_window_goes_first() {
    let mut table = Table::new(Limit { count: 1, window_secs: 10, lock_secs: 10 }, 3);
    let key = |number: u8| [number; 16];
    for number in 0..5 {
        table.count(key(number), START.plus_millis(number.into()));
    }
    assert_eq!(table.len(), 3);
    let locked =
        |table: &Table| (0..5).map(|n| table.locked_until(key(n), START).is_some()).collect::<Vec<_>>();
    assert_eq!(locked(&table), [false, false, true, true, true]);

    table.count(key(9), START.plus_secs(60));
    assert_eq!(table.len(), 1, "what is over is dropped when something is counted");
}

#[test]
fn tries_in_flight_count_and_the_next_waits_for_them() {
    let throttle = throttle();
    let mut tries: Vec<_> = (0..10).map(|_| admit(&throttle, "ann", ADDRESS, START).unwrap()).collect();
    let mut waiting = pin!(throttle.admit("ann", ADDRESS, START));
    assert!(waiting.as_mut().now_or_never().is_none());
    assert!(admit(&throttle, "ann", address(2), START).is_ok(), "only the pair has no room");
    tries.pop().unwrap().succeeded();
    let attempt = waiting.now_or_never().unwrap().unwrap();
    drop(tries);
    let next = throttle.admit("ann", ADDRESS, START).now_or_never();
    assert!(next.is_none(), "nine have failed, and one is in flight");
    attempt.succeeded();
    assert!(admit(&throttle, "ann", ADDRESS, START).is_ok(), "a success forgets the pair");
}

#[test]
fn whoever_waits_is_refused_when_all_in_flight_have_failed() {
    let throttle = throttle();
    let tries: Vec<_> = (0..10).map(|_| admit(&throttle, "ann", ADDRESS, START).unwrap()).collect();
    let mut waiting = pin!(throttle.admit("ann", ADDRESS, START));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(tries);
    assert_eq!(refused(waiting.now_or_never().unwrap()), Some((Throttled::Account, 900)));
}

#[test]
fn those_who_wait_are_bounded() {
    let throttle = throttle();
    let _tries: Vec<_> = (0..10).map(|_| admit(&throttle, "ann", ADDRESS, START).unwrap()).collect();
    let mut waiting: Vec<_> = (0..PLACES).map(|_| Box::pin(throttle.admit("ann", ADDRESS, START))).collect();
    assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
    let busy_now = || admit(&throttle, "ann", ADDRESS, START).is_err_and(|error| error.kind() == busy());
    assert!(busy_now());
    drop(waiting.pop());
    assert!(throttle.admit("ann", ADDRESS, START).now_or_never().is_none(), "a place is free again");
}

#[test]
fn what_is_given_back_was_never_counted() {
    let throttle = throttle();
    (0..20).for_each(|_| admit(&throttle, "ann", ADDRESS, START).unwrap().give_back());
    (0..20).for_each(|_| admit(&throttle, "ann", ADDRESS, START).unwrap().succeeded());
    assert_eq!(throttle.remembered(), 0);
    assert!(throttle.lock().pair.is_idle() && throttle.lock().address.is_idle());
}

#[test]
fn a_locked_address_is_refused_before_anybody_is_looked_up() {
    let throttle = throttle();
    for number in 0..100 {
        assert!(throttle.must_be_open(ADDRESS, START).is_ok());
        fail(&throttle, &format!("user {number}"), ADDRESS, START);
    }
    assert_eq!(refused(throttle.must_be_open(ADDRESS, START)), Some((Throttled::Address, 900)));
    assert!(throttle.must_be_open(None, START).is_ok());
    assert_eq!(throttle.refusals().address, 1);
}

const fn busy() -> Kind {
    Kind::Unavailable(Unavailability::Busy)
}

/// An event of one key.
#[derive(Clone, Copy, Debug)]
enum Event {
    Count,
    Forgive,
}

/// The rule again, as an oracle: replays all events of the key.
fn oracle(limit: Limit, history: &[(Moment, Event)], now: Moment) -> Option<Moment> {
    let mut opened = None;
    let mut counted = Vec::new();
    let mut lock = None;
    for (at, event) in history {
        if lock.is_some_and(|until| *at < until) && matches!(event, Event::Count) {
            continue;
        }
        let closed = opened.is_none_or(|opened: Moment| *at >= opened.plus_secs(limit.window_secs.into()));
        match event {
            Event::Forgive => (lock, counted) = (None, Vec::new()),
            Event::Count => {
                if closed || lock.is_some() {
                    (opened, lock, counted) = (Some(*at), None, Vec::new());
                }
                counted.push(*at);
                if counted.len() as u64 >= u64::from(limit.count) {
                    let closes = opened.map(|opened| opened.plus_secs(limit.window_secs.into()));
                    lock = closes.max(Some(at.plus_secs(limit.lock_secs.into())));
                }
            }
        }
    }
    lock.filter(|until| now < *until)
}

proptest! {
    #[test]
    fn a_table_equals_the_oracle(
        count in 1..5u32, window_secs in 1..8u32, lock_secs in 0..12u32,
        steps in vec((0..3u8, 0..3000u64, prop::bool::weighted(0.9)), 0..80),
    ) {
        let limit = Limit { count, window_secs, lock_secs };
        let mut table = Table::new(limit, 1000);
        let mut histories = [const { Vec::new() }; 3];
        let mut now = START;
        for (number, pause_millis, counts) in steps {
            now = now.plus_millis(pause_millis);
            let (key, history) = ([number; 16], &mut histories[usize::from(number)]);
            if counts {
                table.count(key, now);
            } else {
                table.forgive(key);
            }
            history.push((now, if counts { Event::Count } else { Event::Forgive }));
            for (number, history) in (0u8..).zip(&histories) {
                prop_assert_eq!(table.locked_until([number; 16], now), oracle(limit, history, now));
            }
        }
    }

    #[test]
    fn no_history_makes_a_table_larger_than_its_bound(
        steps in vec((any::<u8>(), 0..2000u64, any::<bool>()), 0..300),
    ) {
        let mut table = Table::new(Limit { count: 2, window_secs: 1, lock_secs: 30 }, 8);
        let mut now = START;
        for (number, pause_millis, counts) in steps {
            now = now.plus_millis(pause_millis);
            if counts { table.count([number; 16], now) } else { table.forgive([number; 16]) }
            prop_assert!(table.len() <= 8);
        }
    }
}
