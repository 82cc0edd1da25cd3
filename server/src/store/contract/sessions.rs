//! Issuing, touching and expiring sessions.

use exeunt_core::{Anchor, Fingerprint, SessionId, UserId, Verdict, Why};

use super::fixture::{
    ABSOLUTE_SECS, IDLE_SECS, NOW, fresh, id, issue, issue_child, kind, raise, raise_session,
};
use crate::error::{Kind, Result};
use crate::store::{Found, Seen, SessionBy, Store, touch_lag_secs};

async fn find(store: &dyn Store, number: u64) -> Result<Option<Found>> {
    store.session(SessionBy::Id(SessionId(id(number))), NOW).await
}

/// A record keeps all its fields, and is found by its id and by its token.
pub async fn a_session_is_found_as_it_was_issued(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    let mut new = fresh(store, 2, 1).await?;
    new.record.from = Some("2001:db8::1".parse().map_err(crate::error::Error::internal)?);
    new.record.user_agent = Some("curl/8".to_owned());
    new.record.session.absolute_secs = 0;
    let own = new.record.session.anchors.iter().chain(&parent.anchors);
    new.record.session.anchors = own.copied().collect();
    let issued = store.issue(new.clone()).await?;
    assert!(issued.ended.is_empty());
    for by in [SessionBy::Id(new.record.session.id), new.record.by()] {
        let found = store.session(by, NOW).await?;
        assert_eq!(found.as_ref().map(|found| &found.record), Some(&new.record));
        let rest = found.map(|found| (found.row, found.seen, found.verdict));
        assert_eq!(rest, Some((issued.row, NOW, Verdict::Alive)));
    }
    assert!(store.session(SessionBy::Token(Fingerprint::of(b"no")), NOW).await?.is_none());
    assert!(find(store, 404).await?.is_none());
    Ok(())
}

/// Neither an id nor a token can be used twice.
pub async fn a_session_is_issued_once(store: &dyn Store) -> Result<()> {
    let new = fresh(store, 1, 1).await?;
    store.issue(new.clone()).await?;
    assert_eq!(kind(store.issue(new.clone()).await), Some(Kind::Conflict("session")));
    let mut same_token = fresh(store, 2, 1).await?;
    same_token.record.token = new.record.token;
    assert_eq!(kind(store.issue(same_token).await), Some(Kind::Conflict("session")));
    assert!(find(store, 2).await?.is_none());
    Ok(())
}

/// Beyond the limit the least recently seen session is ended, in the transaction that issues the new one.
pub async fn a_limit_ends_the_longest_unseen(store: &dyn Store) -> Result<()> {
    for number in 1..=3 {
        let row = store.issue(fresh(store, number, 1).await?).await?.row;
        let session = SessionId(id(number));
        // The first was seen most recently.
        store.touch(vec![Seen { session, row, at: NOW.plus_secs(40 - number * 10) }]).await?;
    }
    issue(store, 4, 2).await?;
    let mut new = fresh(store, 5, 1).await?;
    new.sessions_max = 3;
    let ended = store.issue(new).await?.ended;
    let gone: Vec<_> = ended.iter().map(|mark| (mark.anchor, mark.why)).collect();
    assert_eq!(gone, [(Anchor::Session(SessionId(id(3))), Why::Limit)]);
    assert_eq!(store.position().await?.stamp, ended[0].at);

    let mut new = fresh(store, 6, 1).await?;
    new.sessions_max = 1;
    assert_eq!(store.issue(new).await?.ended.len(), 3);
    for (number, alive) in [(1, false), (2, false), (4, true), (5, false), (6, true)] {
        let verdict = find(store, number).await?.map(|found| found.verdict);
        assert_eq!(verdict == Some(Verdict::Alive), alive, "session {number}");
    }
    Ok(())
}

/// Dead sessions take no room, and a session that is dead already ends no other.
pub async fn a_limit_counts_only_the_living(store: &dyn Store) -> Result<()> {
    let mut stale = fresh(store, 9, 1).await?;
    stale.sessions_max = 1;
    raise_session(store, &issue(store, 1, 1).await?).await?;
    issue(store, 2, 1).await?;
    let mut new = fresh(store, 3, 1).await?;
    new.sessions_max = 2;
    assert!(store.issue(new).await?.ended.is_empty());
    store.raise(raise(Anchor::User(UserId(id(1))), Why::Everywhere)).await?;
    let mut new = fresh(store, 4, 1).await?;
    new.sessions_max = 1;
    assert!(store.issue(new).await?.ended.is_empty());
    assert!(store.issue(stale).await?.ended.is_empty());
    assert_eq!(find(store, 4).await?.map(|found| found.verdict), Some(Verdict::Alive));
    Ok(())
}

/// A child at the limit does not end its own parent, whose end would end it too.
pub async fn a_limit_never_ends_what_the_new_session_hangs_from(store: &dyn Store) -> Result<()> {
    let parent = issue(store, 1, 1).await?;
    issue_child(store, 2, 1, &parent).await?;
    let mut new = fresh(store, 3, 1).await?;
    let own = new.record.session.anchors.iter().chain(&parent.anchors);
    new.record.session.anchors = own.copied().collect();
    new.sessions_max = 2;
    let ended = store.issue(new).await?.ended;
    let gone: Vec<_> = ended.iter().map(|mark| mark.anchor).collect();
    assert_eq!(gone, [Anchor::Session(SessionId(id(2)))]);
    assert_eq!(find(store, 3).await?.map(|found| found.verdict), Some(Verdict::Alive));
    Ok(())
}

/// Touches may come in any order and for any session: the latest one of a live, known session counts.
pub async fn a_later_touch_wins(store: &dyn Store) -> Result<()> {
    let new = fresh(store, 1, 1).await?;
    let row = store.issue(new.clone()).await?.row;
    let session = new.record.session.id;
    let touch = |secs| Seen { session, row, at: NOW.plus_secs(secs) };
    let stranger = Seen { session: SessionId(id(404)), row: 404, at: NOW };
    let mistaken = Seen { session: SessionId(id(404)), ..touch(300) };
    store.touch(vec![touch(60), stranger, mistaken, touch(20)]).await?;
    let seen = async || find(store, 1).await.map(|found| found.map(|found| found.seen));
    assert_eq!(seen().await?, Some(NOW.plus_secs(60)));
    store.touch(vec![touch(40)]).await?;
    assert_eq!(seen().await?, Some(NOW.plus_secs(60)));
    store.sweep(NOW, 1000, 1000, 100).await?;
    assert_eq!(seen().await?, Some(NOW.plus_secs(60)));
    store.touch(vec![touch(90)]).await?;
    assert_eq!(seen().await?, Some(NOW.plus_secs(90)));
    Ok(())
}

/// A touch after the end, for whatever reason it ended, changes nothing.
pub async fn a_touch_never_revives(store: &dyn Store) -> Result<()> {
    let new = fresh(store, 1, 1).await?;
    let row = store.issue(new.clone()).await?.row;
    let session = &new.record.session;
    let over = NOW.plus_secs(u64::from(IDLE_SECS) + touch_lag_secs(session));
    store.touch(vec![Seen { session: session.id, row, at: over }]).await?;
    let found = store.session(SessionBy::Id(session.id), over).await?;
    assert_eq!(found.map(|found| (found.seen, found.verdict)), Some((NOW, Verdict::Expired)));

    let other = fresh(store, 2, 1).await?;
    let row = store.issue(other.clone()).await?.row;
    let mark = raise_session(store, &other.record.session).await?.mark;
    store.touch(vec![Seen { session: other.record.session.id, row, at: NOW.plus_secs(1) }]).await?;
    let found = find(store, 2).await?;
    assert_eq!(found.map(|found| (found.seen, found.verdict)), Some((NOW, Verdict::Ended(mark.anchor))));
    Ok(())
}

/// Expiring a batch ends those that have certainly expired, once, and none that was touched meanwhile.
pub async fn expiring_spares_the_touched(store: &dyn Store) -> Result<()> {
    let mut rows = Vec::new();
    for number in 1..=3 {
        rows.push(store.issue(fresh(store, number, 1).await?).await?.row);
    }
    let all: Vec<_> = (1..=3).map(|number| SessionId(id(number))).chain([SessionId(id(404))]).collect();
    let idle = NOW.plus_secs(IDLE_SECS.into());
    // An unwritten touch may still be on its way.
    assert!(store.expire(all.clone(), idle).await?.is_empty());
    store.touch(vec![Seen { session: all[1], row: rows[1], at: NOW.plus_secs(500) }]).await?;
    let sure = idle.plus_secs(11);
    let marks = store.expire(all.clone(), sure).await?;
    let ended: Vec<_> = marks.iter().map(|mark| (mark.anchor, mark.why, mark.when)).collect();
    let wanted = [0, 2].map(|at| (Anchor::Session(all[at]), Why::Expired, sure));
    assert_eq!(ended, wanted);
    assert!(store.expire(all.clone(), sure).await?.is_empty());
    let later = NOW.plus_secs(ABSOLUTE_SECS.into());
    assert_eq!(store.expire(all, later).await?.len(), 1);
    Ok(())
}
