//! Logouts.

use std::collections::HashSet;

use exeunt_core::{Anchor, SessionId, UserId, Verdict, Why};

use super::fixture::{ABSOLUTE_SECS, Call, NOW, at_once, id, issue, issue_child, kind, raise, raise_session};
use crate::error::{Kind, Result};
use crate::store::{Others, Raise, SessionBy, Store};

/// Of many concurrent raises on one session exactly one found it alive; all return the same durable mark.
pub async fn of_concurrent_raises_one_found_it_alive(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let calls = (0..100).map(|n| -> Call<'_, _> {
        let known = (n % 2 == 0).then(|| (session.clone(), NOW));
        let raise = Raise { known, ..raise(Anchor::Session(session.id), Why::LoggedOut) };
        Box::pin(async move {
            let outcome = store.raise(raise).await?;
            Ok((outcome, store.position().await?.stamp))
        })
    });
    let outcomes: Result<Vec<_>> = at_once(calls).await.into_iter().collect();
    let outcomes = outcomes?;
    let alive = outcomes.iter().filter(|(outcome, _)| outcome.was == Verdict::Alive).count();
    assert_eq!(alive, 1);
    let places: HashSet<_> = outcomes.iter().map(|(outcome, _)| outcome.mark.at).collect();
    assert_eq!(places.len(), 1);
    assert!(outcomes.iter().all(|(outcome, position)| *position >= outcome.mark.at));
    Ok(())
}

/// A second logout returns the first mark, whatever raised it.
pub async fn an_ended_session_gets_no_second_mark(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let first = raise_session(store, &session).await?;
    assert_eq!((first.was, first.mark.why), (Verdict::Alive, Why::LoggedOut));
    let second = store.raise(raise(Anchor::Session(session.id), Why::Admin)).await?;
    assert_eq!((second.was, &second.mark), (Verdict::Ended(first.mark.anchor), &first.mark));

    let other = issue(store, 2, 2).await?;
    let everywhere = store.raise(raise(Anchor::User(UserId(id(2))), Why::Everywhere)).await?.mark;
    store.raise(raise(Anchor::User(UserId(id(2))), Why::Admin)).await?;
    let known = Some((other.clone(), NOW));
    let late = store.raise(Raise { known, ..raise(Anchor::Session(other.id), Why::LoggedOut) }).await?;
    assert_eq!((late.was, &late.mark), (Verdict::Ended(everywhere.anchor), &everywhere));
    assert_eq!(store.position().await?.stamp.number(), 3);
    Ok(())
}

/// Logging out an expired session records that it had expired, once.
pub async fn an_expired_session_gets_one_mark_that_says_so(store: &dyn Store) -> Result<()> {
    let session = issue(store, 1, 1).await?;
    let when = NOW.plus_secs(ABSOLUTE_SECS.into());
    let late = Raise { when, ..raise(Anchor::Session(session.id), Why::LoggedOut) };
    for _ in 0..2 {
        let outcome = store.raise(late.clone()).await?;
        assert_eq!((outcome.was, outcome.mark.why), (Verdict::Expired, Why::Expired));
    }
    assert_eq!(store.position().await?.stamp.number(), 1);
    let found = store.session(SessionBy::Id(session.id), NOW).await?;
    assert_eq!(found.map(|found| found.verdict), Some(Verdict::Expired));
    Ok(())
}

/// Users, clients and realms can be logged out again and again.
pub async fn marks_on_other_anchors_are_always_new(store: &dyn Store) -> Result<()> {
    let anchors = issue(store, 1, 1).await?.anchors;
    for anchor in anchors.iter().filter(|anchor| !matches!(anchor, Anchor::Session(_))) {
        let (first, second) =
            (store.raise(raise(*anchor, Why::Admin)).await?, store.raise(raise(*anchor, Why::Admin)).await?);
        assert_eq!(second.mark.at, first.mark.at.next());
        assert_eq!((first.was, second.was), (Verdict::Alive, Verdict::Alive));
    }
    Ok(())
}

/// Raising a mark on an unknown session is an error.
pub async fn an_unknown_session_cannot_be_ended(store: &dyn Store) -> Result<()> {
    let outcome = store.raise(raise(Anchor::Session(SessionId(id(404))), Why::LoggedOut)).await;
    assert_eq!(kind(outcome), Some(Kind::NotFound));
    assert_eq!(store.position().await?.stamp.number(), 0);
    Ok(())
}

/// What ended a session is its earliest mark above its stamp, on any anchor, a parent's too.
pub async fn why_is_the_earliest_mark(store: &dyn Store) -> Result<()> {
    store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?;
    let parent = issue(store, 1, 1).await?;
    let child = issue_child(store, 2, 2, &parent).await?;
    let other = issue(store, 3, 2).await?;
    assert_eq!(store.why(&parent).await?, None);
    let first = raise_session(store, &parent).await?.mark;
    let second = store.raise(raise(Anchor::User(UserId(id(2))), Why::Admin)).await?.mark;
    store.raise(raise(Anchor::Realm(super::REALM), Why::Admin)).await?;
    assert_eq!(store.why(&parent).await?.as_ref(), Some(&first));
    assert_eq!(store.why(&child).await?.as_ref(), Some(&first));
    assert_eq!(store.why(&other).await?.as_ref(), Some(&second));
    Ok(())
}

/// "Log out my other sessions" gives every other live session a mark of its own in one commit. It spares the kept
/// session, its ancestors, its descendants, and other users' sessions.
pub async fn logging_out_the_others_spares_the_family(store: &dyn Store) -> Result<()> {
    let root = issue(store, 1, 1).await?;
    let kept = issue_child(store, 2, 1, &root).await?;
    issue_child(store, 3, 1, &kept).await?;
    let sibling = issue_child(store, 4, 1, &root).await?;
    let other = issue(store, 5, 1).await?;
    issue_child(store, 6, 1, &other).await?;
    let dead = issue(store, 7, 1).await?;
    issue(store, 8, 2).await?;
    raise_session(store, &dead).await?;
    let raise = raise(Anchor::Realm(super::REALM), Why::Others);
    let others = Others { user: UserId(id(1)), keep: kept.id, raise };
    let marks = store.raise_others(others.clone()).await?;
    let ended: HashSet<_> = marks.iter().map(|mark| mark.anchor).collect();
    let wanted = [sibling.id, other.id, SessionId(id(6))].map(Anchor::Session);
    assert_eq!(ended, HashSet::from(wanted));
    assert!(marks.iter().all(|mark| mark.why == Why::Others));
    assert_eq!(marks.iter().map(|mark| mark.at.number()).collect::<Vec<_>>(), [2, 3, 4]);
    for number in 1..=8 {
        let found = store.session(SessionBy::Id(SessionId(id(number))), NOW).await?;
        let alive = found.is_some_and(|found| found.verdict == Verdict::Alive);
        assert_eq!(alive, [1, 2, 3, 8].contains(&number), "session {number}");
    }
    assert!(store.raise_others(others).await?.is_empty());
    Ok(())
}

/// Keeping another user's session, or an unknown one, is the caller's error.
pub async fn only_ones_own_session_can_be_kept(store: &dyn Store) -> Result<()> {
    let strange = issue(store, 1, 2).await?;
    issue(store, 2, 1).await?;
    for keep in [strange.id, SessionId(id(404))] {
        let raise = raise(Anchor::Realm(super::REALM), Why::Others);
        let outcome = store.raise_others(Others { user: UserId(id(1)), keep, raise }).await;
        assert_eq!(kind(outcome), Some(Kind::Malformed("except")));
    }
    assert_eq!(store.position().await?.stamp.number(), 0);
    Ok(())
}
