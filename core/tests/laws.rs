//! The laws of the rule, against a naive oracle that remembers everything in order.

use std::collections::HashSet;

use exeunt_core::{
    Anchor, By, CHAIN_MAX, ClientId, ConsentId, DialectName, Mark, Marks, Moment, NoChild, RealmId, Session,
    SessionId, Stamp, Token, UserId, Verdict, Why, floor, judge, token,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Few names, so that histories collide often.
fn anchor() -> impl Strategy<Value = Anchor> {
    (0..5u8, 0..3u8).prop_map(|(kind, n)| match kind {
        0 => Anchor::Realm(RealmId([n; 16])),
        1 => Anchor::Client(ClientId([n; 16])),
        2 => Anchor::User(UserId([n; 16])),
        3 => Anchor::Consent(ConsentId([n; 16])),
        _ => Anchor::Session(SessionId([n; 16])),
    })
}

fn mark() -> impl Strategy<Value = Mark> {
    (anchor(), 0..40u64, 0..Why::ALL.len()).prop_map(|(anchor, at, why)| mark_on(anchor, at, Why::ALL[why]))
}

fn mark_on(anchor: Anchor, at: u64, why: Why) -> Mark {
    Mark {
        anchor,
        at: Stamp::from_number(at),
        realm: RealmId([0; 16]),
        why,
        by: By::System,
        via: DialectName::new("test"),
        from: None,
        when: Moment::default(),
    }
}

/// Stamps are unique in a log: two marks never share a place.
fn log() -> impl Strategy<Value = Vec<Mark>> {
    vec((anchor(), 0..Why::ALL.len()), 0..30).prop_map(|all| {
        all.into_iter().zip(1..).map(|((anchor, why), at)| mark_on(anchor, at, Why::ALL[why])).collect()
    })
}

fn session(stamp: u64, anchors: Vec<Anchor>, idle_secs: u32, absolute_secs: u32) -> Session {
    Session {
        id: SessionId([1; 16]),
        stamp: Stamp::from_number(stamp),
        anchors: anchors.into(),
        issued_at: Moment::from_secs(100),
        idle_secs,
        absolute_secs,
    }
}

/// The rule said again in the most naive way: walk the whole history in order of happening.
fn oracle(session: &Session, seen: Moment, log: &[Mark], now: Moment) -> Verdict {
    let mut latest: Vec<(Anchor, &Mark)> = Vec::new();
    for mark in log {
        latest.retain(|(anchor, _)| *anchor != mark.anchor);
        latest.push((mark.anchor, mark));
    }
    let pulled: Vec<&Mark> = latest
        .iter()
        .filter(|(a, m)| session.anchors.contains(a) && m.at > session.stamp)
        .map(|(_, m)| *m)
        .collect();
    let idle = session.idle_secs > 0 && now.millis() >= seen.millis() + u64::from(session.idle_secs) * 1000;
    let aged = session.absolute_secs > 0
        && now.millis() >= session.issued_at.millis() + u64::from(session.absolute_secs) * 1000;
    if let Some(anchor) =
        session.anchors.iter().find(|a| pulled.iter().any(|m| m.anchor == **a && m.why != Why::Expired))
    {
        return Verdict::Ended(*anchor);
    }
    if idle || aged || !pulled.is_empty() { Verdict::Expired } else { Verdict::Alive }
}

/// One generation of a family: its client, user and consent (0: none), how long after its parent it was issued, its
/// lifetimes, and how long after its issue it was last seen.
type Generation = (u8, u8, u8, u64, u32, u32, u64);

fn family() -> impl Strategy<Value = Vec<Generation>> {
    let generation = (0..3u8, 0..3u8, 0..3u8, 0..20u64, 0..50u32, 0..80u32, 0..50u64);
    vec(generation, 1..CHAIN_MAX + 2)
}

/// A chain of sessions with the times at which they were seen, the oldest first; it ends where one cannot be a child.
fn chain(stamp: u64, family: &[Generation]) -> (Vec<(Session, Moment)>, Option<NoChild>) {
    let mut chain: Vec<(Session, Moment)> = Vec::new();
    let mut issued_at = Moment::from_secs(100);
    for (number, (client, user, consent, later, idle, absolute, seen)) in (10..).zip(family) {
        let id = SessionId([number; 16]);
        let own = [
            Some(Anchor::Realm(RealmId([0; 16]))),
            Some(Anchor::Client(ClientId([*client; 16]))),
            (*user > 0).then_some(Anchor::User(UserId([*user; 16]))),
            (*consent > 0).then_some(Anchor::Consent(ConsentId([*consent; 16]))),
            Some(Anchor::Session(id)),
        ];
        issued_at = issued_at.plus_secs(*later);
        let anchors = own.into_iter().flatten().collect();
        let session = Session { id, issued_at, ..session(stamp, anchors, *idle, *absolute) };
        let session = match chain.last().map(|(parent, _)| session.clone().child_of(parent)) {
            Some(Err(refused)) => return (chain, Some(refused)),
            Some(Ok(child)) => child,
            None => session,
        };
        chain.push((session, issued_at.plus_secs(*seen)));
    }
    (chain, None)
}

/// Marks on what the families of these tests hang from.
fn family_log() -> impl Strategy<Value = Vec<Mark>> {
    let anchor = (anchor(), 10..15u8, any::<bool>())
        .prop_map(|(anchor, id, own)| if own { Anchor::Session(SessionId([id; 16])) } else { anchor });
    vec((anchor, 0..Why::ALL.len()), 0..12).prop_map(|all| {
        all.into_iter().zip(1..).map(|((anchor, why), at)| mark_on(anchor, at, Why::ALL[why])).collect()
    })
}

fn absolute_end(session: &Session) -> Option<Moment> {
    (session.absolute_secs > 0).then(|| session.issued_at.plus_secs(session.absolute_secs.into()))
}

proptest! {
    #[test]
    fn a_child_has_its_own_anchors_and_then_its_parents_none_twice(family in family()) {
        let (chain, refused) = chain(0, &family);
        prop_assert!(chain.len() <= CHAIN_MAX);
        prop_assert!(chain.len() == family.len() || refused.is_some());
        prop_assert!(refused != Some(NoChild::TooLong) || chain.len() == CHAIN_MAX);
        for pair in chain.windows(2) {
            let (parent, child) = (&pair[0].0, &pair[1].0);
            let all: HashSet<_> = child.anchors.iter().collect();
            prop_assert_eq!(all.len(), child.anchors.len());
            prop_assert!(parent.anchors.iter().all(|anchor| all.contains(anchor)));
            let ancestors: Vec<_> = child.ancestors().collect();
            prop_assert_eq!(ancestors[0], parent.id);
            prop_assert_eq!(&ancestors[1..], parent.ancestors().collect::<Vec<_>>());
        }
        for ((session, _), (client, user, ..)) in chain.iter().zip(&family) {
            prop_assert_eq!(session.client(), Some(ClientId([*client; 16])));
            prop_assert!(*user == 0 || session.user() == Some(UserId([*user; 16])));
        }
    }

    #[test]
    fn a_childs_absolute_limit_ends_no_later_than_its_parents(family in family()) {
        let (chain, _) = chain(0, &family);
        for ((session, _), (.., absolute, _)) in chain.iter().zip(&family) {
            prop_assert!(*absolute == 0 || session.absolute_secs <= *absolute);
        }
        for pair in chain.windows(2) {
            if let Some(end) = absolute_end(&pair[0].0) {
                prop_assert!(absolute_end(&pair[1].0).is_some_and(|own| own <= end));
            }
        }
    }

    #[test]
    fn a_family_is_judged_as_the_oracle_says(
        log in family_log(), family in family(), stamp in 0..12u64, now in 100..260u64,
    ) {
        let (chain, _) = chain(stamp, &family);
        let (now, marks): (_, Marks) = (Moment::from_secs(now), log.iter().collect());
        let judged = |(session, seen): &(Session, Moment)| judge(session, *seen, &marks, now);
        let verdict = chain.iter().rev().map(judged).reduce(Verdict::and);
        // Walks the family from its root: whoever is below one that is over is over too.
        let each: Vec<_> = chain.iter().map(|(session, seen)| oracle(session, *seen, &log, now)).collect();
        let ended = each.iter().any(|verdict| matches!(verdict, Verdict::Ended(_)));
        let alive = each.iter().all(|verdict| *verdict == Verdict::Alive);
        prop_assert_eq!(verdict == Some(Verdict::Alive), alive);
        prop_assert_eq!(matches!(verdict, Some(Verdict::Ended(_))), ended);
        // Its own end is reported before that of an ancestor.
        if let Some(own @ Verdict::Ended(_)) = each.last() {
            prop_assert_eq!(verdict.as_ref(), Some(own));
        }
    }

    #[test]
    fn raising_is_commutative_associative_and_idempotent(log in log(), order in any::<prop::sample::Index>()) {
        let straight: Marks = log.iter().collect();
        let mut turned: Vec<Mark> = log.to_vec();
        if !turned.is_empty() {
            let middle = order.index(turned.len());
            turned.rotate_left(middle);
            turned.reverse();
        }
        let twice: Marks = turned.iter().chain(&turned).collect();
        prop_assert_eq!(straight, twice);
    }

    #[test]
    fn the_latest_mark_of_an_anchor_is_in_force(marks in vec(mark(), 0..30), at in anchor()) {
        let table: Marks = marks.iter().collect();
        let latest = marks.iter().filter(|mark| mark.anchor == at).map(|mark| mark.at).max();
        prop_assert_eq!(table.latest(at).map(|raised| raised.at), latest);
    }

    #[test]
    fn judge_equals_the_oracle(
        log in log(), stamp in 0..35u64, anchors in vec(anchor(), 1..6), idle in 0..50u32, absolute in 0..80u32,
        seen in 100..150u64, now in 100..260u64,
    ) {
        let session = session(stamp, anchors, idle, absolute);
        let (seen, now) = (Moment::from_secs(seen), Moment::from_secs(now));
        let marks = log.iter().collect();
        prop_assert_eq!(judge(&session, seen, &marks, now), oracle(&session, seen, &log, now));
    }

    #[test]
    fn no_sequence_of_raises_revives_the_dead(
        log in log(), more in log(), stamp in 0..35u64, anchors in vec(anchor(), 1..6), now in 100..260u64, later in 0..50u64,
    ) {
        let session = session(stamp, anchors, 30, 60);
        let now = Moment::from_secs(now);
        let mut marks: Marks = log.iter().collect();
        let before = judge(&session, session.issued_at, &marks, now);
        for mark in more {
            marks.raise(&Mark { at: Stamp::from_number(mark.at.number() + 40), ..mark });
            let after = judge(&session, session.issued_at, &marks, now.plus_secs(later));
            prop_assert!(before == Verdict::Alive || after != Verdict::Alive);
        }
    }

    #[test]
    fn below_the_floor_all_are_dead(log in log(), anchors in vec(anchor(), 1..6), stamp in 0..35u64) {
        let session = session(stamp, anchors, 0, 0);
        let marks = log.iter().collect();
        if session.stamp < floor(&marks, &session.anchors) {
            prop_assert_ne!(judge(&session, session.issued_at, &marks, session.issued_at), Verdict::Alive);
        }
    }

    #[test]
    fn parsing_a_token_never_panics(text in ".{0,80}", prefix in "[a-z_]{0,5}") {
        let _ = Token::parse(&prefix, &text);
        let _ = Token::parse(token::SESSION_PREFIX, &format!("exs_{text}"));
        let _ = Token::presented(&text).map(|token| token.fingerprint());
    }
}
