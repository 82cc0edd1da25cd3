//! Records written while the wall clock was ahead.

use exeunt_core::{Anchor, Stamp, Verdict, Why};

use super::fixture::{
    ABSOLUTE_SECS, IDLE_SECS, NOW, audit_entry, fresh, issue, oldest, raise, raise_session, user,
};
use crate::error::Result;
use crate::store::{AuditPlace, Raise, Seen, SessionBy, Store, touch_lag_secs};

const DAY_SECS: u64 = 86_400;
/// How far the clock was ahead.
const AHEAD_SECS: u64 = 365 * DAY_SECS;

/// A session issued or seen in the future counts as issued and seen now; other sessions are not changed.
pub async fn times_ahead_are_set_back(store: &dyn Store) -> Result<()> {
    let then = NOW.plus_secs(AHEAD_SECS);
    let mut ahead = fresh(store, 1, 1).await?;
    ahead.record.session.issued_at = then;
    let first = store.issue(ahead.clone()).await?.row;
    let seen = fresh(store, 2, 2).await?;
    let second = store.issue(seen.clone()).await?.row;
    let other = fresh(store, 3, 3).await?;
    store.issue(other.clone()).await?;
    // One touch is folded, one is not.
    store.touch(vec![Seen { session: ahead.record.session.id, row: first, at: then.plus_secs(60) }]).await?;
    store.sweep(NOW, 10 * AHEAD_SECS, 10 * AHEAD_SECS, 100).await?;
    store.touch(vec![Seen { session: seen.record.session.id, row: second, at: NOW.plus_secs(500) }]).await?;
    let now = NOW.plus_secs(20);
    store.set_back(vec![first, second, 404], now).await?;
    store.written_by(now).await?;
    for (new, issued_at, seen) in [(&ahead, now, now), (&seen, NOW, now), (&other, NOW, NOW)] {
        let session = &new.record.session;
        let found = store.session(SessionBy::Id(session.id), now).await?;
        let times = found.map(|found| (found.record.session.issued_at, found.seen));
        assert_eq!(times, Some((issued_at, seen)), "{}", session.id);
        let over = seen.plus_secs(u64::from(IDLE_SECS) + touch_lag_secs(session));
        let found = store.session(SessionBy::Id(session.id), over).await?;
        assert_eq!(found.map(|found| found.verdict), Some(Verdict::Expired), "{}", session.id);
    }
    // It can still be touched.
    store.touch(vec![Seen { session: ahead.record.session.id, row: first, at: now.plus_secs(60) }]).await?;
    let found = store.session(SessionBy::Id(ahead.record.session.id), now).await?;
    assert_eq!(found.map(|found| found.seen), Some(now.plus_secs(60)));
    Ok(())
}

/// The log and the trail are forgotten in time, although their lines have later times; the lines are not changed.
pub async fn what_was_written_ahead_is_forgotten_in_time(store: &dyn Store) -> Result<()> {
    let then = NOW.plus_secs(AHEAD_SECS);
    let session = issue(store, 1, 1).await?;
    let late = |anchor, why| Raise { when: then, ..raise(anchor, why) };
    store.raise(late(Anchor::Session(session.id), Why::LoggedOut)).await?;
    store.raise(late(Anchor::User(exeunt_core::UserId([1; 16])), Why::Everywhere)).await?;
    let mut entry = audit_entry("user.create");
    entry.when = then;
    store.save_user(user(1), None, Some(entry)).await?;
    store.written_by(NOW).await?;
    let after = issue(store, 2, 2).await?;
    raise_session(store, &after).await?;
    assert_eq!(store.marks(None, Stamp::ZERO, 10).await?.marks[0].when, then);
    let (keep, log) = (DAY_SECS, 2 * DAY_SECS);
    let known = async |session: &exeunt_core::Session| {
        store.session(SessionBy::Id(session.id), NOW).await.map(|found| found.is_some())
    };
    let sweep = async |now| {
        while store.sweep(now, keep, log, 2).await?.more {}
        Ok::<_, crate::error::Error>(())
    };
    sweep(NOW.plus_secs(keep)).await?;
    assert!(known(&session).await?);
    sweep(NOW.plus_secs(keep).plus_millis(1)).await?;
    assert!(!known(&session).await? && !known(&after).await?);
    assert_eq!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.len(), 1);
    sweep(NOW.plus_secs(log + u64::from(ABSOLUTE_SECS))).await?;
    assert_eq!(oldest(store).await?, Stamp::from_number(3));
    assert!(store.audit(None, AuditPlace::NEWEST, 10).await?.entries.is_empty());
    Ok(())
}
