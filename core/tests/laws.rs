//! The laws of the rule, against a naive oracle that remembers everything in order.

use exeunt_core::{
    Anchor, By, ClientId, DialectName, Mark, Marks, Moment, RealmId, Session, SessionId, Stamp, Token,
    UserId, Verdict, Why, floor, judge, token,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Few names, so that histories collide often.
fn anchor() -> impl Strategy<Value = Anchor> {
    (0..4u8, 0..3u8).prop_map(|(kind, n)| match kind {
        0 => Anchor::Realm(RealmId([n; 16])),
        1 => Anchor::Client(ClientId([n; 16])),
        2 => Anchor::User(UserId([n; 16])),
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

proptest! {
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
