use exeunt_core::{By, ClientId, RealmId, UserId, Why};

use super::*;
use crate::error::Kind;

const NOW: Moment = Moment::from_secs(1_767_323_045);
const USER: UserId = UserId([7; 16]);

/// Session `number`: its id and its token are in the shards of that number.
fn session(number: u8) -> Arc<CachedSession> {
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
    Arc::new(CachedSession::new(session, DialectName::new("native"), Some(Fingerprint([number; 32])), 0, NOW))
}

/// The same session as read from the store.
fn stored(number: u8) -> Arc<CachedSession> {
    let live = session(number);
    live.row.store(number.into(), Ordering::Relaxed);
    live
}

fn mark(anchor: Anchor) -> Mark {
    Mark {
        at: Stamp::from_number(1),
        anchor,
        realm: RealmId([1; 16]),
        why: Why::Everywhere,
        by: By::System,
        via: DialectName::new("native"),
        from: None,
        when: NOW,
    }
}

fn filled() -> SessionCache {
    let memory = SessionCache::new();
    memory.caught_up(memory.catch_up().0, Reached::default());
    memory
}

fn outage<T>(outcome: Result<T>) -> Option<Kind> {
    outcome.err().map(|error| error.kind())
}

/// A million sessions are in memory: one without a parent takes no more than the pointer that says so.
#[test]
fn an_entry_is_small() {
    assert!(size_of::<CachedSession>() <= 208 + 8, "{}", size_of::<CachedSession>());
}

/// A child that is held by a check in progress, or by a child of its own, learns of the end of its parent.
#[test]
fn a_mark_reaches_the_children_of_a_removed_session() {
    for (why, verdict) in [
        (Why::LoggedOut, Verdict::Ended(Anchor::Session(SessionId([1; 16])))),
        (Why::Expired, Verdict::Expired),
    ] {
        let (memory, parent) = (filled(), session(1));
        let entry = |number| Arc::into_inner(session(number)).unwrap();
        let child = Arc::new(entry(2).child_of(Some(parent.clone())));
        let grandchild = Arc::new(entry(3).child_of(Some(child.clone())));
        for live in [&parent, &child, &grandchild] {
            assert!(memory.insert(live));
        }
        assert_eq!(memory.judge(&grandchild, NOW), Verdict::Alive);
        memory.apply(&Mark { why, ..mark(Anchor::Session(parent.session.id)) });
        for live in [&parent, &child, &grandchild] {
            assert_eq!((memory.judge(live, NOW), live.is_marked()), (verdict, true));
        }
        assert!(memory.find_by_id(parent.session.id).is_none());
    }
}

#[test]
fn nothing_is_answered_before_the_first_filling() {
    let memory = SessionCache::new();
    assert_eq!(outage(memory.find(&Fingerprint([1; 32]))), Some(Kind::Unavailable(Unavailability::Unknown)));
    assert!(filled().find(&Fingerprint([1; 32])).unwrap().is_none());
}

/// The catch-up may have read from before the doubt, so it does not settle it; the next one does.
#[test]
fn a_doubt_while_catching_up_outlives_it() {
    let memory = SessionCache::new();
    let (doubts, reached) = memory.catch_up();
    assert!(memory.insert(&stored(3)));
    memory.doubt();
    memory.caught_up(doubts, reached);
    assert_eq!(outage(memory.find(&Fingerprint([3; 32]))), Some(Kind::Unavailable(Unavailability::Unknown)));
    assert_eq!(outage(memory.find(&Fingerprint([4; 32]))), Some(Kind::Unavailable(Unavailability::Unknown)));
    let (doubts, reached) = memory.catch_up();
    memory.caught_up(doubts, reached);
    assert!(memory.is_complete());
    assert!(memory.find(&Fingerprint([3; 32])).unwrap().is_some());
}

#[test]
fn an_unknown_outcome_while_catching_up_is_a_doubt_too() {
    let memory = SessionCache::new();
    let (doubts, reached) = memory.catch_up();
    let unknown = Err::<(), _>(Error::unavailable(Unavailability::Unknown));
    assert!(memory.settle(unknown).is_err());
    memory.caught_up(doubts, reached);
    assert!(!memory.is_complete());
}

#[test]
fn a_doubt_drops_nothing() {
    let (memory, live) = (filled(), session(3));
    assert!(memory.insert(&live));
    memory.apply(&mark(Anchor::User(USER)));
    memory.doubt();
    assert_eq!((memory.count(), memory.position()), (1, Stamp::from_number(1)));
    assert_eq!(memory.judge(&live, NOW), Verdict::Ended(Anchor::User(USER)));
}

/// Writes acknowledged after the store was reopened, before memory has caught up, do not shorten the catch-up.
#[test]
fn catching_up_begins_where_the_first_doubt_came_up() {
    let memory = filled();
    memory.placed(&session(1), 5);
    memory.apply(&mark(Anchor::User(USER)));
    memory.doubt();
    memory.placed(&session(2), 9);
    memory.apply(&Mark { at: Stamp::from_number(8), ..mark(Anchor::User(USER)) });
    memory.doubt();
    let there = Reached { stamp: Stamp::from_number(1), row: 5 };
    assert_eq!(memory.catch_up().1, there);
    // Nor do they prove that everything before them is known.
    assert_eq!((memory.sure(), memory.position()), (there.stamp, Stamp::from_number(8)));
}

#[test]
fn a_session_of_an_unknown_outcome_lives_if_it_is_found_and_goes_if_not() {
    let memory = filled();
    let [recorded, lost] = [session(1), session(2)];
    for live in [&recorded, &lost] {
        assert!(memory.insert(live));
        let unknown = Err::<(), _>(Error::unavailable(Unavailability::Unknown));
        assert!(memory.settle_session(live, unknown).is_err());
    }
    memory.found(stored(1));
    memory.settle_sessions();
    assert!(memory.find_by_id(recorded.session.id).is_some_and(|live| Arc::ptr_eq(&live, &recorded)));
    assert!(memory.find_by_id(lost.session.id).is_none());
}

/// The call learns that the outcome is unknown only after memory has caught up.
#[test]
fn a_session_that_was_found_stays_when_its_call_hears_of_it_later() {
    let (memory, live) = (filled(), session(1));
    assert!(memory.insert(&live));
    memory.found(stored(1));
    memory.settle_sessions();
    assert!(memory.settle_session(&live, Err::<(), _>(Error::unavailable(Unavailability::Unknown))).is_err());
    memory.settle_sessions();
    assert!(memory.find_by_id(live.session.id).is_some());
}

/// The token of an adopted session is known outside before it is recorded: it opens nothing until then, and then once.
#[test]
fn an_adopted_session_that_is_found_opens_by_its_token() {
    let (memory, live) = (filled(), session(1));
    let token = Fingerprint([1; 32]);
    memory.announce(live.clone());
    assert!(memory.find(&token).unwrap().is_none());
    memory.found(stored(1));
    memory.reveal(&live);
    assert!(memory.find(&token).unwrap().is_some());
    memory.remove(live.session.id);
    assert!(memory.find(&token).unwrap().is_none());
}

/// The winner of two issues stays, and its token goes on opening it, from when it is recorded.
#[test]
fn a_second_issue_of_an_id_leaves_the_first_in_memory() {
    let (memory, winner) = (filled(), session(1));
    assert!(memory.insert(&winner));
    assert!(!memory.insert(&session(1)));
    assert!(memory.find(&Fingerprint([1; 32])).unwrap().is_none());
    assert!(memory.find_by_id(winner.session.id).is_none());
    memory.placed(&winner, 1);
    let found = memory.find(&Fingerprint([1; 32])).unwrap();
    assert!(found.is_some_and(|found| Arc::ptr_eq(&found, &winner)));
}

#[test]
fn a_session_without_a_token_is_found_by_its_id_only() {
    let memory = filled();
    let Session { id, .. } = session(1).session;
    let live = CachedSession::new(session(1).session.clone(), DialectName::new("oauth"), None, 1, NOW);
    assert!(memory.insert(&Arc::new(live)));
    assert!(memory.find(&Fingerprint([0; 32])).unwrap().is_none());
    assert!(memory.find_by_id(id).is_some());
    memory.remove(id);
    assert!(memory.find_by_id(id).is_none());
}
