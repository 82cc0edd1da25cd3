//! The order of commits, and what commits together.

use std::collections::HashSet;

use exeunt_core::{Anchor, Stamp, UserId, Verdict, Why};

use super::fixture::{Call, NOW, at_once, audit_entry, client, fresh, id, issue, kind, raise, user};
use crate::error::{Kind, Result};
use crate::store::{AuditPlace, Identifier, NewSession, SessionBy, Store};

/// Marks get the stamps 1, 2, 3, … also when many are raised concurrently.
pub async fn stamps_are_contiguous(store: &dyn Store) -> Result<()> {
    let start = store.position().await?.stamp.number();
    for round in 0..4 {
        let calls = (0..50).map(|n| -> Call<'_, _> {
            store.raise(raise(Anchor::User(UserId(id(n + round))), Why::Everywhere))
        });
        let outcomes: Result<Vec<_>> = at_once(calls).await.into_iter().collect();
        let mut places: Vec<_> = outcomes?.iter().map(|outcome| outcome.mark.at.number()).collect();
        places.sort_unstable();
        let from = start + round * 50;
        assert_eq!(places, (from + 1..=from + 50).collect::<Vec<_>>());
    }
    let page = store.marks(None, Stamp::from_number(start), 1000).await?;
    let places: Vec<_> = page.marks.iter().map(|mark| mark.at.number()).collect();
    assert_eq!(places, (start + 1..=start + 200).collect::<Vec<_>>());
    Ok(())
}

/// A session whose stamp was read after a logout was acknowledged survives that logout; one whose stamp was read before
/// does not.
pub async fn a_position_covers_what_was_acknowledged(store: &dyn Store) -> Result<()> {
    let early = super::fresh(store, 1, 1).await?;
    let mark = store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?.mark;
    assert!(store.position().await?.stamp >= mark.at);
    let late = issue(store, 2, 1).await?;
    store.issue(early.clone()).await?;
    let verdict = async |id| store.session(SessionBy::Id(id), NOW).await.map(|f| f.map(|f| f.verdict));
    assert_eq!(verdict(early.record.session.id).await?, Some(Verdict::Ended(mark.anchor)));
    assert_eq!(verdict(late.id).await?, Some(Verdict::Alive));
    Ok(())
}

/// A change of user, its mark and its line in the trail are one transaction.
pub async fn a_change_of_user_commits_with_its_mark_or_not_at_all(store: &dyn Store) -> Result<()> {
    let saved = store.save_user(user(1), None, Some(audit_entry("user.create"))).await?;
    assert!(saved.mark.is_none());
    let end = raise(Anchor::User(saved.record.id), Why::Disabled);
    let mut disabled = saved.record.clone();
    disabled.disabled = true;
    let again =
        store.save_user(disabled.clone(), Some(end.clone()), Some(audit_entry("user.change"))).await?;
    let mark = again.mark.clone().ok_or_else(|| crate::error::Error::internal("no mark"))?;
    assert_eq!((mark.anchor, mark.why), (end.anchor, Why::Disabled));
    assert_eq!(store.position().await?.stamp, mark.at);

    // The same version again: nothing is changed.
    let refused = store.save_user(disabled, Some(end), Some(audit_entry("user.change"))).await;
    assert_eq!(kind(refused), Some(Kind::Conflict("version")));
    assert_eq!(store.position().await?.stamp, mark.at);
    let found = store.user(super::REALM, Identifier::Id(again.record.id)).await?;
    assert_eq!(found.map(|user| (user.disabled, user.version)), Some((true, 2)));
    let trail = store.audit(None, AuditPlace::NEWEST, 10).await?;
    assert_eq!((trail.entries.len(), trail.marks.len()), (2, 1));
    Ok(())
}

/// A session and its line in the trail are one transaction: a refused session leaves no line.
pub async fn a_session_commits_with_its_line_or_not_at_all(store: &dyn Store) -> Result<()> {
    let new = NewSession { audit: Some(audit_entry("session.issue")), ..fresh(store, 1, 1).await? };
    store.issue(new.clone()).await?;
    assert_eq!(kind(store.issue(new).await), Some(Kind::Conflict("session")));
    let trail = store.audit(None, AuditPlace::NEWEST, 10).await?;
    assert_eq!(trail.entries.iter().map(|entry| &*entry.what).collect::<Vec<_>>(), ["session.issue"]);
    Ok(())
}

/// A change of client and its mark are one transaction.
pub async fn a_change_of_client_commits_with_its_mark(store: &dyn Store) -> Result<()> {
    let mut saved = store.save_client(client(1), None, None).await?.record;
    saved.removed = true;
    let end = raise(Anchor::Client(saved.id), Why::ClientRemoved);
    let mark = store.save_client(saved.clone(), Some(end.clone()), None).await?.mark;
    assert_eq!(mark.map(|mark| mark.at), Some(store.position().await?.stamp));
    let before = store.position().await?;
    let stale = store.save_client(saved, Some(end), None).await;
    assert_eq!(kind(stale), Some(Kind::Conflict("version")));
    assert_eq!(store.position().await?, before);
    Ok(())
}

/// Every reserved number is given once.
pub async fn reserved_numbers_never_repeat(store: &dyn Store) -> Result<()> {
    let calls = (0..20).map(|_| -> Call<'_, _> { store.reserve(3) });
    let firsts: Result<Vec<u64>> = at_once(calls).await.into_iter().collect();
    let all: HashSet<u64> = firsts?.into_iter().flat_map(|first| first..first + 3).collect();
    assert_eq!(all.len(), 60);
    assert!(!all.contains(&store.reserve(1).await?));
    Ok(())
}

/// The first secret stays, whatever is offered later.
pub async fn a_secret_is_kept_for_good(store: &dyn Store) -> Result<()> {
    let first = store.secret([1; 32]).await?;
    assert_eq!([store.secret([2; 32]).await?, store.secret([3; 32]).await?], [first; 2]);
    Ok(())
}
