//! The keys of a realm, and when they are replaced.

use super::*;
use crate::authority::seal::rotation::{ROTATE_AFTER_SECS, due, needed};
use crate::error::Kind;

fn three() -> SealingKeys {
    let key = |number, days| key(REALM, number, days, secret());
    SealingKeys::new(vec![key(2, 30), key(3, 60), key(1, 0)]).unwrap()
}

fn days(count: u64) -> Moment {
    AT.plus_secs(count * 86_400)
}

#[test]
fn the_highest_number_is_current() {
    let keys = three();
    assert_eq!(keys.realm(), REALM);
    assert_eq!(keys.current().number(), 3);
    assert_eq!(keys.all().map(|key| key.number()).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(keys.numbered(1).unwrap().made_at(), AT);
    assert!(keys.numbered(0).is_none() && keys.numbered(4).is_none());
}

#[test]
fn keys_that_do_not_belong_together_are_refused() {
    let twice = vec![key(REALM, 1, 0, secret()), key(REALM, 1, 1, secret())];
    let mixed = vec![key(REALM, 1, 0, secret()), key(RealmId([1; 16]), 2, 1, secret())];
    for keys in [Vec::new(), twice, mixed] {
        assert_eq!(SealingKeys::new(keys).err().map(|error| error.kind()), Some(Kind::Internal));
    }
}

#[test]
fn a_key_is_due_after_30_days() {
    let end = days(60).plus_secs(ROTATE_AFTER_SECS);
    assert!(!due(&three(), Moment::from_millis(end.millis() - 1)));
    assert!(due(&three(), end));
    assert!(!due(&three(), Moment::from_millis(0)));
}

#[test]
fn a_key_is_needed_as_long_as_anything_it_sealed_can_be_accepted() {
    let (keys, week) = (three(), 7 * 86_400);
    let last = |count: u64| Moment::from_millis(days(count).millis() - 1);
    assert!(needed(&keys, 1, last(37), week) && !needed(&keys, 1, days(37), week));
    assert!(needed(&keys, 2, last(67), week) && !needed(&keys, 2, days(67), week));
    assert!(needed(&keys, 3, days(10_000), week));
    assert!(needed(&keys, 1, days(10_000), 0));
    assert!(!needed(&keys, 4, AT, 0) && !needed(&keys, 0, AT, 0));
}
