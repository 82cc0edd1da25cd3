use std::sync::TryLockError;
use std::thread;

use exeunt_core::{By, ClientId, RealmId, UserId, Why};

use super::*;
use crate::error::Kind;

const NOW: Moment = Moment::from_secs(1_767_323_045);
const USER: UserId = UserId([7; 16]);

/// Session `number`: its id and its token are in parts of the tables of that number.
fn session(number: u8) -> Arc<Live> {
    let id = SessionId([number; 16]);
    let anchors = [
        Anchor::Realm(RealmId([1; 16])),
        Anchor::Client(ClientId([2; 16])),
        Anchor::User(USER),
        Anchor::Session(id),
    ];
    let session = Session {
        id,
        stamp: Stamp::ZERO,
        anchors: anchors.into(),
        issued_at: NOW,
        idle_secs: 60,
        absolute_secs: 0,
    };
    Arc::new(Live::new(session, Door::new("native"), Fingerprint([number; 32]), 1, NOW))
}

fn mark(anchor: Anchor) -> Mark {
    Mark {
        at: Stamp::from_number(1),
        anchor,
        realm: RealmId([1; 16]),
        why: Why::Everywhere,
        by: By::System,
        via: Door::new("native"),
        from: None,
        when: NOW,
    }
}

fn filled() -> Memory {
    let memory = Memory::new();
    let filling = memory.clear();
    memory.completed(Stamp::ZERO, filling);
    memory
}

fn outage<T>(outcome: Result<T>) -> Option<Kind> {
    outcome.err().map(|error| error.kind())
}

#[test]
fn nothing_is_answered_before_the_first_filling() {
    let memory = Memory::new();
    assert_eq!(outage(memory.find(&Fingerprint([1; 32]))), Some(Kind::Unavailable(Outage::Unknown)));
    assert!(filled().find(&Fingerprint([1; 32])).unwrap().is_none());
}

/// What a filling has read may be from before the doubt, so that filling does not end it; the next one does.
#[test]
fn a_doubt_during_a_filling_outlives_it() {
    let memory = filled();
    let filling = memory.clear();
    memory.insert(session(3));
    memory.doubt();
    memory.completed(Stamp::ZERO, filling);
    assert_eq!(outage(memory.find(&Fingerprint([3; 32]))), Some(Kind::Unavailable(Outage::Unknown)));
    assert_eq!(outage(memory.find(&Fingerprint([4; 32]))), Some(Kind::Unavailable(Outage::Unknown)));
    let filling = memory.clear();
    memory.completed(Stamp::ZERO, filling);
    assert!(memory.is_complete());
}

#[test]
fn an_unknown_outcome_during_a_filling_is_a_doubt_too() {
    let memory = Memory::new();
    let filling = memory.clear();
    let unknown = Err::<(), _>(Error::unavailable(Outage::Unknown));
    assert!(memory.settle(unknown).is_err());
    memory.completed(Stamp::ZERO, filling);
    assert!(!memory.is_complete());
}

#[test]
fn of_two_fillings_at_once_only_the_later_counts() {
    let memory = Memory::new();
    let (early, late) = (memory.clear(), memory.clear());
    memory.completed(Stamp::ZERO, early);
    assert!(!memory.is_complete());
    memory.completed(Stamp::ZERO, late);
    assert!(memory.is_complete());
}

/// A check that has its session in hand already must still meet the mark that ends it.
#[test]
fn clearing_keeps_the_marks() {
    let (memory, live) = (filled(), session(3));
    memory.insert(live.clone());
    memory.apply(&mark(Anchor::User(USER)));
    memory.clear();
    assert_eq!(memory.count(), 0);
    assert_eq!(memory.judge(&live, NOW), Verdict::Ended(Anchor::User(USER)));
    assert_eq!(memory.position(), Stamp::from_number(1));
}

/// `insert` and `remove` take a lock of the first table, then one of the second. Clearing in another order could stand
/// still with them for ever, or leave a session in one table alone.
#[test]
fn clearing_takes_every_lock_of_the_first_table_before_any_of_the_second() {
    let memory = Memory::new();
    (0..SHARDS).for_each(|number| memory.insert(session(u8::try_from(number).unwrap())));
    // A session is just being taken in, in the last part.
    let last = write(&memory.by_id[SHARDS - 1]);
    thread::scope(|scope| {
        let clearing = scope.spawn(|| memory.clear());
        // Until it stands before the last part, it has locked or emptied the one before.
        while memory.by_id[SHARDS - 2].try_read().is_ok_and(|shard| !shard.is_empty()) {
            thread::yield_now();
        }
        let held = |shard: &RwLock<_>| matches!(shard.try_read(), Err(TryLockError::WouldBlock));
        let first = memory.by_id[..SHARDS - 1].iter().filter(|shard| held(shard)).count();
        let second = memory.by_token.iter().filter(|shard| held(shard)).count();
        let tokens: usize =
            memory.by_token.iter().map(|shard| shard.try_read().map_or(0, |it| it.len())).sum();
        drop(last);
        clearing.join().unwrap();
        assert_eq!((first, second, tokens), (SHARDS - 1, 0, SHARDS));
    });
    assert_eq!(memory.count(), 0);
}
