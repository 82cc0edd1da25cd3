//! Sweeping: what a store may forget.

use exeunt_core::{Anchor, Moment, Session, SessionId, Stamp, UserId, Verdict, Why};

use super::fixture::{
    ABSOLUTE_SECS, IDLE_SECS, NOW, all_in_force, fresh, id, issue, issue_child, kind, oldest, raise,
    raise_session,
};
use crate::error::{Kind, Result};
use crate::store::{Raise, SessionBy, SessionMarks, Store, Swept};

const KEEP_SECS: u64 = 86_400;
const LOG_SECS: u64 = 90 * 86_400;

/// Sweeps in steps of `budget` until a round is done, and adds up what it did.
async fn sweep(store: &dyn Store, now: Moment, budget: u32) -> Result<Swept> {
    let mut sum = Swept::default();
    loop {
        let step = store.sweep(now, KEEP_SECS, LOG_SECS, budget).await?;
        assert!(step.sessions + step.marks <= budget);
        sum.sessions += step.sessions;
        sum.marks += step.marks;
        if !step.more {
            return Ok(sum);
        }
    }
}

/// The stamps of the marks in force.
async fn in_force(store: &dyn Store) -> Result<Vec<u64>> {
    let snapshot = all_in_force(store, None, SessionMarks::Included).await?;
    Ok(snapshot.marks.iter().map(|mark| mark.at.number()).collect())
}

/// A session and its token are forgotten once it has been dead for long enough, not earlier.
pub async fn sweeping_forgets_only_the_long_dead(store: &dyn Store) -> Result<()> {
    let ended = issue(store, 1, 1).await?;
    raise_session(store, &ended).await?;
    let expired = issue(store, 2, 1).await?;
    let mut forever = fresh(store, 3, 1).await?;
    (forever.record.session.idle_secs, forever.record.session.absolute_secs) = (0, 0);
    store.issue(forever.clone()).await?;
    let known = async |session: &Session| {
        store.session(SessionBy::Id(session.id), NOW).await.map(|found| found.is_some())
    };
    let day_later = NOW.plus_secs(KEEP_SECS);
    assert_eq!(sweep(store, day_later, 100).await?, Swept::default());
    assert_eq!(sweep(store, day_later.plus_millis(1), 1).await?.sessions, 1);
    assert!(!known(&ended).await? && known(&expired).await?);
    assert!(store.session(forever.record.by(), NOW).await?.is_some());
    // The idle timeout runs from the latest time it can have been seen.
    let idle = day_later.plus_secs(u64::from(IDLE_SECS) + 11);
    assert_eq!(sweep(store, idle, 2).await?.sessions, 0);
    assert_eq!(sweep(store, idle.plus_millis(1), 2).await?.sessions, 1);
    assert_eq!(sweep(store, NOW.plus_secs(10 * LOG_SECS), 100).await?.sessions, 0);
    assert!(!known(&expired).await? && known(&forever.record.session).await?);
    assert_eq!(store.unended(0, 10, NOW).await?.len(), 1);
    Ok(())
}

/// No dead session becomes alive during a round: a parent's mark stays until its last child is forgotten.
pub async fn sweeping_never_wakes_the_dead(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let mut child = parent.clone();
    for number in 2..=4 {
        child = issue_child(store, number, number, &child).await?;
    }
    let late = issue(store, 5, 9).await?;
    raise_session(store, &parent).await?;
    let end_late = raise(Anchor::Session(late.id), Why::LoggedOut);
    store.raise(Raise { when: NOW.plus_secs(60), ..end_late }).await?;
    let now = NOW.plus_secs(KEEP_SECS + 30);
    let mut sessions = 0;
    loop {
        let step = store.sweep(now, KEEP_SECS, LOG_SECS, 1).await?;
        sessions += step.sessions;
        for number in 1..=5 {
            let found = store.session(SessionBy::Id(SessionId(id(number))), NOW).await?;
            assert!(found.is_none_or(|found| matches!(found.verdict, Verdict::Ended(_))));
        }
        assert!(store.unended(0, 10, NOW).await?.iter().all(|found| found.verdict != Verdict::Alive));
        if !step.more {
            break;
        }
    }
    assert_eq!(sessions, 4);
    assert_eq!(in_force(store).await?, [2]);
    assert!(store.why(&late).await?.is_some());
    Ok(())
}

/// A slow logout, dated before the round, stays in force as long as a session that it ended is recorded: one examined
/// while it was alive, or a child of a session forgotten before.
pub async fn sweeping_keeps_slow_marks(store: &dyn Store) -> Result<()> {
    let forever = async |number, parent: Option<&Session>| {
        let mut new = fresh(store, number, number).await?;
        (new.record.session.idle_secs, new.record.session.absolute_secs) = (0, 0);
        let own = new.record.session.anchors.iter();
        let all = own.chain(parent.into_iter().flat_map(|parent| &parent.anchors)).copied();
        new.record.session.anchors = all.collect();
        store.issue(new.clone()).await?;
        Ok::<_, crate::error::Error>(new.record.session)
    };
    let parent = issue(store, 1, 1).await?;
    let child = forever(2, Some(&parent)).await?;
    let slow = forever(3, None).await?;
    let last = forever(4, None).await?;
    let now = NOW.plus_secs(2 * KEEP_SECS);
    assert_eq!(sweep(store, now, 100).await?.sessions, 1);
    // This step examines the child and the slow one.
    assert!(store.sweep(now, KEEP_SECS, LOG_SECS, 2).await?.more);
    let known = Some((parent.clone(), NOW));
    store.raise(Raise { known, ..raise(Anchor::Session(parent.id), Why::LoggedOut) }).await?;
    raise_session(store, &slow).await?;
    sweep(store, now, 1).await?;
    for (ended, by) in [(&child, &parent), (&slow, &slow)] {
        let found = store.session(SessionBy::Id(ended.id), now).await?;
        let by = Anchor::Session(by.id);
        assert_eq!(found.map(|found| found.verdict), Some(Verdict::Ended(by)));
    }
    // The next round examines both again.
    assert_eq!(sweep(store, now, 1).await?.sessions, 2);
    assert!(store.session(SessionBy::Id(last.id), now).await?.is_some());
    assert!(in_force(store).await?.is_empty());
    Ok(())
}

/// The mark in force on a user outlives the log: an old session stays dead.
pub async fn sweeping_keeps_marks_in_force(store: &dyn Store) -> Result<()> {
    let user = Anchor::User(UserId(id(1)));
    for _ in 0..3 {
        store.raise(raise(user, Why::Everywhere)).await?;
    }
    let mut stale = fresh(store, 1, 1).await?;
    stale.record.session.stamp = Stamp::from_number(1);
    let now = NOW.plus_secs(LOG_SECS).plus_millis(1);
    assert_eq!(sweep(store, now, 2).await?.marks, 3);
    assert_eq!(in_force(store).await?, [3]);
    stale.record.session.issued_at = now;
    store.issue(stale.clone()).await?;
    let found = store.session(SessionBy::Id(stale.record.session.id), now).await?;
    assert_eq!(found.map(|found| found.verdict), Some(Verdict::Ended(user)));
    // A later mark that is dropped too takes the earlier one with it.
    store.raise(raise(user, Why::Everywhere)).await?;
    let later = now.plus_secs(LOG_SECS + u64::from(ABSOLUTE_SECS));
    sweep(store, later, 100).await?;
    assert_eq!(in_force(store).await?, [4]);
    Ok(())
}

/// Reading from before the log's beginning is an error, and stamps continue where they were.
pub async fn the_log_begins_where_it_was_dropped(store: &dyn Store) -> Result<()> {
    for number in 1..=3 {
        raise_session(store, &issue(store, number, number).await?).await?;
    }
    assert_eq!(oldest(store).await?, Stamp::ZERO);
    let late = raise(Anchor::User(UserId(id(1))), Why::Everywhere);
    let when = NOW.plus_secs(LOG_SECS);
    store.raise(Raise { when, ..late.clone() }).await?;
    let swept = sweep(store, when.plus_millis(1), 2).await?;
    assert_eq!((swept.sessions, swept.marks), (3, 3));
    for after in 0..3 {
        let page = store.marks(None, Stamp::from_number(after), 10).await;
        assert_eq!(kind(page), Some(Kind::NotFound), "after {after}");
    }
    assert_eq!(oldest(store).await?, Stamp::from_number(3));
    let page = store.marks(None, Stamp::from_number(3), 10).await?;
    assert_eq!((page.marks.len(), page.position.stamp.number()), (1, 4));
    sweep(store, when.plus_secs(LOG_SECS + 1), 2).await?;
    assert_eq!(kind(store.marks(None, Stamp::from_number(3), 10).await), Some(Kind::NotFound));
    assert_eq!(store.position().await?.stamp.number(), 4);
    assert_eq!(store.raise(late).await?.mark.at.number(), 5);
    Ok(())
}
