//! Children: sessions that end with another one.

use exeunt_core::{Anchor, ClientId, ConsentId, Session, SessionId, UserId, Verdict, Why};

use super::fixture::{
    ABSOLUTE_SECS, CLIENT, Call, IDLE_SECS, NOW, all_in_force, at_once, child, fresh, id, issue, issue_child,
    kind, raise, raise_session,
};
use crate::error::{DeadReason, Error, Kind, Result};
use crate::store::{Raise, SessionBy, SessionMarks, Store};

const DEAD: Option<Kind> = Some(Kind::Dead(DeadReason::Unknown));

/// The verdict of a recorded session; `None`: it is not recorded.
async fn verdict(store: &dyn Store, number: u64) -> Result<Option<Verdict>> {
    let found = store.session(SessionBy::Id(SessionId(id(number))), NOW).await?;
    Ok(found.map(|found| found.verdict))
}

/// However late its stamp was read, a child of a session that is dead in the order of commits is refused: whatever
/// ended that one, and whichever ancestor it is. Nothing of it is recorded.
pub async fn a_child_of_a_dead_parent_is_refused(store: &dyn Store) -> Result<()> {
    let root = issue(store, 1, 1).await?;
    let parent = issue_child(store, 2, 1, &root).await?;
    let by_user = issue(store, 3, 2).await?;
    let spared = issue(store, 4, 3).await?;
    let unknown = fresh(store, 404, 1).await?.record.session;
    let before = child(store, 10, 1, &parent).await?;
    raise_session(store, &root).await?;
    store.raise(raise(Anchor::User(UserId(id(2))), Why::Everywhere)).await?;
    let position = store.position().await?;
    assert_eq!(kind(store.issue(before).await), DEAD);
    for (number, dead) in [(11, &root), (12, &parent), (13, &by_user), (14, &unknown)] {
        let new = child(store, number, 9, dead).await?;
        assert_eq!(kind(store.issue(new).await), DEAD, "session {number}");
    }
    for number in 10..=14 {
        assert_eq!(verdict(store, number).await?, None, "session {number}");
    }
    assert_eq!(store.position().await?, position);
    issue_child(store, 20, 3, &spared).await?;
    assert_eq!(verdict(store, 20).await?, Some(Verdict::Alive));
    Ok(())
}

/// Nor is one issued whose parent has expired, with or without the mark that says so.
pub async fn a_child_of_an_expired_parent_is_refused(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let later = NOW.plus_secs(u64::from(IDLE_SECS) + 11);
    for number in [2, 3] {
        let mut new = child(store, number, 1, &parent).await?;
        new.record.session.issued_at = later;
        assert_eq!(kind(store.issue(new).await), DEAD, "session {number}");
        store.expire(vec![parent.id], later).await?;
    }
    Ok(())
}

/// Of children that are issued while their parent is logged out, each is refused or dead.
pub async fn no_child_outlives_a_concurrent_logout(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let mut calls: Vec<Call<'_, Result<()>>> = Vec::new();
    for number in 2..=60 {
        if number == 30 {
            let logout = raise(Anchor::Session(parent.id), Why::LoggedOut);
            calls.push(Box::pin(async move { store.raise(logout).await.map(drop) }));
        }
        let new = child(store, number, 1, &parent).await?;
        calls.push(Box::pin(async move { store.issue(new).await.map(drop) }));
    }
    for outcome in at_once(calls).await {
        let kind = kind(outcome);
        assert!(kind.is_none() || kind == DEAD, "{kind:?}");
    }
    for number in 1..=60 {
        let verdict = verdict(store, number).await?;
        assert!(verdict.is_none_or(|verdict| matches!(verdict, Verdict::Ended(_))), "session {number}");
    }
    Ok(())
}

/// A child is dead once its parent's expiry has its mark, and a logout of it finds it expired even before.
pub async fn a_child_expires_with_its_parent(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let forever = async |number| {
        let mut new = fresh(store, number, 1).await?;
        (new.record.session.idle_secs, new.record.session.absolute_secs) = (0, 0);
        let refused = |why| Error::internal(format_args!("{why:?}"));
        new.record.session = new.record.session.child_of(&parent).map_err(refused)?;
        store.issue(new.clone()).await?;
        Ok::<Session, Error>(new.record.session)
    };
    let (first, second) = (forever(2).await?, forever(3).await?);
    assert_eq!(first.absolute_secs, ABSOLUTE_SECS);
    let when = NOW.plus_secs(u64::from(IDLE_SECS) + 11);
    let logout = Raise { when, ..raise(Anchor::Session(first.id), Why::LoggedOut) };
    let outcome = store.raise(logout).await?;
    assert_eq!((outcome.was, outcome.mark.why), (Verdict::Expired, Why::Expired));
    assert_eq!(store.expire(vec![parent.id, second.id], when).await?.len(), 1);
    assert_eq!(verdict(store, 3).await?, Some(Verdict::Expired));
    Ok(())
}

/// A limit counts a child for its own client, and not for its parent's.
pub async fn a_limit_counts_a_child_for_its_own_client(store: &dyn Store) -> Result<()> {
    let other = ClientId([9; 16]);
    let of = async |number, client, parent: Option<&Session>| {
        let mut new = fresh(store, number, 1).await?;
        new.record.session.anchors[1] = Anchor::Client(client);
        if let Some(parent) = parent {
            let refused = |why| Error::internal(format_args!("{why:?}"));
            new.record.session = new.record.session.child_of(parent).map_err(refused)?;
        }
        new.sessions_max = 2;
        let issued = store.issue(new.clone()).await?;
        let ended: Vec<_> = issued.ended.iter().map(|mark| mark.anchor).collect();
        Ok::<(Session, Vec<Anchor>), Error>((new.record.session, ended))
    };
    let (parent, _) = of(1, CLIENT, None).await?;
    for number in [2, 3] {
        assert_eq!(of(number, other, Some(&parent)).await?.1, []);
    }
    assert_eq!(of(4, CLIENT, None).await?.1, []);
    assert_eq!(of(5, other, Some(&parent)).await?.1, [Anchor::Session(SessionId(id(2)))]);
    assert_eq!(verdict(store, 1).await?, Some(Verdict::Alive));
    Ok(())
}

/// Nor does it count it for its parent's user, if that is another one.
pub async fn a_limit_counts_a_child_for_its_own_user(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    for number in [2, 3] {
        issue_child(store, number, 2, &parent).await?;
    }
    // A store that keeps such counts in memory starts again.
    store.set_back(vec![404], NOW).await?;
    for (number, user, ended) in [(4, 1, None), (5, 1, Some(1)), (6, 1, Some(4))] {
        let mut new = fresh(store, number, user).await?;
        new.sessions_max = 2;
        let marks = store.issue(new).await?.ended;
        let anchors: Vec<_> = marks.iter().map(|mark| mark.anchor).collect();
        let expected: Vec<_> =
            ended.into_iter().map(|number| Anchor::Session(SessionId(id(number)))).collect();
        assert_eq!(anchors, expected, "session {number}");
    }
    Ok(())
}

/// A mark on a consent ends what was issued under it, stays in force, and is found.
pub async fn a_mark_on_a_consent_ends_its_sessions(store: &dyn Store) -> Result<()> {
    let consent = |user| Anchor::Consent(ConsentId::of(UserId(id(user)), CLIENT));
    let under = async |number, user| {
        let mut new = fresh(store, number, user).await?;
        new.record.session.anchors.insert(3, consent(user));
        store.issue(new.clone()).await?;
        Ok::<Session, Error>(new.record.session)
    };
    let first = under(1, 1).await?;
    under(2, 2).await?;
    for _ in 0..2 {
        store.raise(raise(consent(1), Why::Withdrawn)).await?;
    }
    let why = store.why(&first).await?;
    assert_eq!(why.map(|mark| (mark.anchor, mark.why)), Some((consent(1), Why::Withdrawn)));
    assert_eq!(verdict(store, 1).await?, Some(Verdict::Ended(consent(1))));
    assert_eq!(verdict(store, 2).await?, Some(Verdict::Alive));
    let own = all_in_force(store, None, SessionMarks::LeftOut).await?.marks;
    assert_eq!(own.iter().map(|mark| (mark.anchor, mark.at.number())).collect::<Vec<_>>(), [(consent(1), 2)]);
    let later = NOW.plus_secs(400 * 86_400);
    while store.sweep(later, 3600, 3600, 100).await?.more {}
    let own = all_in_force(store, None, SessionMarks::Included).await?.marks;
    assert_eq!(own.len(), 1);
    under(4, 1).await?;
    assert_eq!(verdict(store, 4).await?, Some(Verdict::Alive));
    Ok(())
}
